"""Field lines outside of messages."""

from __future__ import annotations

import pytest

from whimbrel_http1 import Limits, MalformedMessage, MessageTooLarge, parse_fields


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (b"", ()),
        (b"A: b", ((b"A", b"b"),)),
        (b"A: b\r\n", ((b"A", b"b"),)),
        (b"A:b\r\na:\t\r\n", ((b"A", b"b"), (b"a", b""))),
        (b"Content-Length: x\r\n", ((b"Content-Length", b"x"),)),
    ],
)
def test_lines_become_pairs(block: bytes, expected: tuple[tuple[bytes, bytes], ...]) -> None:
    assert parse_fields(block) == expected


@pytest.mark.parametrize(
    "block", [b"\r\n", b"A: b\r\n\r\n", b"A: b\r\n\r\nC: d", b"A: b\nC: d", b"A", b" A: b", b"A: b\r\n c", b"A : b", b"A: \x00", b"A: b\r", b"\n"]
)  # fmt: skip
def test_what_is_no_field_line_is_refused(block: bytes) -> None:
    with pytest.raises(MalformedMessage):
        parse_fields(block)


def test_limits_hold() -> None:
    with pytest.raises(MessageTooLarge, match="fields=1"):
        parse_fields(b"A: b\r\nC: d\r\n", Limits(fields=1))
    with pytest.raises(MessageTooLarge, match="field_bytes=3"):
        parse_fields(b"A: b\r\n", Limits(field_bytes=3))
    with pytest.raises(MessageTooLarge, match="head_bytes=5"):
        parse_fields(b"A: b\r\nC: d\r\n", Limits(head_bytes=5))
