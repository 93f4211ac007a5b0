"""How long each phase may take, and the one mechanism that ends it.

`Deadline` is `asyncio.timeout` as every supported Python needs it, with the error as an argument and
with a life after the block: a request's total limit also covers the body that is read later.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Deadline", "Timeouts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Limits of the phases before a connection is there, in seconds; None means no limit.

    Attributes:
        lease: Waiting for the pool and getting there, together.
        connect: Getting there alone: address lookup, TCP, the proxy's tunnel, TLS.
    """

    lease: float | None = None
    connect: float | None = None


class Deadline:
    """Cancel the block after `seconds` and raise `error(seconds)` in its place.

    A cancellation that comes from elsewhere passes through untouched. `seconds` None sets no limit.
    """

    __slots__ = ("_cancelled_before", "_error", "_expired", "_handle", "_seconds", "_task", "_then")

    def __init__(self, seconds: float | None, error: Callable[[float], Exception]) -> None:
        self._seconds = seconds
        self._error = error
        self._expired = False
        self._cancelled_before = 0
        self._handle: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._then: Callable[[Exception], object] | None = None

    async def __aenter__(self) -> "Self":
        """Start the clock."""
        if self._seconds is not None:
            self._task = asyncio.current_task()
            self._cancelled_before = _cancellations(self._task)
            self._handle = asyncio.get_running_loop().call_later(self._seconds, self._expire)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clock, unless it goes on for another; turn the cancellation it caused into the error."""
        if kind is not None or self._then is None:
            self.stop()
        if self._expired and self._seconds is not None:
            # Taken back in any case: the block may have ended otherwise than by this cancellation.
            others_cancelled = _take_back_one(self._task) > self._cancelled_before
            if isinstance(fault, asyncio.CancelledError) and not others_cancelled:
                raise self._error(self._seconds) from fault
        self._task = None

    def go_on(self, then: Callable[[Exception], object]) -> None:
        """Keep the clock running after the block: on expiry the error is given to `then`."""
        self._then = then
        if self._expired and self._seconds is not None:  # the block has overheard its cancellation
            then(self._error(self._seconds))

    def stop(self) -> None:
        """Stop the clock."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _expire(self) -> None:
        if self._then is not None and self._seconds is not None:
            self._then(self._error(self._seconds))
        elif self._task is not None:
            self._expired = True
            self._task.cancel()


def _cancellations(task: "asyncio.Task[object] | None") -> int:
    cancelling = getattr(task, "cancelling", None)  # Python 3.11 and later count them
    return cancelling() if cancelling is not None else 0


def _take_back_one(task: "asyncio.Task[object] | None") -> int:
    uncancel = getattr(task, "uncancel", None)
    return uncancel() if uncancel is not None else 0
