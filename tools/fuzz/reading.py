"""Targets that read: responses, requests and chunked bodies, any bytes cut anywhere.

Whatever arrives gives events and at most one `ParseError`, never another exception; the same for
every cut and every kind of buffer. What was understood is legal, and can be written again.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tools.fuzz.choices import Choices
from tools.fuzz.dialogue import Parser, Reading, read, require_same, require_sound
from tools.fuzz.finding import require
from whimbrel_http1 import (
    DEFAULT_LIMITS,
    EndOfMessage,
    Limits,
    LocalError,
    RequestEncoder,
    RequestHead,
    RequestParser,
    ResponseEncoder,
    ResponseHead,
    ResponseParser,
    Upgraded,
)

__all__ = ["METHODS", "UNBOUNDED", "chunked", "read_every_way", "request", "response"]

METHODS = ("GET", "HEAD", "CONNECT", "POST", "OPTIONS", "PUT")
UNBOUNDED = Limits(**dict.fromkeys(DEFAULT_LIMITS.__slots__))
_TINY = Limits(
    line_bytes=24,
    field_bytes=24,
    fields=2,
    head_bytes=64,
    chunk_line_bytes=6,
    chunk_extension_bytes=8,
    trailer_fields=1,
    trailers_bytes=20,
    interim_responses=1,
    held_bytes=None,
)
_LIMITS = (DEFAULT_LIMITS, UNBOUNDED, _TINY)
_WRAPPERS: tuple[Callable[[bytes], bytes | bytearray | memoryview], ...] = (bytes, bytearray, memoryview)
_BYTEWISE_BYTES = 600


def response(data: bytes) -> None:
    """Read responses. Options: request method, limits, buffer, then lengths of pieces."""
    choices = Choices(data)
    method = choices.one_of(METHODS)
    limits = choices.one_of(_LIMITS)
    whole = read_every_way(lambda: ResponseParser(request_method=method, limits=limits), choices)
    require_sound(whole, method)
    for head in whole.events:
        if isinstance(head, ResponseHead):
            _require_writable_response(head, method)


def request(data: bytes) -> None:
    """Read requests. Options: limits, whether upgrades are accepted, buffer, then lengths of pieces."""
    choices = Choices(data)
    limits = choices.one_of(_LIMITS)
    accept = choices.one_of((False, True))
    whole = read_every_way(lambda: RequestParser(limits=limits), choices, accept=accept)
    require_sound(whole)
    for head in whole.events:
        if isinstance(head, RequestHead):
            _require_writable_request(head)


def read_every_way(make: Callable[[], Parser], choices: Choices, *, accept: bool = False) -> Reading:
    """Return what the wire means, however it is cut, and when it comes again to the same parser."""
    wrap = choices.one_of(_WRAPPERS)
    wire = choices.wire
    whole = read(make(), [wire], accept=accept)
    cut = read(make(), choices.pieces(wire), accept=accept, wrap=wrap)
    require_same(whole, cut, "in pieces")
    if len(wire) <= _BYTEWISE_BYTES:
        bytewise = [wire[index : index + 1] for index in range(len(wire))]
        require_same(whole, read(make(), bytewise, accept=accept), "byte by byte")
    _require_same_again(make(), choices.pieces(wire) or [wire], accept=accept)
    return whole


def _require_same_again(parser: Parser, pieces: list[bytes], *, accept: bool) -> None:
    """Check that what comes a second time on one connection means the same: heads are recognised."""
    first = read(parser, pieces, eof=False, accept=accept)
    if first.fault is None and parser.reusable:
        again = read(parser, [b"".join(pieces)], eof=False, accept=accept)
        require_same(first, again, "when it comes again")


def _require_writable_request(head: RequestHead) -> None:
    """Whatever head was read can be written, and means the same again: a proxy relies on it."""
    try:
        encoder = RequestEncoder(head.method, head.target, head.raw_headers, version=head.version)
    except LocalError as fault:
        require(False, "a head that was read cannot be written", head, fault)  # noqa: FBT003 -- says no
        return
    events = RequestParser(limits=UNBOUNDED).feed(encoder.head)
    require(events[0] == head, "a head that was written means something else", head, events[0])


def _require_writable_response(head: ResponseHead, method: str) -> None:
    """Reading takes codings that writing refuses, so a refusal is fine; another meaning is not."""
    try:
        encoder = ResponseEncoder(
            head.status, head.reason, head.raw_headers, version=head.version, request_method=method
        )
    except LocalError as fault:
        require(head.get(b"transfer-encoding") is not None, "a head cannot be written", head, fault)
        return
    events = ResponseParser(request_method=method, limits=UNBOUNDED).feed(encoder.head)
    require(events[0] == head, "a head that was written means something else", head, events[0])


# Chunked bodies have a reference: the grammar of RFC 9112 section 7.1 as regular expressions, on
# input that is there as a whole. It says when a body is complete, and what it is.

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
_EXTENSION = rb"[\t ]*;[\t ]*%b(?:[\t ]*=[\t ]*(?:%b|%b))?" % (_TOKEN, _TOKEN, _QUOTED)
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:%b)*\r\n" % _EXTENSION)
_FIELD_LINE = re.compile(rb"(%b):[\t ]*([\t\x20-\x7e\x80-\xff]*)\r\n" % _TOKEN)
_CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunked(data: bytes) -> None:
    """Read a chunked body and compare with the reference. Options: limits, buffer, lengths of pieces."""
    choices = Choices(data)
    limits = choices.one_of((UNBOUNDED, DEFAULT_LIMITS, _TINY))
    body = choices.wire
    choices.wire = _CHUNKED_HEAD + body
    loose = limits.replace(line_bytes=None, field_bytes=None, head_bytes=None)
    reading = read_every_way(lambda: ResponseParser(limits=loose), choices)
    require_sound(reading, "GET")
    if limits is UNBOUNDED:
        _require_reference(body, reading)


def _require_reference(body: bytes, reading: Reading) -> None:
    expected = _reference(body)
    ends = [index for index, event in enumerate(reading.events) if isinstance(event, EndOfMessage)]
    require(bool(ends) == (expected is not None), "complete for one of two readers", expected, reading)
    if expected is None:
        return
    first = reading.events[: ends[0] + 1]
    content = b"".join(event for event in first if isinstance(event, bytes))
    end = first[-1]
    require(content == expected[0], "other content", content, expected)
    require(isinstance(end, EndOfMessage) and end.trailers == expected[1], "other trailers", end, expected)
    require(not any(isinstance(event, Upgraded) for event in first), "an upgrade out of a body")


def _reference(body: bytes) -> tuple[bytes, tuple[tuple[bytes, bytes], ...]] | None:
    content: list[bytes] = []
    position = 0
    while line := _SIZE_LINE.match(body, position):
        size = int(line[1], 16)
        position = line.end()
        if size >= 1 << 60:
            return None
        if size == 0:
            return _reference_trailers(body, position, b"".join(content))
        content.append(body[position : position + size])
        position += size + 2
        if body[position - 2 : position] != b"\r\n":
            return None
    return None


def _reference_trailers(
    body: bytes, position: int, content: bytes
) -> tuple[bytes, tuple[tuple[bytes, bytes], ...]] | None:
    trailers: list[tuple[bytes, bytes]] = []
    while line := _FIELD_LINE.match(body, position):
        trailers.append((line[1], line[2].strip(b"\t ")))
        position = line.end()
    return (content, tuple(trailers)) if body[position : position + 2] == b"\r\n" else None
