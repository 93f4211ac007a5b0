"""The shape of ASGI 3: what an application is, what it is told, and reading what it says."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping

__all__ = [
    "AsgiApplication",
    "Message",
    "Receive",
    "Scope",
    "Send",
    "bytes_in",
    "fields_in",
    "number_in",
    "text_in",
]

Scope = MutableMapping[str, object]
Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]


def text_in(message: Message, key: str) -> str:
    """Return the text under `key`, "" without one."""
    value: object = message.get(key)
    return value if isinstance(value, str) else ""


def bytes_in(message: Message, key: str) -> bytes:
    """Return the bytes under `key`, b"" without them.

    Raises:
        TypeError: Something else stands there.
    """
    value: object = message.get(key)
    if value is None:
        return b""
    if not isinstance(value, bytes | bytearray | memoryview):
        msg = f"{key!r} of {message.get('type')} is bytes, not {type(value).__name__}"
        raise TypeError(msg)
    return bytes(value)


def number_in(message: Message, key: str, default: int | None = None) -> int:
    """Return the number under `key`.

    Raises:
        TypeError: None stands there, and there is no default.
    """
    value = message.get(key, default)
    if not isinstance(value, int):
        msg = f"{key!r} of {message.get('type')} is a number, not {type(value).__name__}"
        raise TypeError(msg)
    return int(value)


def fields_in(message: Message) -> list[tuple[bytes, bytes]]:
    """Return the header fields of a message.

    Raises:
        TypeError: They are not pairs of bytes.
    """
    given: object = message.get("headers") or ()
    if not isinstance(given, Iterable):
        msg = f"'headers' of {message.get('type')} are pairs of bytes, not {type(given).__name__}"
        raise TypeError(msg)
    return [(bytes(name), bytes(value)) for name, value in given]
