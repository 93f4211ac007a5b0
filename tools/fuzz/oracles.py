"""Other people's readers, asked what they understand: llhttp through httptools, and h11."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from whimbrel_http1 import RawHeaders

__all__ = ["ORACLES", "Message", "Understanding"]


_FRAMING: Final = frozenset((b"content-length", b"transfer-encoding"))


@dataclass
class Message:
    """One complete message.

    Attributes:
        first: The method, or the status code.
        second: The target, empty for a response.
        fields: Names in lower case; without those that frame the body, as some readers rewrite them.
        body: All of it.
    """

    first: bytes
    second: bytes
    fields: RawHeaders
    body: bytes = b""

    def __post_init__(self) -> None:
        lowered = ((name.lower(), value) for name, value in self.fields)
        self.fields = tuple(field for field in lowered if field[0] not in _FRAMING)


@dataclass
class Understanding:
    """What one reader made of a connection.

    Attributes:
        messages: Those that were complete, interim responses left out.
        refusal: Why it stopped, empty if it did not.
        upgraded: Whether the last message asks for, or makes, a change of protocol; known of ours only.
    """

    messages: list[Message] = field(default_factory=list)
    refusal: str = ""
    upgraded: bool = field(default=False, compare=False)
    _open: Message | None = field(default=None, repr=False, compare=False)

    def begin(self, message: Message, *, interim: bool = False) -> None:
        """Take a head."""
        self._open = None if interim else message

    def add(self, data: bytes) -> None:
        """Take a piece of body."""
        if self._open is not None:
            self._open.body += data

    def end(self) -> None:
        """Take the end of a message."""
        if self._open is not None:
            self.messages.append(self._open)
            self._open = None


class _Callbacks:
    """What httptools calls."""

    def __init__(self, side: str) -> None:
        self._side = side
        self.parser: Any = None
        self.understanding = Understanding()
        self._target = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._headed = False

    def on_message_begin(self) -> None:
        self._target, self._fields, self._headed = b"", [], False

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._headed:
            self._fields.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self._headed = True
        if self._side == "request":
            first, interim = self.parser.get_method(), False
        else:
            status = self.parser.get_status_code()
            first, interim = str(status).encode(), status < 200 and status != 101
        self.understanding.begin(Message(first, self._target, tuple(self._fields)), interim=interim)

    def on_body(self, body: bytes) -> None:
        self.understanding.add(body)

    def on_message_complete(self) -> None:
        self.understanding.end()


def _ask_httptools(httptools: Any, side: str, wire: bytes) -> Understanding:
    callbacks = _Callbacks(side)
    make = httptools.HttpRequestParser if side == "request" else httptools.HttpResponseParser
    callbacks.parser = make(callbacks)
    try:
        callbacks.parser.feed_data(wire)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError as error:
        callbacks.understanding.refusal = f"{type(error).__name__}: {error}"
    # httptools has no end of connection: a body that runs until then is complete here.
    callbacks.understanding.end()
    return callbacks.understanding


def _ask_h11(h11: Any, side: str, wire: bytes) -> Understanding:
    understanding = Understanding()
    connection = h11.Connection(
        h11.SERVER if side == "request" else h11.CLIENT, max_incomplete_event_size=1 << 20
    )
    try:
        if side == "response":
            _send_request(h11, connection)
        connection.receive_data(wire)
        connection.receive_data(b"")
        while _take_h11_event(h11, connection, side, understanding):
            pass
    except h11.RemoteProtocolError as error:
        understanding.refusal = f"RemoteProtocolError: {error}"
    return understanding


def _send_request(h11: Any, connection: Any) -> None:
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())


def _take_h11_event(h11: Any, connection: Any, side: str, understanding: Understanding) -> bool:
    """Take one event; return False when there are no more."""
    event = connection.next_event()
    if event is h11.PAUSED:
        return _begin_cycle(h11, connection, side)
    if isinstance(event, h11.Request):
        understanding.begin(Message(event.method, event.target, tuple(event.headers)))
    elif isinstance(event, h11.Response | h11.InformationalResponse):
        first = str(event.status_code).encode()
        interim = isinstance(event, h11.InformationalResponse) and event.status_code != 101
        understanding.begin(Message(first, b"", tuple(event.headers)), interim=interim)
    elif isinstance(event, h11.Data):
        understanding.add(bytes(event.data))
    elif isinstance(event, h11.EndOfMessage):
        understanding.end()
    elif event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
        return False
    return True


def _begin_cycle(h11: Any, connection: Any, side: str) -> bool:
    if connection.our_state is h11.SEND_RESPONSE:
        # Not 2xx: no tunnel and no other protocol begins, whatever was asked for.
        connection.send(h11.Response(status_code=400, headers=[("Content-Length", "0")]))
        connection.send(h11.EndOfMessage())
    if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
        return False
    connection.start_next_cycle()
    if side == "response":
        _send_request(h11, connection)
    return True


def _oracles(side: str) -> dict[str, Callable[[bytes], Understanding]]:
    found: dict[str, Callable[[bytes], Understanding]] = {}
    for name, ask in (("httptools", _ask_httptools), ("h11", _ask_h11)):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        found[name] = lambda wire, ask=ask, module=module: ask(module, side, wire)  # type: ignore[misc]
    return found


ORACLES: Final = {side: _oracles(side) for side in ("response", "request")}
