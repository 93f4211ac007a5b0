"""Threads for calls that may hang: few, of their own, and in nobody's way.

`getaddrinfo` can hang for many seconds and cannot be interrupted. In the loop's executor it would hold up
whoever else uses that, the end of the loop, and the end of the interpreter. These threads are bounded in
number, end as soon as there is nothing to do, and nobody waits for them.
"""

import asyncio
import threading
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Generic, TypeVar

__all__ = ["LookupThreads"]

_T = TypeVar("_T")


class LookupThreads(Generic[_T]):
    """Make calls in threads, for any event loop.

    Args:
        most: How many threads there are at once; what is asked beyond that waits for its turn.

    Raises:
        ValueError: `most` is not positive.
    """

    def __init__(self, most: int) -> None:
        if most < 1:
            msg = f"there must be room for at least one thread, not for {most}"
            raise ValueError(msg)
        self._most = most
        self._count = 0
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, _Job[_T]] = {}
        self._running: dict[Hashable, _Job[_T]] = {}

    async def call(self, key: Hashable, function: Callable[[], _T]) -> _T:
        """Return what `function` returns, or raise what it raises.

        Whoever asks with an equal `key` while a call waits or is under way shares its outcome: what hangs
        holds one thread, however many give it up and ask again.

        Raises:
            OSError: `close` was called meanwhile, or the system has no thread left.
        """
        outcome: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        with self._lock:
            job = self._running.get(key) or self._waiting.get(key)
            needs_thread = job is None and self._count < self._most
            if job is None:
                job = self._waiting[key] = _Job(function)
            job.outcomes.append(outcome)
            self._count += needs_thread
        try:
            if needs_thread:
                self._start_thread()
            return await outcome
        finally:
            self._leave(key, job, outcome)

    def close(self) -> None:
        """Turn away all who wait; what is under way ends by itself, and nobody is told."""
        with self._lock:
            jobs = [*self._waiting.values(), *self._running.values()]
            self._waiting.clear()
            left = [outcome for job in jobs for outcome in job.outcomes]
        for outcome in left:
            _tell(outcome, lambda waiting: waiting.set_exception(OSError("the resolver was closed")))

    def _start_thread(self) -> None:
        try:
            # The interpreter does not wait for daemons.
            threading.Thread(target=self._work, name="whimbrel-lookup", daemon=True).start()
        except RuntimeError as fault:
            with self._lock:
                self._count -= 1
            raise OSError(str(fault)) from fault

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            key, job = taken
            settle = _outcome_of(job.function)
            with self._lock:
                del self._running[key]
                outcomes = list(job.outcomes)
            for outcome in outcomes:
                _tell(outcome, settle)

    def _take(self) -> "tuple[Hashable, _Job[_T]] | None":
        """Return the job that waits longest, or None where the thread may end."""
        with self._lock:
            for key, job in self._waiting.items():
                del self._waiting[key]
                self._running[key] = job
                return key, job
            self._count -= 1
            return None

    def _leave(self, key: Hashable, job: "_Job[_T]", outcome: "asyncio.Future[_T]") -> None:
        with self._lock:
            job.outcomes.remove(outcome)
            if not job.outcomes and self._waiting.get(key) is job:
                del self._waiting[key]


class _Job(Generic[_T]):
    """A call, and those who wait for what comes of it."""

    __slots__ = ("function", "outcomes")

    def __init__(self, function: Callable[[], _T]) -> None:
        self.function = function
        self.outcomes: list[asyncio.Future[_T]] = []


def _outcome_of(function: Callable[[], _T]) -> "Callable[[asyncio.Future[_T]], object]":
    """Call `function` and return what tells a future of the outcome."""
    try:
        result = function()
    except Exception as fault:  # noqa: BLE001  whatever it is, it is for those who wait
        caught = fault
        return lambda outcome: outcome.set_exception(caught)
    return lambda outcome: outcome.set_result(result)


def _tell(outcome: "asyncio.Future[_T]", settle: "Callable[[asyncio.Future[_T]], object]") -> None:
    def settle_if_awaited() -> None:
        if not outcome.done():
            settle(outcome)

    with suppress(RuntimeError):  # its loop was closed: nobody waits any more
        outcome.get_loop().call_soon_threadsafe(settle_if_awaited)
