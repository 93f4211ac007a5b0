"""The conformance kit for parsers in the seam of exchanges: hand it a factory and it says what is wrong.

It plays the dialogues of `whimbrel_http1.testing.check_response_parser`, and what an exchange asks
beyond reading: whether the connection may be used again, and where chunks end.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from whimbrel_connector.exchange_options import ParserFactory, WireParser
from whimbrel_http1 import (
    DEFAULT_LIMITS,
    EndOfMessage,
    Event,
    Limits,
    MessageTooLarge,
    ParseError,
    ResponseHead,
    Upgraded,
)
from whimbrel_http1.testing import check_response_parser

__all__ = ["check_wire_parser"]

_OK = b"HTTP/1.1 200 OK\r\n"
_EGGS = _OK + b"Content-Length: 4\r\n\r\neggs"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_CLOSING = _OK + b"Connection: close\r\nContent-Length: 4\r\n\r\neggs"
_OLD = b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\neggs"
_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"


class _Ending(NamedTuple):
    """What has come, and whether the connection may be used again then."""

    name: str
    wire: bytes
    reusable: bool
    method: str = "GET"
    eof: bool = False


_ENDINGS = (
    _Ending("after a whole response", _EGGS, reusable=True),
    _Ending("after a chunked response", _CHUNKED + b"4\r\neggs\r\n0\r\n\r\n", reusable=True),
    _Ending("after the answer to HEAD", _EGGS[:-4], method="HEAD", reusable=True),
    _Ending("after 204", b"HTTP/1.1 204 No Content\r\n\r\n", reusable=True),
    _Ending("after interim heads and a whole response", _HINTS + _EGGS, reusable=True),
    _Ending("within a head", _EGGS[:30], reusable=False),
    _Ending("before the first byte of the body", _EGGS[:-4], reusable=False),
    _Ending("within the body", _EGGS[:-1], reusable=False),
    _Ending("before the last chunk", _CHUNKED + b"4\r\neggs\r\n", reusable=False),
    _Ending("within the trailers", _CHUNKED + b"4\r\neggs\r\n0\r\nA: b\r\n", reusable=False),
    _Ending("after an interim head alone", _HINTS, reusable=False),
    _Ending("after Connection: close", _CLOSING, reusable=False),
    _Ending("after HTTP/1.0", _OLD, reusable=False),
    _Ending("after a body that ended with the connection", _OK + b"\r\neggs", reusable=False, eof=True),
    _Ending("with bytes behind the response", _EGGS + b"H", reusable=False),
    _Ending("after a refusal", _OK + b"Content-Length: -4\r\n\r\n", reusable=False),
)


def check_wire_parser(factory: ParserFactory, *, strict: bool = False) -> list[str]:
    """Return what the parsers made by `factory` get wrong, one sentence each; empty if nothing.

    Args:
        factory: As for `ExchangeOptions(parser=)`.
        strict: Ask also for the refusals that not every careful parser makes, the limits among them.
    """

    def with_defaults(*, request_method: str) -> WireParser:
        return factory(request_method=request_method, limits=DEFAULT_LIMITS)

    failures = check_response_parser(with_defaults, strict=strict)
    for title, rule in _RULES.items():
        failures += [f"{title}: {what}" for what in _guarded(rule, factory)]
    if strict:
        failures += [f"it keeps to its limits: {what}" for what in _guarded(_keeps_limits, factory)]
    return failures


_Rule = Callable[[ParserFactory], Iterable[str]]
_EVENTS = {ResponseHead, bytes, EndOfMessage, Upgraded}


def _guarded(rule: _Rule, factory: ParserFactory) -> list[str]:
    try:
        return list(rule(factory))
    except Exception as fault:  # noqa: BLE001  whatever a stranger's parser raises is a finding
        return [f"raises {type(fault).__name__}: {fault}"]


def _tells_what_is_reusable(factory: ParserFactory) -> Iterator[str]:
    for ending in _ENDINGS:
        for way, pieces in {"whole": [ending.wire], "byte by byte": _bytewise(ending.wire)}.items():
            parser = factory(request_method=ending.method, limits=DEFAULT_LIMITS)
            _read(parser, pieces, eof=ending.eof)
            if parser.reusable is not ending.reusable:
                yield f"{ending.name}, {way}: reusable should be {ending.reusable}, not {parser.reusable!r}"


def _gives_known_events(factory: ParserFactory) -> Iterator[str]:
    for wire in (_EGGS, _CHUNKED + b"4\r\neggs\r\n0\r\n\r\n"):
        for piece in _read(factory(request_method="GET", limits=DEFAULT_LIMITS), _bytewise(wire)):
            if type(piece) not in _EVENTS or piece == b"":
                yield f"an event is {piece!r}"


def _holds_nothing_back(factory: ParserFactory) -> Iterator[str]:
    """A head is reported once it is whole, and the body as it comes."""
    parser = factory(request_method="GET", limits=DEFAULT_LIMITS)
    if not any(isinstance(event, ResponseHead) for event in parser.feed(_EGGS[:-4])):
        yield "a whole head is not reported before the body begins"
    if b"".join(event for event in parser.feed(b"eg") if isinstance(event, bytes)) != b"eg":
        yield "the beginning of a body is not reported as it comes"
    if not any(isinstance(event, EndOfMessage) for event in parser.feed(b"gs")):
        yield "the end is not reported with the last byte"


def _tells_where_chunks_end(factory: ParserFactory) -> Iterator[str]:
    """Only of parsers that have `within_chunk`."""
    chunks = [b"flood", b"e", b"bb", b"slack"]
    wire = _CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in chunks) + b"0\r\n\r\n"
    for way, pieces in {"whole": [wire], "byte by byte": _bytewise(wire), "in sevens": _cut(wire, 7)}.items():
        parser = factory(request_method="GET", limits=DEFAULT_LIMITS)
        if not hasattr(parser, "within_chunk"):
            return
        told, is_chunked = _chunks_told(parser, pieces)
        if not is_chunked:
            yield "the head is not said to be chunked, so that nobody will ask"
        elif told != chunks:
            yield f"{way}: the chunks should be {chunks}, not {told}"


def _reads_the_next_response(factory: ParserFactory) -> Iterator[str]:
    """Only of parsers that have `next_response`."""
    parser = factory(request_method="GET", limits=DEFAULT_LIMITS)
    expect = getattr(parser, "next_response", None)
    if expect is None:
        return
    _read(parser, [_EGGS])
    expect("HEAD")
    events = _read(parser, [_EGGS[:-4]])
    if not isinstance(events[-1], EndOfMessage) or not parser.reusable:
        yield "the answer to HEAD on the same connection does not end with its head"
    expect("GET")
    if b"eggs" not in _read(parser, [_EGGS]):
        yield "the answer to GET after HEAD loses its body"


def _keeps_limits(factory: ParserFactory) -> Iterator[str]:
    limits = Limits(field_bytes=100, fields=5, head_bytes=300, interim_responses=2)
    too_large = {
        "a field line": _OK + b"A: " + b"x" * 200 + b"\r\n\r\n",
        "the number of fields": _OK + b"A: b\r\n" * 6 + b"\r\n",
        "the head": _OK + b"".join(b"A%d: %b\r\n" % (at, b"x" * 80) for at in range(4)) + b"\r\n",
        "the number of interim heads": _HINTS * 3,
    }
    for what, wire in too_large.items():
        parser = factory(request_method="GET", limits=limits)
        try:
            for piece in _bytewise(wire):
                list(parser.feed(piece))
        except MessageTooLarge:
            continue
        except ParseError as fault:
            yield f"{what} above its limit raises {type(fault).__name__} and not MessageTooLarge"
        else:
            yield f"{what} above its limit is not refused"


_RULES: dict[str, _Rule] = {
    "it tells what may be used again": _tells_what_is_reusable,
    "events are of the known types, and pieces of body not empty": _gives_known_events,
    "it holds nothing back": _holds_nothing_back,
    "it tells where chunks end": _tells_where_chunks_end,
    "it reads the next response": _reads_the_next_response,
}


def _read(parser: WireParser, pieces: Sequence[bytes], *, eof: bool = False) -> list[Event]:
    """Feed as an exchange does, which stops at the first fault."""
    events: list[Event] = []
    try:
        for piece in pieces:
            events += parser.feed(piece)
        if eof:
            events += parser.feed_eof()
    except ParseError:
        pass
    return events


def _chunks_told(parser: WireParser, pieces: Sequence[bytes]) -> tuple[list[bytes], bool]:
    """Put the chunks together as a stream does, and tell whether the head spoke of them."""
    chunks, part, is_chunked, is_open = list[bytes](), b"", False, False
    for piece in pieces:
        for event in parser.feed(piece):
            if isinstance(event, ResponseHead):
                is_chunked = event.chunked
            elif isinstance(event, bytes):
                if part and not is_open:
                    chunks.append(part)
                    part = b""
                part += event
                is_open = False
        is_open = bool(getattr(parser, "within_chunk", False))
    return [*chunks, part] if part else chunks, is_chunked


def _bytewise(wire: bytes) -> list[bytes]:
    return _cut(wire, 1)


def _cut(wire: bytes, size: int) -> list[bytes]:
    return [wire[at : at + size] for at in range(0, len(wire), size)]
