"""Cutting fields: the memory of the last head never changes what is reported."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from whimbrel_http1 import ResponseHead, ResponseParser
from whimbrel_http1._field_lines import FieldMemory, split_fields


def test_equal_lines_give_the_same_pair_again() -> None:
    memory = FieldMemory()
    first = memory.split(b"A: 1\r\nB: 2\r\nC: 3\r\n\r\n", 0)
    second = memory.split(b"A: 1\r\nB: 22\r\nC: 3\r\n\r\n", 0)
    assert second == ((b"A", b"1"), (b"B", b"22"), (b"C", b"3"))
    assert (second[0] is first[0], second[2] is first[2]) == (True, True)
    assert memory.split(b"A: 1\r\nB: 22\r\nC: 3\r\n\r\n", 0) is second


def test_an_equal_block_with_other_fields_is_not_confused() -> None:
    memory = FieldMemory()
    block = b"A: 1\r\nB: 2\r\n\r\n"
    assert memory.split(block, 0) == ((b"A", b"1"), (b"B", b"2"))
    assert memory.split(block, 6) == ((b"B", b"2"),)


lines = st.lists(st.sampled_from([b"A: 1", b"A: 11", b"B:2 ", b"C:", b"D:\t\t", b"A: 1 "]), max_size=5)


@given(st.lists(lines, max_size=6))
def test_a_memory_changes_nothing(heads: list[list[bytes]]) -> None:
    memory = FieldMemory()
    for head in heads:
        block = b"".join(line + b"\r\n" for line in head) + b"\r\n"
        assert memory.split(block, 0) == split_fields(block, 0)


def test_heads_may_be_asked_in_any_order() -> None:
    parser = ResponseParser()
    wires = [b"HTTP/1.1 204 x\r\nA: %d\r\nB: 2\r\n\r\n" % number for number in range(4)]
    heads = [event for wire in wires for event in parser.feed(wire) if isinstance(event, ResponseHead)]
    for index in (2, 0, 3, 1):
        assert heads[index].raw_headers == ((b"A", b"%d" % index), (b"B", b"2"))
