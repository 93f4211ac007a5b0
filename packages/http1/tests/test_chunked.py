"""The chunked coding: sizes, extensions, trailers and their limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_http1 import EndOfMessage, Limits, MalformedMessage, MessageTooLarge, ResponseParser
from whimbrel_http1.testing import Dialogue, read_events

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(body: bytes, limits: Limits | None = None) -> Dialogue:
    """Read a body whole and byte by byte, and insist that both give the same."""
    limits = limits or Limits()
    whole = read_events(ResponseParser(limits=limits), [HEAD + body])
    split = read_events(ResponseParser(limits=limits), [HEAD, *(bytes([octet]) for octet in body)])
    assert whole.events == split.events
    assert str(whole.fault) == str(split.fault)
    return whole


def body_of(dialogue: Dialogue) -> bytes:
    return b"".join(event for event in dialogue.events if isinstance(event, bytes))


def test_chunks_become_pieces_of_body_and_an_end_with_trailers() -> None:
    wire = HEAD + b"4\r\nwhim\r\n4;note=x\r\nbrel\r\n0\r\nDigest: abc\r\n\r\n"
    assert ResponseParser().feed(wire)[1:] == [b"whim", b"brel", EndOfMessage(((b"Digest", b"abc"),))]


@pytest.mark.parametrize(
    "line",
    [
        b"3",
        b"03",
        b"0000000000000003",
        b"3;a",
        b"3;a=b",
        b'3;a="b"',
        b'3;a=""',
        b'3;a="\\""',
        b'3;a="\\\\;=\t\xff"',
        b"3;a;b;c=d",
        b"3 ;a",
        b"3\t; a = b ; c",
        b'3;a="x" ;b',
        b"3;!#$%&'*+-.^_`|~=09azAZ",
    ],
)
def test_a_legal_chunk_line_is_accepted(line: bytes) -> None:
    dialogue = read(line + b"\r\negg\r\n0\r\n\r\n")
    assert dialogue.fault is None
    assert body_of(dialogue) == b"egg"
    assert dialogue.events[-1] == EndOfMessage()


@pytest.mark.parametrize("digit", "0123456789abcdefABCDEF")
def test_every_hexadecimal_digit_has_its_value(digit: str) -> None:
    size = int(digit, 16)
    assert body_of(read(b"1%c\r\n" % ord(digit) + b"x" * (16 + size) + b"\r\n0\r\n\r\n")) == b"x" * (
        16 + size
    )


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" 3",
        b"3 ",
        b"3\t",
        b"+3",
        b"-3",
        b"0x3",
        b"3_0",
        b"g",
        "٣".encode(),
        b"3,",
        b"3;",
        b"3;;a",
        b"3; ",
        b"3;a=",
        b"3;=b",
        b"3;a=b=c",
        b"3;a b",
        b'3;a="b',
        b'3;a="b"c',
        b'3;a="\x00"',
        b'3;a="\\\x00"',
        b'3;a="\n"',
        b"3;a\x00",
        b"3;a\n",
        b"3;a ",
        b"3\n",
        b"3\r",
        b"3;a\rb",
        b"00000000000000003",
        b"1000000000000000",
        b"ffffffffffffffff",
        b"3;a=b;",
        b"3;\xe9",
    ],
)
def test_an_illegal_chunk_line_is_rejected(line: bytes) -> None:
    dialogue = read(line + b"\r\negg\r\n0\r\n\r\n")
    assert isinstance(dialogue.fault, MalformedMessage)
    assert dialogue.fault.rule == "RFC 9112 section 7.1"
    assert body_of(dialogue) == b""


@pytest.mark.parametrize("after", [b"\n", b"\r\r", b"xx", b"0\r\n\r\n", b" \r\n", b"\r ", b"\x00\x00"])
def test_the_two_bytes_after_a_chunk_are_checked(after: bytes) -> None:
    dialogue = read(b"3\r\negg" + after + b"0\r\n\r\n")
    assert isinstance(dialogue.fault, MalformedMessage)
    assert body_of(dialogue) == b"egg"


@pytest.mark.parametrize(
    "line", [b"a b: 1", b"a : 1", b": 1", b"a", b" a: 1", b"a: \x00", b"a: 1\rb: 2", b"a: 1\nb: 2"]
)
def test_trailers_are_read_by_the_grammar_of_heads(line: bytes) -> None:
    assert isinstance(read(b"0\r\n" + line + b"\r\n\r\n").fault, MalformedMessage)


def test_trailers_do_not_change_the_framing() -> None:
    trailers = b"Content-Length: 5\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n"
    parser = ResponseParser()
    (_, end) = parser.feed(HEAD + b"0\r\n" + trailers + b"\r\n")
    assert isinstance(end, EndOfMessage)
    assert len(end.trailers) == 3
    assert parser.reusable


def test_a_fault_tells_its_place_in_the_message() -> None:
    fault = read(b"3\r\negg\r\nx\r\n").fault
    assert isinstance(fault, MalformedMessage)
    assert fault.offset == len(HEAD) + 8
    fault = read(b"0\r\nA: b\r\n\x00").fault
    assert isinstance(fault, MalformedMessage)
    assert fault.offset == len(HEAD) + 9


@pytest.mark.parametrize(
    ("limits", "within", "beyond"),
    [
        (Limits(chunk_line_bytes=4), b"3;ab\r\negg\r\n0\r\n\r\n", b"3;abc\r\negg\r\n0\r\n\r\n"),
        (Limits(chunk_line_bytes=1), b"3\r\negg\r\n0\r\n\r\n", b"03\r\negg\r\n0\r\n\r\n"),
        (Limits(chunk_extension_bytes=2), b"3;a\r\negg\r\n0\r\n\r\n", b"3;ab\r\negg\r\n0\r\n\r\n"),
        (Limits(chunk_extension_bytes=0), b"3\r\negg\r\n0;a\r\n\r\n", b"3;a\r\negg\r\n0\r\n\r\n"),
        (Limits(trailer_fields=1), b"0\r\na: 1\r\n\r\n", b"0\r\na: 1\r\nb: 2\r\n\r\n"),
        (Limits(trailer_fields=0), b"0\r\n\r\n", b"0\r\na: 1\r\n\r\n"),
        (Limits(trailers_bytes=8), b"0\r\na: 1\r\n\r\n", b"0\r\na: 12\r\n\r\n"),
        (Limits(field_bytes=27), b"0\r\n" + b"a: " + b"1" * 24 + b"\r\n\r\n", b"0\r\n" + b"a: " + b"1" * 25 + b"\r\n\r\n"),
    ],
)  # fmt: skip
def test_limits_hold_at_the_limit_and_one_beyond(limits: Limits, within: bytes, beyond: bytes) -> None:
    assert read(within, limits).fault is None
    fault = read(beyond, limits).fault
    assert isinstance(fault, MessageTooLarge)
    assert fault.value == getattr(limits, fault.limit)
    assert fault.value != getattr(Limits(), fault.limit)


def test_without_limits_anything_goes() -> None:
    free = Limits(chunk_line_bytes=None, chunk_extension_bytes=None, trailer_fields=None, trailers_bytes=None)
    body = b"3;" + b"a" * 50_000 + b"\r\negg\r\n0\r\n" + b"a: 1\r\n" * 5000 + b"\r\n"
    assert read_events(ResponseParser(limits=free), [HEAD + body]).fault is None


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.data())
def test_any_cut_gives_the_same_content(chunks: list[bytes], data: st.DataObject) -> None:
    wire = HEAD + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\nA: b\r\n\r\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=12)))
    pieces = [wire[start:end] for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    dialogue = read_events(ResponseParser(), pieces)
    assert body_of(dialogue) == b"".join(chunks)
    assert dialogue.events[-1] == EndOfMessage(((b"A", b"b"),))


def test_one_parser_reads_one_chunked_body_after_another() -> None:
    parser = ResponseParser()
    for trailers in (((b"Digest", b"abc"),), (), ((b"A", b"1"), (b"B", b"2"))):
        lines = b"".join(b"%b: %b\r\n" % pair for pair in trailers)
        wire = HEAD + b"4\r\neggs\r\n0\r\n" + lines + b"\r\n"
        assert parser.feed(wire)[1:] == [b"eggs", EndOfMessage(trailers)]
