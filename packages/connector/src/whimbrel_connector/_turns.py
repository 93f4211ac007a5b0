"""Whose turn it is among many groups, when the answer changes with every step."""

from collections.abc import Callable, Hashable
from heapq import heapify, heappop, heappush, heapreplace
from typing import Generic, TypeVar

__all__ = ["Turns"]

Group = TypeVar("Group", bound=Hashable)

_FEW = 64


class Turns(Generic[Group]):
    """Groups in the order of their turns; the lowest number comes first.

    A group stands in a heap with a number that is not above its turn, and is put right when it comes
    to the top: a turn that gets later, or ends, costs nothing when it does.

    Args:
        turn_of: Returns the present turn of a group, or None while it wants none. Turns are unique.
    """

    __slots__ = ("_heap", "_numbers", "_turn_of", "_worth_a_cleaning")

    def __init__(self, turn_of: Callable[[Group], int | None]) -> None:
        self._turn_of = turn_of
        self._heap: list[tuple[int, Group]] = []
        self._numbers: dict[Group, int] = {}
        self._worth_a_cleaning = _FEW

    def announce(self, group: Group) -> None:
        """Learn that the group may have got a turn, or an earlier one."""
        turn = self._turn_of(group)
        if turn is None:
            return
        number = self._numbers.get(group)
        if number is None or turn < number:
            self._numbers[group] = turn
            heappush(self._heap, (turn, group))
            if len(self._heap) > self._worth_a_cleaning:
                self._clean()

    def first(self) -> tuple[int, Group] | None:
        """Return the group whose turn it is, after the turn; None when no group wants one."""
        heap, numbers = self._heap, self._numbers
        while heap:
            number, group = heap[0]
            turn = self._turn_of(group)
            if numbers.get(group) != number:  # it has been announced with an earlier turn since
                heappop(heap)
            elif turn == number:
                return heap[0]
            elif turn is None:
                heappop(heap)
                del numbers[group]
            else:
                heapreplace(heap, (turn, group))
                numbers[group] = turn
        return None

    def _clean(self) -> None:
        """Drop those who want no turn; without it they would stay until they came to the top."""
        present = ((self._turn_of(group), group) for group in self._numbers)
        self._heap = [(turn, group) for turn, group in present if turn is not None]
        heapify(self._heap)
        self._numbers = {group: turn for turn, group in self._heap}
        self._worth_a_cleaning = 2 * len(self._heap) + _FEW
