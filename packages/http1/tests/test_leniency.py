"""Leniencies: each lets its own fault pass and no other, in any cut, and is off unless asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_http1 import (
    Awaiting,
    EndOfMessage,
    Leniency,
    Limits,
    MalformedMessage,
    MessageTooLarge,
    ResponseHead,
    ResponseParser,
    TruncatedMessage,
)
from whimbrel_http1.testing import Dialogue, read_events

EVERY = (
    Leniency.BARE_LF
    | Leniency.FOLDED_LINES
    | Leniency.REPEATED_CONTENT_LENGTH
    | Leniency.BLANK_AFTER_CHUNK_SIZE
)
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

# What is overlooked, what arrives, and the fields and the body that it means.
OVERLOOKED: dict[str, tuple[Leniency, bytes, dict[bytes, bytes], bytes]] = {
    "9112-2.2 every line of a head": (
        Leniency.BARE_LF,
        b"HTTP/1.1 200 OK\nServer: a\nContent-Length: 1\n\nb",
        {b"Server": b"a", b"Content-Length": b"1"},
        b"b",
    ),
    "9112-2.2 one line of a head": (
        Leniency.BARE_LF,
        OK + b"Server: a\nContent-Length: 1\r\n\r\nb",
        {b"Server": b"a", b"Content-Length": b"1"},
        b"b",
    ),
    "9112-2.2 a status line without a reason": (
        Leniency.BARE_LF,
        b"HTTP/1.1 200\nContent-Length: 0\n\n",
        {b"Content-Length": b"0"},
        b"",
    ),
    "9112-2.2 a blank line before the status line": (
        Leniency.BARE_LF,
        b"\n" + OK + b"Content-Length: 0\r\n\r\n",
        {b"Content-Length": b"0"},
        b"",
    ),
    "9112-2.2 trailers": (
        Leniency.BARE_LF,
        CHUNKED + b"1\r\nb\r\n0\r\nX-Nest: 4\n\n",
        {b"Transfer-Encoding": b"chunked"},
        b"b",
    ),
    "9112-5.2 a line goes on after a blank": (
        Leniency.FOLDED_LINES,
        OK + b"Policy: default\r\n  self;\r\n\timg\r\nContent-Length: 0\r\n\r\n",
        {b"Policy": b"default   self; \timg", b"Content-Length": b"0"},
        b"",
    ),
    "9112-5.2 a line goes on with nothing": (
        Leniency.FOLDED_LINES,
        OK + b"Policy: a\r\n \r\nContent-Length: 0\r\n\r\n",
        {b"Policy": b"a", b"Content-Length": b"0"},
        b"",
    ),
    "9112-5.2 the last line goes on": (
        Leniency.FOLDED_LINES,
        OK + b"Content-Length: 0\r\nPolicy: a\r\n b\r\n\r\n",
        {b"Content-Length": b"0", b"Policy": b"a  b"},
        b"",
    ),
    "9112-5.2 framing is read as it is joined": (
        Leniency.FOLDED_LINES,
        OK + b"Transfer-Encoding:\r\n chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n",
        {b"Transfer-Encoding": b"chunked"},
        b"b",
    ),
    "9112-6.3 the same length twice": (
        Leniency.REPEATED_CONTENT_LENGTH,
        OK + b"Content-Length: 1\r\nServer: a\r\ncontent-length: 1\r\n\r\nb",
        {b"Content-Length": b"1", b"Server": b"a", b"content-length": b"1"},
        b"b",
    ),
    "9112-7.1 a blank ends the size": (
        Leniency.BLANK_AFTER_CHUNK_SIZE,
        CHUNKED + b"1 \r\nb\r\n0   \r\n\r\n",
        {b"Transfer-Encoding": b"chunked"},
        b"b",
    ),
    "9112-2.2 and 5.2 together": (
        Leniency.BARE_LF | Leniency.FOLDED_LINES,
        b"HTTP/1.1 200 OK\nPolicy: a\n b\nContent-Length: 0\n\n",
        {b"Policy": b"a  b", b"Content-Length": b"0"},
        b"",
    ),
}

# What is refused however much is overlooked.
REFUSED: dict[str, bytes] = {
    "9112-2.2 a CR alone within a line": OK + b"Server: a\rb\r\n\r\n",
    "9112-2.2 a CR alone at the end of a line": OK + b"Server: a\r\rContent-Length: 0\r\n\r\n",
    "9112-2.2 CR CR LF": OK + b"Server: a\r\r\n\r\n",
    "9112-2.2 a chunk line that ends with LF": CHUNKED + b"1\nb\r\n0\r\n\r\n",
    "9112-2.2 chunk data that ends with LF": CHUNKED + b"1\r\nb\n0\r\n\r\n",
    "9112-5.1 a blank before the colon": OK + b"Server : a\r\n\r\n",
    "9112-5.1 no colon": OK + b"Server\n\n",
    "9112-5.2 a blank before the first field": OK + b" Server: a\r\n\r\n",
    "9112-5.2 a length in two lines": OK + b"Content-Length: 1\r\n 1\r\n\r\nbb",
    "9110-5.5 NUL in a value": OK + b"Server: a\0b\n\n",
    "9112-6.3 two lengths": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nbb",
    "9112-6.3 a list of lengths": OK + b"Content-Length: 1, 1\r\n\r\nb",
    "9112-6.3 a length and a coding": OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "9112-7.1 a blank before the size": CHUNKED + b" 1\r\nb\r\n0\r\n\r\n",
    "9112-7.1 a blank within the size": CHUNKED + b"1 0\r\nb\r\n0\r\n\r\n",
}


def read(leniencies: Leniency, *pieces: bytes, limits: Limits | None = None, eof: bool = False) -> Dialogue:
    return read_events(ResponseParser(leniencies=leniencies, limits=limits or Limits()), pieces, eof=eof)


@pytest.mark.parametrize(("leniencies", "wire", "fields", "body"), OVERLOOKED.values(), ids=OVERLOOKED.keys())
def test_what_is_asked_to_be_overlooked_is(
    leniencies: Leniency, wire: bytes, fields: dict[bytes, bytes], body: bytes
) -> None:
    whole = read(leniencies, wire)
    first, *_, last = whole.events
    assert whole.fault is None
    assert isinstance(first, ResponseHead)
    assert dict(first.raw_headers) == fields
    assert b"".join(event for event in whole.events if isinstance(event, bytes)) == body
    assert isinstance(last, EndOfMessage)


@pytest.mark.parametrize(
    ("leniencies", "wire"), [row[:2] for row in OVERLOOKED.values()], ids=OVERLOOKED.keys()
)
def test_it_is_refused_unless_asked_for(leniencies: Leniency, wire: bytes) -> None:
    assert isinstance(read(Leniency.STRICT, wire).fault, MalformedMessage)
    assert isinstance(read(EVERY & ~leniencies, wire).fault, MalformedMessage)


@pytest.mark.parametrize("wire", REFUSED.values(), ids=REFUSED.keys())
def test_nothing_else_is_overlooked(wire: bytes) -> None:
    assert isinstance(read(EVERY, wire).fault, MalformedMessage)


@given(
    wire=st.sampled_from([*(row[1] for row in OVERLOOKED.values()), *REFUSED.values()]),
    data=st.data(),
)
def test_any_cut_gives_the_same(wire: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    pieces = [wire[first:last] for first, last in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    whole, cut = read(EVERY, wire), read(EVERY, *pieces)
    assert cut.events == whole.events
    assert (type(cut.fault), str(cut.fault)) == (type(whole.fault), str(whole.fault))


@given(wire=st.binary(max_size=60), start=st.sampled_from([b"", OK, b"HTTP/1.1 200 OK\n", CHUNKED]))
def test_what_strictness_reads_leniency_reads_alike(wire: bytes, start: bytes) -> None:
    strict = read(Leniency.STRICT, start + wire)
    if strict.fault is None:
        assert read(EVERY, start + wire).events == strict.events


def test_two_crs_are_no_line_end_in_any_cut() -> None:
    wire = OK + b"Content-Length: 0\r\n\r\r\n"
    whole, cut = (
        read(Leniency.FOLDED_LINES, *pieces, eof=True)
        for pieces in ([wire], [wire[index : index + 1] for index in range(len(wire))])
    )
    assert isinstance(whole.fault, TruncatedMessage)
    assert isinstance(cut.fault, TruncatedMessage)


def test_trailers_are_put_right_too() -> None:
    folded = read(EVERY, CHUNKED + b"0\r\nX-Nest: 4\n eggs\n\n")
    assert folded.events[-1] == EndOfMessage(((b"X-Nest", b"4  eggs"),))


def test_the_next_response_is_read_alike() -> None:
    wire = b"HTTP/1.1 200 OK\nPolicy: a\n b\nContent-Length: 0\n\n"
    assert len(read(EVERY, wire + wire).events) == 4


def test_a_limit_holds_for_a_line_that_goes_on_and_on() -> None:
    endless = OK + b"Policy: a\r\n" + b" b\r\n" * 100
    fault = read(EVERY, endless, limits=Limits(field_bytes=50)).fault
    assert isinstance(fault, MessageTooLarge)
    assert fault.limit == "field_bytes"
    blanks = OK + b"Policy: a\r\n" + b" " * 60
    assert isinstance(read(EVERY, blanks, limits=Limits(field_bytes=50)).fault, MessageTooLarge)


@pytest.mark.parametrize("held", [b"Server: a\r", b"Server: a\r\n", b"Server: a\n"])
def test_what_is_held_back_is_part_of_a_head(held: bytes) -> None:
    parser = ResponseParser(leniencies=EVERY)
    parser.feed(OK + held)
    assert parser.state is Awaiting.HEAD
    assert not parser.reusable
    with pytest.raises(TruncatedMessage):
        parser.feed_eof()


def test_a_lone_cr_between_messages_forbids_reuse() -> None:
    parser = ResponseParser(leniencies=EVERY)
    assert parser.reusable
    parser.feed(b"\r")
    assert not parser.reusable
