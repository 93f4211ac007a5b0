"""Those who wait: the same order as a list gives, without looking through one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from whimbrel_connector._row import Row


def test_the_first_to_join_is_the_first() -> None:
    row = Row[str]()
    row.join("a", 1)
    row.join("b", 2)
    assert row.first() == "a"
    row.leave("a")
    assert row.first() == "b"
    row.leave("b")
    assert row.first() is None


def test_who_jumps_comes_before_all_others() -> None:
    row = Row[str]()
    row.join("a", 1)
    row.jump("b", -1)
    row.jump("c", -2)
    assert row.first_turn() == -2
    assert [row.take_first() for _ in range(3)] == [("c", -2), ("b", -1), ("a", 1)]


@given(st.lists(st.integers(0, 9), max_size=200))
def test_any_may_leave_at_any_time(steps: list[int]) -> None:
    row, present = Row[int](), list[int]()
    for number, step in enumerate(steps):
        if step < 4 and present:
            row.leave(present.pop(step % len(present)))
        elif step < 7:
            row.join(number, -number)
            present.append(number)
        else:
            row.jump(number, -number)
            present.insert(0, number)
        assert len(row) == len(present)
        assert list(row) == present
        if present and step % 2:
            assert row.first() == present[0]
            assert row.first_turn() == -present[0]
        elif present and not number % 5:
            first = present.pop(0)
            assert row.take_first() == (first, -first)


def test_those_who_have_left_do_not_pile_up() -> None:
    row = Row[int]()
    row.join(0, 0)
    for number in range(1, 10_000):
        row.join(number, number)
        row.leave(number)
    assert row.first() == 0
    assert len(row._queue) < 200
