"""Whose turn it is: the same answer as a search gives, without one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from whimbrel_connector._turns import Turns


def test_the_lowest_turn_comes_first() -> None:
    present = {"north": 2, "south": 1}
    turns = Turns(present.get)
    for group in present:
        turns.announce(group)
    assert turns.first() == (1, "south")
    del present["south"]
    assert turns.first() == (2, "north")
    present["north"] = 3
    assert turns.first() == (3, "north")
    present["north"] = 0
    turns.announce("north")
    assert turns.first() == (0, "north")
    present.clear()
    assert turns.first() is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(-9, 9) | st.none()), max_size=200))
def test_the_answer_is_that_of_a_search(steps: list[tuple[int, int | None]]) -> None:
    present: dict[int, int] = {}
    turns = Turns(present.get)
    for number, (group, change) in enumerate(steps):
        before = present.get(group)
        if change is None:
            present.pop(group, None)
        else:
            present[group] = 1000 * change + number  # no two alike
            if before is None or present[group] < before:
                turns.announce(group)  # and otherwise nobody need be told
        if number % 3:
            assert turns.first() == min(((turn, which) for which, turn in present.items()), default=None)


def test_what_no_longer_holds_does_not_pile_up() -> None:
    present = {"patient": 0}
    turns = Turns(present.get)
    turns.announce("patient")
    for number in range(1, 10_000):
        fickle = f"number {number}"
        present[fickle] = number
        turns.announce(fickle)
        assert turns.first() == (0, "patient")
        del present[fickle]
    assert len(turns._heap) == len(turns._numbers) < 200
