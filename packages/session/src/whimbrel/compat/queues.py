"""`DataQueue`, a queue with one reader, and a body of nothing, as aiohttp has them; here nobody uses them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

from whimbrel_connector import StreamReader

__all__ = ["EMPTY_PAYLOAD", "DataQueue", "EmptyStreamReader", "EofStream"]

_T = TypeVar("_T")


class EofStream(Exception):
    """The queue has ended, and everything before its end was read."""


class DataQueue(Generic[_T]):
    """Things are fed in at one end, and one reader takes them out at the other.

    Args:
        loop: Accepted for compatibility and not used: the running loop is taken at each wait.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        del loop
        self._things: deque[_T] = deque()
        self._exception: BaseException | None = None
        self._is_eof = False
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._things)

    def is_eof(self) -> bool:
        """Tell whether the end, or an error, was fed."""
        return self._is_eof

    def at_eof(self) -> bool:
        """Tell whether the end was fed and everything before it was read."""
        return self._is_eof and not self._things

    def exception(self) -> BaseException | None:
        """Return the error that ended the queue, if one did."""
        return self._exception

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """End the queue with an error, which is raised once everything before it was read."""
        if exc_cause is not None:
            exc.__cause__ = exc_cause
        self._exception = exc
        self.feed_eof()

    def feed_data(self, data: _T, size: int = 0) -> None:
        """Append a thing; `size` is accepted for compatibility."""
        del size
        self._things.append(data)
        self._wake()

    def feed_eof(self) -> None:
        """Mark the end."""
        self._is_eof = True
        self._wake()

    async def read(self) -> _T:
        """Wait for the next thing and return it.

        Raises:
            EofStream: The end was reached.
            RuntimeError: Another task waits already.
            BaseException: Whatever was given to `set_exception`.
        """
        if self._waiter is not None:
            msg = "read() called while another coroutine is already waiting for incoming data"
            raise RuntimeError(msg)
        while not self._things and not self._is_eof:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._things:
            return self._things.popleft()
        raise EofStream if self._exception is None else self._exception

    async def __aiter__(self) -> AsyncIterator[_T]:
        """Iterate until the end."""
        while True:
            try:
                thing = await self.read()
            except EofStream:
                return
            yield thing

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class EmptyStreamReader(StreamReader):
    """A body of nothing, which has ended from the beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.feed_eof()


EMPTY_PAYLOAD = EmptyStreamReader()
