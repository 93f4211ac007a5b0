"""Heads at their limits, and work that grows with the input and no faster."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from whimbrel_http1 import (
    COMPILED,
    Limits,
    MessageTooLarge,
    RequestParser,
    ResponseParser,
    _grammar,
    _lines,
    _scanner,
)
from whimbrel_http1._scanner import RESPONSE, HeadScanner
from whimbrel_http1.testing import AnyResponseParser, read_events

OK = b"HTTP/1.1 200 OK\r\n"


def use_loops(patch: pytest.MonkeyPatch) -> None:
    """Run, in plain Python, the loops that are compiled, instead of the searches in their place."""
    for module in (_grammar, _lines, _scanner):
        patch.setattr(module, "BY_SEARCH", False)


def bytewise(wire: bytes) -> list[bytes]:
    return [wire[index : index + 1] for index in range(len(wire))]


@pytest.mark.parametrize(
    ("limits", "within", "beyond"),
    [
        (Limits(line_bytes=15), OK + b"\r\n", b"HTTP/1.1 200 OKE\r\n\r\n"),
        (Limits(line_bytes=12), b"HTTP/1.1 200\r\n\r\n", b"HTTP/1.1 200 \r\n\r\n"),
        (Limits(line_bytes=4), b"", b"HTTP/"),
        (Limits(field_bytes=4), OK + b"a: 1\r\n\r\n", OK + b"a: 12\r\n\r\n"),
        (Limits(field_bytes=4), OK + b"abc:\r\n\r\n", OK + b"abcd:\r\n\r\n"),
        (Limits(field_bytes=0), OK + b"\r\n", OK + b"a:\r\n\r\n"),
        (Limits(fields=2), OK + b"a: 1\r\nb: 2\r\n\r\n", OK + b"a: 1\r\nb: 2\r\nc: 3\r\n\r\n"),
        (Limits(fields=0), OK + b"\r\n", OK + b"a: 1\r\n\r\n"),
        (Limits(head_bytes=25), OK + b"a: 1\r\n\r\n", OK + b"a: 12\r\n\r\n"),
        (Limits(head_bytes=19), OK + b"\r\n", OK + b"a: 1\r\n\r\n"),
        (Limits(head_bytes=19), OK + b"\r\n", b"\r\n" + OK + b"\r\n"),
        (Limits(head_bytes=17), b"\r\n" * 8, b"\r\n" * 9 + b"H"),
        (Limits(head_bytes=10), b"HTTP/1.1 2", OK),
        (Limits(head_bytes=16), b"HTTP/1.1 200 OK\r", OK),
        (Limits(head_bytes=18), OK, OK + b"\r\n"),
        (Limits(head_bytes=0), b"", b"H"),
    ],
)
def test_limits_hold_at_the_limit_and_one_beyond(limits: Limits, within: bytes, beyond: bytes) -> None:
    for pieces in ([within], bytewise(within)):
        assert read_events(ResponseParser(limits=limits), pieces).fault is None
    faults = [
        read_events(ResponseParser(limits=limits), pieces).fault for pieces in ([beyond], bytewise(beyond))
    ]
    for fault in faults:
        assert isinstance(fault, MessageTooLarge)
        assert fault.value == getattr(limits, fault.limit)
    assert str(faults[0]) == str(faults[1])


def test_limits_hold_for_requests() -> None:
    limits = Limits(line_bytes=16)
    long = b"GET /ab HTTP/1.1\r\nHost: a\r\n\r\n"
    assert read_events(RequestParser(limits=limits), [long]).fault is None
    for pieces in (
        [b"GET /abc HTTP/1.1\r\n"],
        bytewise(b"GET /abc HTTP/1.1\r\n"),
        [b"G" * 20],
        [b"GET /" + b"a" * 20],
    ):
        fault = read_events(RequestParser(limits=limits), pieces).fault
        assert isinstance(fault, MessageTooLarge)
        assert fault.limit == "line_bytes"


def test_without_limits_a_head_may_be_of_any_size() -> None:
    free = Limits(line_bytes=None, field_bytes=None, fields=None, head_bytes=None)
    wire = (
        b"HTTP/1.1 200 " + b"O" * 20_000 + b"\r\n" + b"a: 1\r\n" * 2000 + b"b: " + b"x" * 90_000 + b"\r\n\r\n"
    )
    assert read_events(ResponseParser(limits=free), [wire]).fault is None


def test_limits_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match="head_bytes"):
        Limits(head_bytes=-1)


# Linear work. A scanner that took a byte twice, or joined what it holds with every piece, would
# have to keep more than the pieces it was given; what it keeps is therefore what is counted.


@pytest.mark.parametrize("size", [1000, 2000, 4000])
def test_a_split_line_is_kept_in_pieces_and_joined_once(size: int) -> None:
    scanner = HeadScanner(RESPONSE, None)
    for piece in bytewise(OK + b"a: " + b"x" * size):
        assert scanner.scan(piece, 0) == -1
    assert len(scanner._line_parts or ()) == size + 3
    assert scanner._parts == [OK]
    assert scanner.scan(b"\r\n\r\n", 0) == 4
    assert scanner._line_parts is None
    assert scanner.block == OK + b"a: " + b"x" * size + b"\r\n\r\n"


class Counted(bytes):
    """Bytes that count how often one of them is looked at, wherever the code runs interpreted."""

    looks = 0

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, int):
            Counted.looks += 1
        return super().__getitem__(index)


def looks_at(parser: AnyResponseParser, wire: bytes, piece_bytes: int) -> int:
    Counted.looks = 0
    for start in range(0, len(wire), piece_bytes):
        parser.feed(Counted(wire[start : start + piece_bytes]))
    return Counted.looks


FAMILIES = {
    "many fields": lambda size: OK + b"a: 1\r\n" * size,
    "a long name": lambda size: OK + b"a" * size * 6,
    "a long value": lambda size: OK + b"a: " + b"x" * size * 6,
    "values of blanks": lambda size: OK + b"a:" + b" " * size * 6 + b"\r\n",
    "a long phrase": lambda size: b"HTTP/1.1 200 " + b"x" * size * 6,
    "empty lines": lambda size: b"\r\n" * size * 3,
    "long lists": lambda size: OK + b"Connection: " + b"a," * size * 3 + b"\r\n",
    "lists of blanks": lambda size: OK + b"Connection: a" + b" " * size * 6 + b"\r\n",
    "long lengths": lambda size: OK + b"Content-Length: " + b"0" * size * 6 + b"1\r\n",
    "one-byte chunks": lambda size: OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * size,
    "extensions": lambda size: OK + b"Transfer-Encoding: chunked\r\n\r\n1" + b";a=b" * size + b"\r\n",
    "quoted extensions": lambda size: OK + b'Transfer-Encoding: chunked\r\n\r\n1;a="' + b'\\"' * size * 3,
    "trailers": lambda size: OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: 1\r\n" * size,
    "interim heads": lambda size: b"HTTP/1.1 100 x\r\n\r\n" * size,
}
FREE = Limits(**dict.fromkeys(Limits.__slots__))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("piece_bytes", [1, 7, 1_000_000])
def test_twice_the_input_is_looked_at_twice_as_often(
    family: str, piece_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The loops that are compiled are the ones to count; searches look at the same octets in C.
    use_loops(monkeypatch)

    def looks(size: int) -> int:
        return looks_at(ResponseParser(limits=FREE), FAMILIES[family](size), piece_bytes)

    # Compiled code reads memory directly and is not counted; it runs the same lines.
    assert looks(200) <= 2.2 * looks(100)


LINES = (
    b"Content-Length: 3",
    b"content-length:03",
    b"Connection: close, x",
    b"X-Connection: Connection: close",
    b"Proxy-Connection: close",
    b"proxy_connection: close",
    b"Transfer-Encoding: chunked",
    b"Transfer_Encoding: chunked",
    b"Upgrade: a",
    b"Expect: 100-continue",
    b"Host: a",
    b"Hose: a",
    b"a:",
    b"A: b\tc ",
    b"no colon",
    b" folded",
    b"a: \0",
    b"a: " + b"b" * 30,
    b"",
)


@pytest.mark.skipif(COMPILED, reason="compiled, there are only the loops")
@given(
    lines=st.lists(st.sampled_from(LINES), max_size=9),
    ends=st.lists(st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r"]), min_size=9, max_size=9),
    limits=st.sampled_from([Limits(), Limits(fields=2), Limits(field_bytes=20), Limits(head_bytes=60)]),
    start=st.sampled_from([b"", OK, b"HTTP/1.1 200\r\n", b"\r\nHTTP/1.0 404 \xff\r\n", b"HTTP/2 200\r\n"]),
    cut=st.integers(0, 120),
)
@example(lines=[b"a:"] * 3, ends=[b"\r\n"] * 9, limits=Limits(fields=2), start=OK, cut=0)
def test_searches_and_loops_read_the_same(
    lines: list[bytes], ends: list[bytes], limits: Limits, start: bytes, cut: int
) -> None:
    wire = start + b"".join(line + end for line, end in zip(lines, ends, strict=False)) + b"\r\nabc"
    pieces = [wire[:cut], wire[cut:]]
    searched = read_events(ResponseParser(limits=limits), pieces, eof=True)
    with pytest.MonkeyPatch.context() as patch:
        use_loops(patch)
        looped = read_events(ResponseParser(limits=limits), pieces, eof=True)
    assert looped.events == searched.events
    assert (type(looped.fault), str(looped.fault)) == (type(searched.fault), str(searched.fault))


@pytest.mark.parametrize("loops", [True, False])
def test_the_end_of_a_line_counts_too(monkeypatch: pytest.MonkeyPatch, *, loops: bool) -> None:
    if loops:
        use_loops(monkeypatch)
    limits = Limits(head_bytes=len(OK + b"a: 1\r"))
    with pytest.raises(MessageTooLarge, match=f"head_bytes={limits.head_bytes}"):
        ResponseParser(limits=limits).feed(OK + b"a: 1\r\n\r\n")
