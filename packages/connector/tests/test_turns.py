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
    turns.announce("north")
    assert turns.first() == (3, "north")
    present.clear()
    assert turns.first() is None


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=200))
def test_the_answer_is_that_of_a_search(steps: list[tuple[int, bool]]) -> None:
    present: dict[int, int] = {}
    turns = Turns(present.get)
    for number, (group, wants_one) in enumerate(steps):
        if wants_one:
            present[group] = number
        else:
            present.pop(group, None)
        turns.announce(group)
        assert turns.first() == min(((turn, which) for which, turn in present.items()), default=None)


def test_what_no_longer_holds_does_not_pile_up() -> None:
    present = {"patient": 0}
    turns = Turns(present.get)
    turns.announce("patient")
    for number in range(1, 10_000):
        present["fickle"] = number
        turns.announce("fickle")
        assert turns.first() == (0, "patient")
    assert len(turns._heap) < 200
