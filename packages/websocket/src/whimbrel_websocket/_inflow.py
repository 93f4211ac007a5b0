"""Messages received and not yet asked for: a queue with a size in bytes and at most one reader."""

import asyncio
from collections import deque

from whimbrel_websocket.messages import WSMessage, weight

__all__ = ["Inflow"]


class Inflow:
    """The queue between the transport, which puts, and `receive`, which takes.

    Args:
        high_bytes: From this size on `is_full` asks to stop reading; below half of it `is_low`
            allows to go on.
    """

    def __init__(self, high_bytes: int) -> None:
        self._messages: deque[tuple[WSMessage, int]] = deque()
        self._size = 0
        self._high_bytes = high_bytes
        self._waiter: asyncio.Future[bool] | None = None  # of whether there is a message

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def is_full(self) -> bool:
        """Whether no more should be read from the peer for now."""
        return self._size >= self._high_bytes

    @property
    def is_low(self) -> bool:
        """Whether reading may go on after it was stopped."""
        return self._size * 2 <= self._high_bytes

    def put(self, message: WSMessage) -> None:
        """Add a message and wake the reader."""
        size = weight(message)
        self._messages.append((message, size))
        self._size += size
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(True)

    def take(self) -> WSMessage:
        """Return the oldest message; there must be one."""
        message, size = self._messages.popleft()
        self._size -= size
        return message

    def clear(self) -> None:
        """Drop all messages."""
        self._messages.clear()
        self._size = 0

    async def wait(self, seconds: float | None) -> None:
        """Return as soon as there is a message.

        Raises:
            asyncio.TimeoutError: None came within `seconds`; None or 0 waits for ever.
        """
        if self._messages:
            return
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        timer = loop.call_later(seconds, _expire, waiter) if seconds else None
        try:
            if not await waiter:  # an error in the waiter, which this frame holds, would close a circle
                msg = f"no message came within {seconds:g} s"
                raise asyncio.TimeoutError(msg)
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()


def _expire(waiter: "asyncio.Future[bool]") -> None:
    if not waiter.done():
        waiter.set_result(False)
