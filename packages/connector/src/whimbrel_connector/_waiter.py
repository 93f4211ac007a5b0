"""What one task waits for, and is woken by in the very turn of the loop that brings it.

A future lets its task go on one turn later: asyncio asks the system once more what has come, and finds
the task in its queue. For a small answer that costs as much as reading it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextvars import Context
from itertools import repeat
from typing import Generic, TypeVar, cast

__all__ = ["Waiter"]

T = TypeVar("T")


class Waiter(Generic[T]):
    """A value to come, for which one task at most waits: what asyncio knows as a future-like object.

    Who sets the value calls `wake` when the rest of its own work is done, because the task then runs
    inside that call until it waits again. Errors come one turn later, as with a future.
    """

    __slots__ = ("_asyncio_future_blocking", "_context", "_fault", "_is_done", "_loop", "_resume", "_value")

    _value: T

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._asyncio_future_blocking = False
        self._is_done = False
        self._fault: BaseException | None = None
        self._resume: Callable[[Awaitable[object]], object] | None = None
        self._context: Context | None = None

    def done(self) -> bool:
        """Tell whether there is a value or an error."""
        return self._is_done

    def set_result(self, value: T) -> None:
        """Have the value; the task learns of it by `wake`."""
        self._value = value
        self._is_done = True

    def set_exception(self, fault: BaseException) -> None:
        """Have an error instead, and let the task learn of it in the next turn."""
        self._fault = fault
        self._is_done = True
        self.wake_later()

    def drop_fault(self) -> None:
        """Hold the error no longer: it was raised, and its traceback holds this."""
        self._fault = None

    def wake(self, news: "asyncio.Future[None]") -> None:
        """Let the task go on at once, if it waits and a value has come.

        Called from within another task, it lets it go on in the next turn.

        Args:
            news: Any future that is done: what the task is told of, which wants to know only whether that has
                failed. A future it asks at a glance, and an object of another class, as this one, by name.
        """
        if asyncio.current_task(self._loop) is None:
            self.go_on(news)
        else:
            self.wake_later()

    def go_on(self, news: "asyncio.Future[None]") -> None:
        """Do as `wake`, where no task is known to run."""
        resume, context = self._resume, self._context
        if resume is None or context is None or not self._is_done:
            return
        self._resume = self._context = None
        try:
            context.run(resume, news)
        except (SystemExit, KeyboardInterrupt) as stop:
            self._loop.call_soon(_raise, stop)  # past the transport, which may keep errors to itself

    def wake_later(self) -> None:
        """Let the task go on in the next turn, if it waits and something has come."""
        if not self._is_done:
            return
        resume, context = self._resume, self._context
        self._resume = self._context = None  # else they would live as long as the response
        if resume is not None:
            self._loop.call_soon(resume, self, context=context)

    # What asyncio's tasks ask of a future.

    def __await__(self) -> Generator[object, None, None]:
        """Wait until something has come; `result` tells what."""
        self._asyncio_future_blocking = not self._is_done
        # A task that is given this object calls `add_done_callback`, and `result` before it goes on. `await`
        # wants no more than an iterator; a generator would cost as much as a turn of the loop. This one is a
        # single object to the garbage collector, which looks at all who wait again and again.
        steps: Iterator[object] = iter(()) if self._is_done else repeat(self, 1)
        return cast("Generator[object, None, None]", steps)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop of the task."""
        return self._loop

    def add_done_callback(self, resume: "Callable[[Awaitable[object]], object]", *, context: Context) -> None:
        """Learn how the task goes on."""
        self._resume, self._context = resume, context
        if self._is_done:
            self.wake_later()

    def result(self) -> T:
        """Return the value.

        Raises:
            BaseException: The error that came instead.
        """
        if self._fault is not None:
            raise self._fault
        return self._value

    def cancel(self, msg: object = None) -> bool:
        """Let the task be cancelled, unless something has come."""
        if self._is_done:
            return False
        self.set_exception(asyncio.CancelledError() if msg is None else asyncio.CancelledError(msg))
        return True


def _raise(stop: BaseException) -> None:
    raise stop
