"""The conformance kit: hand it a response parser and it says what that gets wrong.

A stranger's parser, or an adapter over another library, is fit for a whimbrel connection when
`check_response_parser` returns no failures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from whimbrel_http1.errors import ParseError
from whimbrel_http1.events import EndOfMessage, ResponseHead, Upgraded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from whimbrel_http1.events import Event

__all__ = ["AnyResponseParser", "Dialogue", "ResponseParserFactory", "check_response_parser", "read_events"]


class AnyResponseParser(Protocol):
    """What is asked of a response parser."""

    def feed(self, data: bytes, /) -> Iterable[Event]:
        """Return the events completed by `data`, in wire order; raise `ParseError` after the last one."""

    def feed_eof(self) -> Iterable[Event]:
        """Return the events completed by the end of the connection."""


class ResponseParserFactory(Protocol):
    """Make a parser for the responses of one new connection."""

    def __call__(self, *, request_method: str) -> AnyResponseParser:
        """Return a parser whose first response answers `request_method`."""


@dataclass(frozen=True)
class Dialogue:
    """What a parser made of one connection.

    Attributes:
        events: In wire order, neighbouring pieces of body joined, so that any cut gives the same.
        fault: What the parser raised at last, None if nothing.
    """

    events: tuple[Event, ...]
    fault: ParseError | None


def read_events(parser: AnyResponseParser, pieces: Iterable[bytes], *, eof: bool = False) -> Dialogue:
    """Feed `pieces` to a parser of responses or requests and collect what it reports.

    Pieces after an `Upgraded` are added to its surplus, as they belong to the new protocol.

    Args:
        parser: A new parser.
        pieces: What arrives, in order.
        eof: Whether the connection ends after the last piece.
    """
    events: list[Event] = []
    try:
        for piece in pieces:
            if events and isinstance(events[-1], Upgraded):
                events[-1] = Upgraded(events[-1].surplus + piece)
            else:
                _add(events, parser.feed(piece))
        if eof:
            _add(events, parser.feed_eof())
    except ParseError as fault:
        return Dialogue(tuple(events), fault)
    return Dialogue(tuple(events), None)


def _add(events: list[Event], more: Iterable[Event]) -> None:
    for event in more:
        if isinstance(event, bytes) and events and isinstance(events[-1], bytes):
            events[-1] += event
        else:
            events.append(event)


@dataclass(frozen=True)
class _Case:
    """One connection: what the server sends, and what must be understood of it."""

    name: str
    wire: bytes
    statuses: tuple[int, ...] = (200,)
    body: bytes = b""
    ends: int = 1
    method: str = "GET"
    fields: tuple[tuple[bytes, bytes], ...] = ()
    keep_alive: bool | None = None
    surplus: bytes | None = None
    refused: bool = False
    strict: bool = False


_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"

_CASES = (
    _Case("a body of known length", _OK + b"Content-Length: 4\r\n\r\neggs", body=b"eggs", keep_alive=True),
    _Case("an empty body", _OK + b"Content-Length: 0\r\n\r\n"),
    _Case("a body until the connection closes", _OK + b"\r\neggs", body=b"eggs", keep_alive=False),
    _Case("a chunked body", _CHUNKED + b"3\r\negg\r\n1\r\ns\r\n0\r\n\r\n", body=b"eggs", keep_alive=True),
    _Case(
        "chunk sizes in either case",
        _CHUNKED + b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
        body=b"0123456789" * 2,
    ),
    _Case("chunk extensions", _CHUNKED + b"4;nest=1\r\neggs\r\n0\r\n\r\n", body=b"eggs"),
    _Case("trailers", _CHUNKED + b"4\r\neggs\r\n0\r\nDigest: abc\r\n\r\n", body=b"eggs"),
    _Case("no body after HEAD", _OK + b"Content-Length: 4\r\n\r\n", method="HEAD"),
    _Case("no body in 204", b"HTTP/1.1 204 No Content\r\n\r\n", statuses=(204,)),
    _Case("no body in 304", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", statuses=(304,)),
    _Case(
        "interim heads",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        + _OK
        + b"Content-Length: 4\r\n\r\neggs",
        statuses=(100, 103, 200),
        body=b"eggs",
    ),
    _Case(
        "a change of protocol",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: nest\r\n\r\neggs",
        statuses=(101,),
        ends=0,
        surplus=b"eggs",
    ),
    _Case("Connection: close", _OK + b"Connection: close\r\nContent-Length: 0\r\n\r\n", keep_alive=False),
    _Case("HTTP/1.0 closes", b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", keep_alive=False),
    _Case(
        "fields in wire order, blanks removed",
        _OK + b"B: 1\r\nA:\t2 \r\nB: \r\nContent-Length: 0\r\n\r\n",
        fields=((b"b", b"1"), (b"a", b"2"), (b"b", b""), (b"content-length", b"0")),
    ),
    _Case(
        "bytes beyond ASCII in a value",
        _OK + b"A: \xc3\xa9\xff\r\nContent-Length: 0\r\n\r\n",
        fields=((b"a", b"\xc3\xa9\xff"), (b"content-length", b"0")),
    ),
    _Case("a body cut short", _OK + b"Content-Length: 4\r\n\r\negg", body=b"egg", ends=0, refused=True),
    _Case("a chunked body cut short", _CHUNKED + b"4\r\neggs\r\n", body=b"eggs", ends=0, refused=True),
    _Case("a head cut short", _OK + b"Content-Le", statuses=(), ends=0, refused=True),
    _Case("no HTTP at all", b"SSH-2.0-nest\r\n\r\n", statuses=(), ends=0, refused=True),
    _Case("a status code that is no number", b"HTTP/1.1 2x0 OK\r\n\r\n", statuses=(), ends=0, refused=True),
    _Case("a field line without a colon", _OK + b"eggs\r\n\r\n", statuses=(), ends=0, refused=True),
    _Case("a NUL in a value", _OK + b"A: \x00\r\n\r\n", statuses=(), ends=0, refused=True),
    _Case("a blank before the colon", _OK + b"A : 1\r\n\r\n", statuses=(), ends=0, refused=True),
    _Case(
        "different lengths",
        _OK + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\neggs!",
        statuses=(),
        ends=0,
        refused=True,
    ),
    _Case(
        "a length that is no number",
        _OK + b"Content-Length: +4\r\n\r\neggs",
        statuses=(),
        ends=0,
        refused=True,
    ),
    _Case("a chunk size that is no number", _CHUNKED + b"0x4\r\neggs\r\n0\r\n\r\n", ends=0, refused=True),
    _Case("no CR LF after a chunk", _CHUNKED + b"4\r\neggs!!0\r\n\r\n", body=b"eggs", ends=0, refused=True),
    _Case(
        "length and chunked at once",
        _OK + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\neggs\r\n0\r\n\r\n",
        statuses=(),
        ends=0,
        refused=True,
        strict=True,
    ),
    _Case(
        "the same length twice",
        _OK + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\neggs",
        statuses=(),
        ends=0,
        refused=True,
        strict=True,
    ),
    _Case(
        "lines that end with LF alone",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        statuses=(),
        ends=0,
        refused=True,
        strict=True,
    ),
    _Case(
        "a folded field line",
        _OK + b"A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n",
        statuses=(),
        ends=0,
        refused=True,
        strict=True,
    ),
    _Case(
        "bytes after a message that closes",
        _OK + b"Connection: close\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        refused=True,
        strict=True,
    ),
)


def check_response_parser(factory: ResponseParserFactory, *, strict: bool = False) -> list[str]:
    """Return what the parsers made by `factory` get wrong, one sentence each; empty if nothing.

    Args:
        factory: Called with `request_method=...` for each connection.
        strict: Ask also for the refusals that not every careful parser makes.
    """
    failures: list[str] = []
    for case in _CASES:
        if case.strict and not strict:
            continue
        middle = len(case.wire) // 2
        cuts = {
            "whole": [case.wire],
            "in halves": [case.wire[:middle], case.wire[middle:]],
            "byte by byte": [case.wire[index : index + 1] for index in range(len(case.wire))],
        }
        for way, pieces in cuts.items():
            failures += [f"{case.name}, {way}: {what}" for what in _check(factory, case, pieces)]
    return failures


def _check(factory: ResponseParserFactory, case: _Case, pieces: Sequence[bytes]) -> list[str]:
    try:
        dialogue = read_events(factory(request_method=case.method), pieces, eof=True)
    except Exception as error:  # noqa: BLE001 -- whatever a stranger's parser raises is a finding
        return [f"raised {type(error).__name__}, which is not a ParseError"]
    return [
        f"{fact} should be {expected!r}, not {seen!r}"
        for fact, expected, seen in _facts(case, dialogue)
        if expected != seen
    ]


def _facts(case: _Case, dialogue: Dialogue) -> list[tuple[str, object, object]]:
    events = dialogue.events
    heads = [event for event in events if isinstance(event, ResponseHead)]
    surplus = [event.surplus for event in events if isinstance(event, Upgraded)]
    facts: list[tuple[str, object, object]] = [
        ("refused", case.refused, dialogue.fault is not None),
        ("statuses", case.statuses, tuple(head.status for head in heads)),
        ("body", case.body, b"".join(event for event in events if isinstance(event, bytes))),
        ("ends of messages", case.ends, sum(isinstance(event, EndOfMessage) for event in events)),
        ("surplus", [] if case.surplus is None else [case.surplus], surplus),
    ]
    if case.fields and heads:
        seen = tuple((name.lower(), value) for name, value in heads[-1].raw_headers)
        facts.append(("fields", case.fields, seen))
    if case.keep_alive is not None and heads:
        facts.append(("keep_alive", case.keep_alive, heads[-1].keep_alive))
    return facts
