"""Alarms for many, of which few ever ring: one timer of the loop serves all that are equally far away.

Almost every limit on time is called off before it is reached. Here setting one and calling it off cost
two operations on a dict; a timer of the loop costs as much as a tenth of a small request.
"""

import asyncio
from contextvars import Context
from typing import Protocol

__all__ = ["AlarmClock", "AlarmRow", "Sleeper"]

_FEW_ROWS = 16


class Sleeper(Protocol):
    """Who waits for an alarm; one object sets one alarm at a time."""

    def ring(self, late: float) -> None:
        """The time has come, and passed by so many seconds."""


class AlarmClock:
    """The alarms of one owner, such as a session; it needs no running loop to be made.

    It follows its user from one event loop to the next; alarms of the loop before are forgotten.
    """

    __slots__ = ("_last_row", "_loop", "_many_rows", "_rows")

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rows: dict[float, AlarmRow] = {}
        self._last_row: AlarmRow | None = None
        self._many_rows = _FEW_ROWS

    def set(self, seconds: float, sleeper: Sleeper) -> "AlarmRow":
        """Let `sleeper` be rung in `seconds`, unless it is discarded from what is returned before."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._rows, self._last_row = loop, {}, None
        row = self._last_row  # most wait equally long
        if row is None or row.seconds != seconds:
            row = self._last_row = self._rows.get(seconds) or self._add_row(loop, seconds)
        row.add(sleeper)
        return row

    def rest(self) -> None:
        """Stop the timers that nobody waits for; else each of them fires once more, in vain."""
        for seconds, row in list(self._rows.items()):
            if row.is_empty:
                row.stop()
                del self._rows[seconds]
                self._last_row = None

    def _add_row(self, loop: asyncio.AbstractEventLoop, seconds: float) -> "AlarmRow":
        if len(self._rows) >= self._many_rows:  # as where each request has seconds of its own
            self.rest()
            self._many_rows = max(_FEW_ROWS, 2 * len(self._rows))
        row = self._rows[seconds] = AlarmRow(loop, seconds)
        return row


class AlarmRow:
    """Those who wait equally long: the first to come is the first to be rung.

    Attributes:
        loop: The loop that they wait in.
        seconds: How long they wait.
    """

    __slots__ = ("_due", "_timer", "loop", "seconds")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self.loop = loop
        self.seconds = seconds
        self._due: dict[Sleeper, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nobody waits."""
        return not self._due

    def add(self, sleeper: Sleeper) -> None:
        """Let `sleeper` wait."""
        due = self.loop.time() + self.seconds
        self._due[sleeper] = due
        if self._timer is None:
            self._look_again_at(due)

    def discard(self, sleeper: Sleeper) -> None:
        """Let `sleeper` sleep."""
        # The timer stays: the next to come needs one that is no later.
        if sleeper in self._due:
            del self._due[sleeper]

    def stop(self) -> None:
        """Ring for nobody."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_again_at(self, due: float) -> None:
        # In a context of its own: that of whoever is the first would be kept alive for as long as it runs.
        self._timer = self.loop.call_at(due, self._look, context=Context())

    def _look(self) -> None:
        self._timer = None
        now = self.loop.time()
        while self._due:
            sleeper, due = next(iter(self._due.items()))
            if due > now:
                self._look_again_at(due)
                return
            del self._due[sleeper]
            # By way of the loop: what one of them raises is no concern of the others.
            self.loop.call_soon(sleeper.ring, now - due)
