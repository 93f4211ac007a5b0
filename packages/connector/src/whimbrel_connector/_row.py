"""Those who wait for one thing, in the order of their turns.

Thousands may stand in a row at once, so each costs little: two entries in queues, which it leaves when it
comes to the front, even if it has gone long before.
"""

from collections import deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

__all__ = ["Row"]

Ticket = TypeVar("Ticket", bound=Hashable)

_FEW = 64


class Row(Generic[Ticket]):
    """A queue that its members may leave at any time; who has left it never comes back."""

    __slots__ = ("_gone", "_queue", "_turns")

    def __init__(self) -> None:
        self._queue: deque[Ticket] = deque()
        # Of those in the queue, one by one: pairs would be one more object each to the garbage collector.
        self._turns: deque[int] = deque()
        self._gone: set[Ticket] = set()  # they are in the queue still

    def __len__(self) -> int:
        return len(self._queue) - len(self._gone)

    def __iter__(self) -> Iterator[Ticket]:
        """Those who wait, in order."""
        return (ticket for ticket in self._queue if ticket not in self._gone)

    def first(self) -> Ticket | None:
        """Return the first who waits; None when nobody does."""
        queue, gone = self._queue, self._gone
        while gone and queue[0] in gone:
            gone.remove(self._pop())
        return queue[0] if queue else None

    def first_turn(self) -> int | None:
        """Return the turn of the first who waits; None when nobody does."""
        return None if self.first() is None else self._turns[0]

    def take_first(self) -> tuple[Ticket, int]:
        """Let the first wait no longer; return it and its turn.

        Raises:
            IndexError: Nobody waits.
        """
        self.first()
        turn = self._turns[0]
        return self._pop(), turn

    def join(self, ticket: Ticket, turn: int) -> None:
        """Let `ticket` wait behind all others."""
        self._queue.append(ticket)
        self._turns.append(turn)

    def jump(self, ticket: Ticket, turn: int) -> None:
        """Let `ticket` wait before all others."""
        self._queue.appendleft(ticket)
        self._turns.appendleft(turn)

    def leave(self, ticket: Ticket) -> None:
        """Let `ticket`, which waits, wait no longer."""
        if self._queue[0] is ticket:
            self._pop()
            return
        self._gone.add(ticket)
        if len(self._gone) > len(self) + _FEW:
            self._forget_the_gone()

    def _pop(self) -> Ticket:
        self._turns.popleft()
        return self._queue.popleft()

    def _forget_the_gone(self) -> None:
        present = [pair for pair in zip(self._queue, self._turns, strict=True) if pair[0] not in self._gone]
        self._queue = deque([ticket for ticket, _ in present])
        self._turns = deque([turn for _, turn in present])
        self._gone = set()
