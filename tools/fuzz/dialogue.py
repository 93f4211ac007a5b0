"""Read a whole connection with a parser, and hold what came out against what parsers promise."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from tools.fuzz.finding import require
from whimbrel_http1 import (
    Awaiting,
    EndOfMessage,
    Event,
    FeedAfterEnd,
    ParseError,
    RawHeaders,
    RequestHead,
    RequestParser,
    ResponseHead,
    ResponseParser,
    Upgraded,
)

__all__ = ["Parser", "Reading", "read", "require_same", "require_sound"]

Parser: TypeAlias = RequestParser | ResponseParser
Head: TypeAlias = RequestHead | ResponseHead

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TEXT = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_TARGET = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Reading:
    """What came of one connection.

    Attributes:
        events: In wire order, neighbouring pieces of body joined.
        fault: What the parser raised at last, None if nothing.
    """

    events: tuple[Event, ...]
    fault: ParseError | None


class _Log:
    """Events as they come; body pieces and surplus are joined once, at the end."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._pieces: list[bytes] = []
        self._surplus: list[bytes] | None = None

    @property
    def upgraded(self) -> bool:
        return self._surplus is not None

    def take(self, events: Iterable[Event]) -> None:
        for event in events:
            require(not self.upgraded, "an event follows a change of protocol", event)
            if isinstance(event, bytes):
                require(event, "a piece of body is empty")
                self._pieces.append(event)
                continue
            self._close_body()
            if isinstance(event, Upgraded):
                self._surplus = [event.surplus]
            else:
                self._events.append(event)

    def add_surplus(self, piece: bytes) -> None:
        if self._surplus is None:
            self._close_body()
            self._surplus = []
        self._surplus.append(piece)

    def events(self) -> tuple[Event, ...]:
        self._close_body()
        surplus = () if self._surplus is None else (Upgraded(b"".join(self._surplus)),)
        return (*self._events, *surplus)

    def _close_body(self) -> None:
        if self._pieces:
            self._events.append(b"".join(self._pieces))
            self._pieces.clear()


def read(
    parser: Parser,
    pieces: Iterable[bytes],
    *,
    eof: bool = True,
    accept: bool = False,
    wrap: Callable[[bytes], bytes | bytearray | memoryview] = bytes,
) -> Reading:
    """Feed `pieces` to a new parser and check what must hold at every moment.

    Args:
        parser: A new one.
        pieces: What arrives.
        eof: Whether the connection ends then.
        accept: Whether upgrades that requests ask for are accepted.
        wrap: Makes of each piece what is fed.
    """
    log = _Log()
    try:
        for piece in pieces:
            if log.upgraded:
                log.add_surplus(piece)
                continue
            log.take(parser.feed(wrap(piece)))
            _decide(parser, log, accept=accept)
            require(not parser.reusable or parser.state is Awaiting.START_LINE, "reusable within a message")
        if eof:
            log.take(parser.feed_eof())
            _require_ended(parser)
    except ParseError as fault:
        _require_final(parser, fault)
        return Reading(log.events(), fault)
    return Reading(log.events(), None)


def _decide(parser: Parser, log: _Log, *, accept: bool) -> None:
    while isinstance(parser, RequestParser) and parser.state is Awaiting.DECISION:
        if accept:
            log.add_surplus(parser.accept_upgrade())
        else:
            log.take(parser.refuse_upgrade())


def _require_ended(parser: Parser) -> None:
    require(parser.state is Awaiting.NOTHING and not parser.reusable, "something is awaited after the end")
    try:
        parser.feed(b"H")
    except FeedAfterEnd:
        return
    require(holds=False, what="a parser was fed after the end of its connection")


