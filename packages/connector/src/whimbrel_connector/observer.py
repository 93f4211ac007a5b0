"""`ConnectObserver`: who wants to know how a request comes by its connection.

The request waits for each of its methods. One that raises, or is cancelled, ends the request; the
place or the connection that it held is given back or closed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from whimbrel_connector.alarm_clock import AlarmClock
from whimbrel_connector.deadline import Deadline
from whimbrel_connector.errors import ConnectAttempt
from whimbrel_connector.timeout_errors import PhaseTimeout
from whimbrel_connector.timeouts import Timeouts

__all__ = [
    "ConnectObserver",
    "attempts_so_far",
    "dialling_for",
    "limit_of",
    "note_attempts",
    "present_observer",
]


class ConnectObserver(Protocol):
    """All that a connector tells of one request."""

    async def queue_entered(self) -> None:
        """The request must wait for a place in the pool."""

    async def queue_left(self) -> None:
        """It has waited for its place."""

    async def opening(self) -> None:
        """A connection is about to be opened for it."""

    async def opened(self) -> None:
        """The connection was opened."""

    async def reused(self) -> None:
        """An idle connection serves it."""

    async def resolving(self, host: str) -> None:
        """The resolver is about to be asked."""

    async def resolved(self, host: str) -> None:
        """The resolver has answered."""

    async def address_known(self, host: str) -> None:
        """The address is in the cache, or is being looked up for another request already."""

    async def address_unknown(self, host: str) -> None:
        """The address is not in the cache."""


_NO_LIMITS = Timeouts()
_NO_CLOCK = AlarmClock()


class _Seat:
    """Where the observer of a dialling sits while it lasts, with its limits and its attempts."""

    __slots__ = ("attempts", "clock", "observer", "timeouts")

    def __init__(self, observer: ConnectObserver | None, timeouts: Timeouts, clock: AlarmClock) -> None:
        self.observer = observer
        self.timeouts = timeouts
        self.clock = clock
        self.attempts: Callable[[], tuple[ConnectAttempt, ...]] | None = None


# `dial` and `resolve` are for others to implement and need not know of these, so they are found here.
# A transport keeps the context it was made in: the seat is left empty, lest it keep a session alive.
_SEAT: ContextVar[_Seat | None] = ContextVar("_SEAT", default=None)


@contextmanager
def dialling_for(
    observer: ConnectObserver | None, timeouts: Timeouts = _NO_LIMITS, clock: AlarmClock = _NO_CLOCK
) -> Iterator[None]:
    """Let `present_observer` and `limit_of` know of these in this task until the end of the block."""
    seat = _Seat(observer, timeouts, clock)
    before = _SEAT.set(seat)
    try:
        yield
    finally:
        _SEAT.reset(before)
        seat.observer = seat.attempts = None


def present_observer() -> ConnectObserver | None:
    """Return who observes the dialling that this task does, if anybody."""
    seat = _SEAT.get()
    return None if seat is None else seat.observer


def note_attempts(source: Callable[[], tuple[ConnectAttempt, ...]] | None) -> None:
    """Let `attempts_so_far` know who knows the attempts of the dialling that this task does."""
    seat = _SEAT.get()
    if seat is not None:
        seat.attempts = source


def attempts_so_far() -> tuple[ConnectAttempt, ...]:
    """Return the attempts of the dialling that this task does, none where it does something else now."""
    seat = _SEAT.get()
    return () if seat is None or seat.attempts is None else seat.attempts()


def limit_of(phase: type[PhaseTimeout]) -> Deadline:
    """Return the limit of a phase of the dialling that this task does; `phase` is what ends it.

    Its name is one of those of `Timeouts`.
    """
    seat = _SEAT.get()
    if seat is None:
        return Deadline(_NO_CLOCK, None, phase)
    seconds: float | None = getattr(seat.timeouts, phase.phase)
    return Deadline(seat.clock, seconds, phase)
