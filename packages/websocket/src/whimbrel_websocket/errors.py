"""What can go wrong, as one family of exceptions.

`WebSocketFault` is the root. Below it a `LocalFault` says that this side asked for something that
the rules or the state of the connection forbid, a `RemoteFault` that the peer broke a rule or fell
silent. Every exception carries its facts as attributes and can be pickled.
"""

import asyncio
from collections.abc import Sequence

__all__ = [
    "ConnectionClosed",
    "HandshakeError",
    "HandshakeTimeout",
    "HeartbeatTimeout",
    "LocalFault",
    "MessageTypeError",
    "NotAllowed",
    "RemoteFault",
    "WebSocketError",
    "WebSocketFault",
    "excerpt",
]

_EXCERPT_BYTES = 100


class WebSocketFault(Exception):
    """The root of every exception that this package defines.

    Attributes:
        what: The fault in words.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return self.what


class LocalFault(WebSocketFault):
    """This side asked for what the rules or the state forbid; nothing was sent."""


class RemoteFault(WebSocketFault):
    """The peer broke a rule, refused, or fell silent."""


class NotAllowed(LocalFault, ValueError):
    """An argument that may not be sent.

    Attributes:
        what: The fault in words.
        rule: The clause it would break, such as "RFC 6455 5.5".
    """

    def __init__(self, what: str, *, rule: str = "") -> None:
        super().__init__(what)
        self.rule = rule

    def __str__(self) -> str:
        return f"{self.what} ({self.rule})" if self.rule else self.what


class ConnectionClosed(LocalFault, ConnectionResetError):
    """Something was to be sent after the WebSocket had begun to close.

    It is a `ConnectionResetError`, so that code which guards its sends with `OSError` keeps working.
    """


class MessageTypeError(LocalFault, TypeError):
    """`receive_str`, `receive_bytes` or `receive_json` met a message of another type."""


class WebSocketError(RemoteFault):
    """The peer broke RFC 6455 or RFC 7692, or a limit of this side.

    Attributes:
        code: The close code that this side answers with: 1002, 1007 or 1009.
        what: The fault in words.
        rule: The clause that was broken, such as "RFC 6455 5.1"; empty for a limit.
        limit: The limit that was passed, or None.
    """

    def __init__(self, code: int, message: str, *, rule: str = "", limit: int | None = None) -> None:
        super().__init__(message)
        self.args = (code, message)
        self.code = code
        self.rule = rule
        self.limit = limit

    def __str__(self) -> str:
        return f"{self.what} ({self.rule})" if self.rule else self.what


class HandshakeError(RemoteFault):
    """The server did not agree to the WebSocket that was asked for (RFC 6455 section 4.1).

    Attributes:
        what: The fault in words.
        status: The status code of the response, or None when no response could be read.
        header: The name of the offending field, or None.
        expected: What that field had to say.
        got: What it said, at most 100 bytes, escaped; None when it was missing.
        headers: All fields of the response as received, in order.
    """

    def __init__(
        self,
        what: str,
        *,
        status: int | None = None,
        header: str | None = None,
        expected: str | None = None,
        got: str | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(what)
        self.status = status
        self.header = header
        self.expected = expected
        self.got = got
        self.headers = tuple(headers)

    def __str__(self) -> str:
        facts = [
            f"{name} {value}"
            for name, value in (
                ("status", self.status),
                ("field", self.header),
                ("expected", self.expected),
                ("got", self.got),
            )
            if value is not None
        ]
        return f"{self.what} ({', '.join(facts)})" if facts else self.what


class HandshakeTimeout(HandshakeError, asyncio.TimeoutError):
    """The connection was not open within the time allowed.

    Attributes:
        seconds: The time allowed.
    """

    def __init__(self, what: str, *, seconds: float = 0.0) -> None:
        super().__init__(what)
        self.seconds = seconds


class HeartbeatTimeout(RemoteFault, asyncio.TimeoutError):
    """The peer answered neither with a pong nor with anything else.

    Attributes:
        seconds: How long the peer was waited for after the ping.
    """

    def __init__(self, what: str, *, seconds: float = 0.0) -> None:
        super().__init__(what)
        self.seconds = seconds


def excerpt(data: bytes) -> str:
    """Return the first 100 bytes of what a peer sent, escaped for a log line."""
    shown = ascii(bytes(data[:_EXCERPT_BYTES]))[1:]
    return shown if len(data) <= _EXCERPT_BYTES else f"{shown} and {len(data) - _EXCERPT_BYTES} bytes more"
