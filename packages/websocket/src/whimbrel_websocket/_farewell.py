"""The end of a transport, bounded in time: linger, close, abort, give up.

Timers drive it, not a task: whoever waits may be cancelled, the end still comes.
"""

import asyncio

__all__ = ["Farewell"]

# RFC 6455 section 7.1.1: the client gives the server the time to close first.
_LINGER_SECONDS = 1.0
# A transport that does not report its end after an abort is broken; nobody waits for it longer.
_ABORT_SECONDS = 1.0


class Farewell:
    """Bring one transport to its end and tell who waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        self._loop = loop
        self._transport = transport
        self._timers: list[asyncio.TimerHandle] = []
        self._ended: asyncio.Future[None] = loop.create_future()
        self._is_lingering = False

    @property
    def has_ended(self) -> bool:
        """Whether the transport is gone."""
        return self._ended.done()

    def abort_within(self, seconds: float | None) -> None:
        """Abort after so many seconds unless the end comes before; None never does."""
        if seconds is not None and not self.has_ended:
            self._timers.append(self._loop.call_later(seconds, self.abort))

    def linger(self) -> None:
        """Leave the closing of the connection to the peer, for a moment."""
        if not self._is_lingering and not self.has_ended:
            self._is_lingering = True
            self._timers.append(self._loop.call_later(_LINGER_SECONDS, self._transport.close))

    def abort(self) -> None:
        """End it now; what was not written yet is lost."""
        if not self.has_ended:
            self._transport.abort()
            self._timers.append(self._loop.call_later(_ABORT_SECONDS, self.end))

    def end(self) -> None:
        """Note that the transport is gone."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if not self._ended.done():
            self._ended.set_result(None)

    async def wait(self) -> None:
        """Return when the transport is gone; cancelling this hurries nothing."""
        await asyncio.shield(self._ended)
