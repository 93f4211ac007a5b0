"""Input that waits to be decoded: nothing lost, nothing twice, however it is taken."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from whimbrel_http1._codings import PendingInput


def test_what_is_taken_comes_in_order_and_stays_within_its_size() -> None:
    pending = PendingInput()
    for piece in (b"whim", b"", b"brel"):
        pending.push(piece)
    assert [pending.take(3) for _ in range(5)] == [b"whi", b"m", b"bre", b"l", b""]
    assert not pending


def test_a_piece_taken_whole_is_not_copied() -> None:
    piece = b"whimbrel" * 1000
    pending = PendingInput()
    pending.push(piece)
    assert pending.take(10**6) is piece


def test_a_look_takes_nothing() -> None:
    pending = PendingInput()
    assert pending.peek(2) == b""
    pending.push(b"a")
    pending.push(b"bc")
    assert [pending.peek(2), pending.peek(9), pending.take(9)] == [b"ab", b"abc", b"a"]


def test_what_is_cleared_is_gone() -> None:
    pending = PendingInput()
    pending.push(b"egg")
    pending.take(1)
    pending.clear()
    pending.push(b"shell")
    assert pending.take(9) == b"shell"


@given(
    st.lists(st.binary(max_size=5), max_size=20),
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=20),
)
def test_taking_and_putting_back_in_any_order_keeps_every_byte(
    pieces: list[bytes], steps: list[tuple[int, int]]
) -> None:
    pending = PendingInput()
    for piece in pieces:
        pending.push(piece)
    taken = b""
    for size, unused in steps:
        data = pending.take(size)
        used = max(len(data) - unused, 0)
        pending.put_back(data[used:])
        taken += data[:used]
    rest = b""
    while pending:
        rest += pending.take(7)
    assert taken + rest == b"".join(pieces)
