"""Whose turn it is among many groups, when the answer changes with every step."""

from collections.abc import Callable, Hashable
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

__all__ = ["Turns"]

Group = TypeVar("Group", bound=Hashable)

_FEW = 64


class Turns(Generic[Group]):
    """Groups in the order of their turns; the lowest number comes first.

    A group's turn is asked for when it matters. So that a change costs no search, what no longer holds
    stays in the heap until it comes to the top, or until there is more of it than of the rest.

    Args:
        turn_of: Returns the present turn of a group, or None while it wants none. Turns are unique.
    """

    __slots__ = ("_heap", "_turn_of", "_worth_a_cleaning")

    def __init__(self, turn_of: Callable[[Group], int | None]) -> None:
        self._turn_of = turn_of
        self._heap: list[tuple[int, Group]] = []
        self._worth_a_cleaning = _FEW

    def announce(self, group: Group) -> None:
        """Learn that the group's turn may have changed."""
        turn = self._turn_of(group)
        if turn is not None:
            heappush(self._heap, (turn, group))
            if len(self._heap) > self._worth_a_cleaning:
                self._clean()

    def first(self) -> tuple[int, Group] | None:
        """Return the group whose turn it is, after the turn; None when no group wants one."""
        heap = self._heap
        while heap:
            turn, group = heap[0]
            if self._turn_of(group) == turn:
                return heap[0]
            heappop(heap)
        return None

    def _clean(self) -> None:
        self._heap = [entry for entry in set(self._heap) if self._turn_of(entry[1]) == entry[0]]
        heapify(self._heap)
        self._worth_a_cleaning = 2 * len(self._heap) + _FEW