def _require_final(parser: Parser, fault: ParseError) -> None:
    """Check that a fault stays the same, shows little of the peer's bytes, and pickles."""
    require(parser.state is Awaiting.NOTHING and not parser.reusable, "something is awaited after a fault")
    for more in (b"H", b"", None):
        repeated = _fault_of(parser, more)
        require(_facts(repeated) == _facts(fault), "a fault changed or was forgotten", fault, repeated)
    text = str(fault)
    require(text.isascii() and text.isprintable(), "a fault shows raw bytes", text)
    require(len(text) < 800, "a fault shows too much", text)
    loaded = pickle.loads(pickle.dumps(fault))
    require(_facts(loaded) == _facts(fault) and str(loaded) == text, "a fault does not pickle", fault)


def _fault_of(parser: Parser, more: bytes | None) -> ParseError | None:
    try:
        list(parser.feed_eof() if more is None else parser.feed(more))
    except ParseError as fault:
        return fault
    return None


def _facts(fault: ParseError | None) -> tuple[object, ...]:
    return (type(fault), fault.args if fault is not None else ())


def require_same(one: Reading, other: Reading, what: str) -> None:
    """Check that two readings of the same bytes are the same."""
    require(one.events == other.events, f"{what}: other events", one, other)
    require(_facts(one.fault) == _facts(other.fault), f"{what}: another fault", one.fault, other.fault)


def require_sound(reading: Reading, request_method: str | None = None) -> None:
    """Check that events stand in an order that makes sense, and that heads hold legal text.

    Args:
        reading: What came of one connection.
        request_method: What every response answers; None for a connection of requests.
    """
    head: Head | None = None
    size = 0
    for event in reading.events:
        match event:
            case RequestHead() | ResponseHead():
                require(head is None, "a head within a message", head, event)
                _require_legal(event)
                head, size = event, 0
                if isinstance(event, ResponseHead) and event.interim:
                    head = None
            case bytes():
                require(head is not None, "a body without a head", event)
                size += len(event)
            case EndOfMessage():
                _require_length(head, size, request_method)
                _require_fields(event.trailers)
                head = None
            case Upgraded():
                require(event is reading.events[-1], "an event follows a change of protocol")
    complete = head is None or isinstance(reading.events[-1], Upgraded)
    require(complete or reading.fault is not None, "the end within a message passed unseen", head)


def _require_length(head: Head | None, size: int, request_method: str | None) -> None:
    require(head is not None, "an end without a head")
    if head is None or head.chunked:
        return
    bodiless = request_method == "HEAD" or (isinstance(head, ResponseHead) and head.status in {204, 304})
    if bodiless:
        require(size == 0, "a body where none can be", head, size)
    elif head.content_length is not None:
        require(size == head.content_length, "a body of another length", head, size)
    elif isinstance(head, RequestHead):
        require(size == 0, "a request's body without a length", head, size)


def _require_legal(head: Head) -> None:
    if isinstance(head, RequestHead):
        require(_TOKEN.fullmatch(head.method.encode()), "a method is no token", head)
        require(_TARGET.fullmatch(head.target), "a target is no visible ASCII", head)
    else:
        require(100 <= head.status <= 999, "a status out of range", head)
        require(_TEXT.fullmatch(head.reason.encode("utf-8", "surrogateescape")), "a bad reason", head)
    lazy = {name: (head.get(name), head.get_all(name)) for name in (b"content-length", b"HOST", b"a", b"")}
    _require_fields(head.raw_headers)
    for name, found in lazy.items():
        values = [value for other, value in head.raw_headers if other.lower() == name.lower()]
        require(found == (values[0] if values else None, values), "a field found otherwise", name, found)
        require((head.get(name), head.get_all(name)) == found, "a field changed", name, found)
    require(not (head.chunked and head.content_length is not None), "two framings", head)


def _require_fields(fields: RawHeaders) -> None:
    for name, value in fields:
        require(_TOKEN.fullmatch(name), "a field name is no token", name)
        require(_TEXT.fullmatch(value), "a field value holds a control character", value)
        require(value == value.strip(b" \t"), "a field value has outer blanks", value)
