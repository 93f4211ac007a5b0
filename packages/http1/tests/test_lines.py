"""Cutting fields: names and values as they came, outer blanks removed, whoever asks and when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from whimbrel_http1 import ResponseHead, ResponseParser
from whimbrel_http1._lines import find_fields, split_fields


def test_values_lose_outer_blanks_and_nothing_else() -> None:
    block = b"start\r\nA: 1\r\nb:2 \r\nC:\r\nD:\t \r\nE: x \t y\t\r\nF: :\r\n\r\n"
    assert split_fields(block, 7) == (
        (b"A", b"1"),
        (b"b", b"2"),
        (b"C", b""),
        (b"D", b""),
        (b"E", b"x \t y"),
        (b"F", b":"),
    )


lines = st.lists(st.sampled_from([b"A: 1", b"a: 11", b"AA: 1", b"B:2 ", b"C:", b"D:\t\t"]), max_size=6)


@given(lines, st.sampled_from([b"a", b"A", b"b", b"d", b"e"]))
def test_a_search_finds_what_cutting_shows(head: list[bytes], name: bytes) -> None:
    block = b"".join(line + b"\r\n" for line in head) + b"\r\n"
    expected = [value for key, value in split_fields(block, 0) if key.lower() == name.lower()]
    assert find_fields(block, 0, name) == expected


def test_heads_may_be_asked_in_any_order() -> None:
    parser = ResponseParser()
    wires = [b"HTTP/1.1 204 x\r\nA: %d\r\nB: 2\r\n\r\n" % number for number in range(4)]
    heads = [event for wire in wires for event in parser.feed(wire) if isinstance(event, ResponseHead)]
    for index in (2, 0, 3, 1):
        assert heads[index].raw_headers == ((b"A", b"%d" % index), (b"B", b"2"))
        assert heads[index].raw_headers is heads[index].raw_headers
