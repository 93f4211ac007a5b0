"""Write whole frames to a transport and hold senders back while it is full.

A frame is handed over in one piece, so any number of senders cannot interleave. While the transport
asks for a pause, senders wait before they write, and of the pongs that are due only the last is kept.
"""

import asyncio
from collections.abc import Callable

__all__ = ["Outflow"]


class Outflow:
    """The writing half of one connection.

    Args:
        transport: Takes the bytes.
        high_bytes: How much it may hold before senders wait.

    Attributes:
        is_paused: Whether the transport holds more than it wants to; senders then await `ready`.
    """

    def __init__(self, transport: asyncio.Transport, high_bytes: int) -> None:
        self._transport = transport
        self.is_paused = False
        self._resumed: asyncio.Future[None] | None = None
        self._owed: Callable[[], bytes] | None = None
        transport.set_write_buffer_limits(high=high_bytes)

    @property
    def is_closing(self) -> bool:
        """Whether the transport takes no more."""
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Hand over one whole frame now, whatever the transport holds."""
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def owe(self, make: Callable[[], bytes]) -> None:
        """Write what `make` returns, now or once the transport is ready; the last one wins.

        A peer that pings without end and never reads must not fill the memory of this side.
        """
        if self.is_paused:
            self._owed = make
        else:
            self.write(make())

    def pause(self) -> None:
        """Make senders wait."""
        self.is_paused = True

    def resume(self) -> None:
        """Let senders go on, and write what is owed."""
        self.is_paused = False
        owed, self._owed = self._owed, None
        if owed is not None:
            self.write(owed())
        self._wake()

    def stop(self) -> None:
        """Wake all senders for good: the connection begins to close or is lost."""
        self.is_paused = False
        self._owed = None
        self._wake()

    async def ready(self) -> None:
        """Return once the transport wants more, or will never want any."""
        while self.is_paused:
            if self._resumed is None:
                self._resumed = asyncio.get_running_loop().create_future()
            # One sender's cancellation must not be the others'.
            await asyncio.shield(self._resumed)

    def _wake(self) -> None:
        resumed, self._resumed = self._resumed, None
        if resumed is not None:
            resumed.set_result(None)
