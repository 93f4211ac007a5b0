"""A limit on the silence of a peer: one timer for many arrivals."""

import asyncio
from collections.abc import Callable

__all__ = ["SilenceWatch"]


class SilenceWatch:
    """Calls `too_long(seconds, elapsed)` once nothing was heard for `seconds`, pauses not counted.

    Hearing something only notes the time; the timer looks at the note when it fires.
    """

    __slots__ = ("_heard_at", "_loop", "_paused", "_seconds", "_timer", "_too_long")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, seconds: float, too_long: Callable[[float, float], None]
    ) -> None:
        self._loop = loop
        self._seconds = seconds
        self._too_long = too_long
        self._paused = False
        self._heard_at = loop.time()
        self._timer = loop.call_at(self._heard_at + seconds, self._look)

    def heard(self) -> None:
        """Note that something arrived."""
        self._heard_at = self._loop.time()

    def pause(self) -> None:
        """Do not count from now on: it is the reader who is slow."""
        self._paused = True

    def resume(self) -> None:
        """Count again, from now."""
        self._paused = False
        self.heard()

    def stop(self) -> None:
        """Watch no more."""
        self._timer.cancel()

    def _look(self) -> None:
        if self._paused:
            self.heard()
        due = self._heard_at + self._seconds
        if self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._look)
        else:
            elapsed = max(self._loop.time() - self._heard_at, self._seconds)  # sums of floats are not exact
            self._too_long(self._seconds, elapsed)
