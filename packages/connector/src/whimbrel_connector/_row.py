"""Those who wait for one thing, in the order of their turns.

Thousands may stand in a row at once, so each costs little: an entry in a dict, and one in a queue that it
leaves when it comes to the front, even if it has gone long before.
"""

from collections import deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

__all__ = ["Row"]

Ticket = TypeVar("Ticket", bound=Hashable)

_FEW = 64


class Row(Generic[Ticket]):
    """A queue that its members may leave at any time; who has left it never comes back."""

    __slots__ = ("_queue", "_turns")

    def __init__(self) -> None:
        self._queue: deque[Ticket] = deque()
        self._turns: dict[Ticket, int] = {}

    def __len__(self) -> int:
        return len(self._turns)

    def __iter__(self) -> Iterator[Ticket]:
        """Those who wait, in no order."""
        return iter(self._turns)

    def __contains__(self, ticket: Ticket) -> bool:
        return ticket in self._turns

    def first(self) -> Ticket | None:
        """Return the first who waits; None when nobody does."""
        queue, turns = self._queue, self._turns
        while queue:
            if queue[0] in turns:
                return queue[0]
            queue.popleft()
        return None

    def take_first(self) -> tuple[Ticket, int]:
        """Let the first wait no longer; return it and its turn.

        Raises:
            IndexError: Nobody waits.
        """
        while True:
            ticket = self._queue.popleft()
            turn = self._turns.pop(ticket, None)
            if turn is not None:
                return ticket, turn

    def turn_of(self, ticket: Ticket) -> int:
        """Return the turn of one who waits."""
        return self._turns[ticket]

    def join(self, ticket: Ticket, turn: int) -> None:
        """Let `ticket` wait behind all others."""
        self._queue.append(ticket)
        self._turns[ticket] = turn

    def jump(self, ticket: Ticket, turn: int) -> None:
        """Let `ticket` wait before all others."""
        self._queue.appendleft(ticket)
        self._turns[ticket] = turn

    def leave(self, ticket: Ticket) -> None:
        """Let `ticket` wait no longer."""
        del self._turns[ticket]
        if self._queue[0] is ticket:
            self._queue.popleft()
        elif len(self._queue) > 2 * len(self._turns) + _FEW:
            self._queue = deque([one for one in self._queue if one in self._turns])
