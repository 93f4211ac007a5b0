"""The one mechanism that ends what takes too long.

`Deadline` is `asyncio.timeout` as every supported Python needs it, with the error as an argument and
with a life after the block: a request's total limit also covers the body that is read later.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from whimbrel_connector.alarm_clock import AlarmClock, AlarmRow

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Deadline"]


class Deadline:
    """Cancel the block after `seconds` and raise `error(seconds, elapsed)` in its place.

    A cancellation that comes from elsewhere passes through untouched. `seconds` None sets no limit.

    Args:
        clock: What wakes it; best one that many deadlines share.
        seconds: The limit.
        error: Makes the error from the limit and from the time that had passed, in seconds.
    """

    __slots__ = (
        "_cancelled_before",
        "_clock",
        "_error",
        "_expired",
        "_late",
        "_row",
        "_seconds",
        "_task",
        "_then",
    )

    def __init__(
        self, clock: AlarmClock, seconds: float | None, error: Callable[[float, float], Exception]
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._error = error
        self._expired = False
        self._cancelled_before = 0
        self._late = 0.0
        self._row: AlarmRow | None = None
        self._task: asyncio.Task[object] | None = None
        self._then: Callable[[Exception], object] | None = None

    def __enter__(self) -> "Self":
        """Start the clock."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clock, unless it goes on for another; turn the cancellation it caused into the error."""
        too_late = self.end(fault)
        if too_late is not None:
            try:
                raise too_late
            finally:
                del too_late  # its traceback holds this frame

    def start(self) -> None:
        """Start the clock, as `with` does.

        `with` keeps what ends it as an object of its own, one more for the garbage collector to look at for
        each of the thousands that may wait in such a block: they `start` and `end`.
        """
        if self._seconds is not None:
            row = self._row = self._clock.set(self._seconds, self)
            self._task = asyncio.current_task(row.loop)
            self._cancelled_before = _cancellations(self._task)

    def end(self, fault: BaseException | None = None) -> Exception | None:
        """End what `start` began, as `with` does; return the error to raise in place of `fault`, if any."""
        if fault is not None or self._then is None:
            self.stop()
        task, self._task = self._task, None
        if not self._expired or self._seconds is None:
            return None
        # Taken back in any case: the block may have ended otherwise than by this cancellation.
        others_cancelled = _take_back_one(task) > self._cancelled_before
        if others_cancelled or not isinstance(fault, asyncio.CancelledError):
            return None
        too_late = self._too_late(self._seconds)
        too_late.__cause__ = fault
        return too_late

    def go_on(self, then: Callable[[Exception], object]) -> None:
        """Keep the clock running after the block: on expiry the error is given to `then`."""
        self._then = then
        if self._expired and self._seconds is not None:  # the block has overheard its cancellation
            then(self._too_late(self._seconds))

    def stop(self) -> None:
        """Stop the clock."""
        if self._row is not None:
            self._row.discard(self)
            self._row = None

    def ring(self, late: float) -> None:
        """Take the clock's word that the time has come."""
        if self._row is None:  # stopped meanwhile
            return
        self._row = None
        self._late = late
        if self._then is not None and self._seconds is not None:
            self._then(self._too_late(self._seconds))
        elif self._task is not None:
            self._expired = True
            self._task.cancel()

    def _too_late(self, seconds: float) -> Exception:
        return self._error(seconds, seconds + self._late)


def _cancellations(task: "asyncio.Task[object] | None") -> int:
    cancelling = getattr(task, "cancelling", None)  # Python 3.11 and later count them
    return cancelling() if cancelling is not None else 0


def _take_back_one(task: "asyncio.Task[object] | None") -> int:
    uncancel = getattr(task, "uncancel", None)
    return uncancel() if uncancel is not None else 0
