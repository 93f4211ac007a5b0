"""A request's body on its way out, beside the reading of the response."""

import asyncio
from collections.abc import Callable

from whimbrel_connector.errors import ExchangeClosed
from whimbrel_connector.request import Body
from whimbrel_http1 import MessageEncoder

__all__ = ["Upload"]


class Upload:
    """Writes one body; the transport's full buffer holds it back.

    Args:
        loop: The loop of the transport.
        transport: Where the framed bytes go.
        encoder: Frames them; its head is already out.
        body: What is written.
        continue_seconds: Wait so long for `go_ahead` before beginning; None begins at once.
    """

    __slots__ = (
        "_allowed",
        "_body",
        "_continue_seconds",
        "_drained",
        "_encoder",
        "_loop",
        "_stopped",
        "_task",
        "_transport",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        encoder: MessageEncoder,
        body: bytes | Body,
        continue_seconds: float | None,
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._encoder = encoder
        self._body = body
        self._continue_seconds = continue_seconds
        self._allowed: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    @property
    def is_complete(self) -> bool:
        """Whether every byte that the head declared has been written."""
        return self._encoder.done

    @property
    def is_held_back(self) -> bool:
        """Whether the peer takes nothing more for now."""
        return self._drained is not None

    def start(self, ended: Callable[[BaseException | None], None]) -> "asyncio.Task[None]":
        """Write in a task of its own; `ended` learns how that went, unless it was stopped."""
        if self._continue_seconds is not None:
            self._allowed = self._loop.create_future()
        self._task = self._loop.create_task(self._run())
        self._task.add_done_callback(lambda task: self._report(task, ended))
        return self._task

    def go_ahead(self) -> None:
        """Begin: the server has said `100 Continue`."""
        if self._allowed is not None and not self._allowed.done():
            self._allowed.set_result(None)

    def refuse_to_start(self) -> None:
        """Stop if nothing was written yet: the server has answered without wanting the body."""
        if self._allowed is not None and not self._allowed.done():
            self.stop()

    def stop(self) -> None:
        """Write no more."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()

    def pause(self) -> None:
        """Hold the body back: the transport's buffer is full."""
        if self._drained is None:
            self._drained = self._loop.create_future()

    def resume(self) -> None:
        """Let it go on."""
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    async def write(self, data: bytes) -> None:
        """Frame and write `data`, and wait while the transport's buffer is full.

        Raises:
            BodyLengthMismatch: It is more than the head declared; nothing of it is written.
            ExchangeClosed: The connection has gone.
        """
        if self._transport.is_closing():
            msg = "the connection closed during the upload"
            raise ExchangeClosed(msg)
        if not data:
            return
        self._transport.write(self._encoder.data(data))
        while self._drained is not None:
            await asyncio.shield(self._drained)

    async def _run(self) -> None:
        if self._allowed is not None:
            await asyncio.wait([self._allowed], timeout=self._continue_seconds)
            self._allowed = None
        if isinstance(self._body, bytes):
            await self.write(self._body)
        else:
            await self._body.write(self)
        self._transport.write(self._encoder.end())

    def _report(self, task: "asyncio.Task[None]", ended: Callable[[BaseException | None], None]) -> None:
        if not task.cancelled():
            ended(task.exception())
        elif not self._stopped:  # by what the body awaits, or by the end of the loop
            ended(ExchangeClosed("the writing of the body was cancelled"))
