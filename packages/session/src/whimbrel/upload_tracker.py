"""`UploadTracker`: how far the body of one request has come, for progress bars and the like."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from whimbrel.errors import UploadAbortedError
from whimbrel_connector import Body, BodyWriter, Request

if TYPE_CHECKING:
    from whimbrel_connector import Exchange

__all__ = ["UploadTracker"]


class UploadTracker:
    """Follows the upload of one request, given to it as `upload_tracker=`.

    It is made within a running event loop, and serves once.

    Attributes:
        attempts: How often the request went out: redirects and repetitions begin anew.
        upload_complete: Done when the body has been written; it holds the error of a body that failed, and
            `UploadAbortedError` when the request ended without all of it.
    """

    def __init__(self) -> None:
        self.attempts = 0
        self.upload_complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_bound = False
        self._is_over = False  # the request has returned or raised: there will be no other attempt
        self._attempt: _Attempt | None = None

    @property
    def bytes_written(self) -> int:
        """Bytes of the body, after its content coding, that this attempt has given to the system."""
        return 0 if self._attempt is None else self._attempt.bytes_written

    def bind(self) -> None:
        """Follow one request from here on; for the session.

        Raises:
            RuntimeError: It followed another before.
        """
        if self._is_bound:
            msg = "UploadTracker is already bound to a request"
            raise RuntimeError(msg)
        self._is_bound = True

    def finish(self) -> None:
        """Learn that there will be no other attempt; for the session."""
        self._is_over = True
        self._settle()

    def begin(self, request: Request) -> Request:
        """Return `request` so that its body is followed, at the beginning of an attempt; for the session."""
        self.attempts += 1
        attempt = self._attempt = _Attempt(request.body, self._settle)
        return request if request.body == b"" else request.with_body(attempt)

    def sending(self, exchange: "Exchange") -> None:
        """Learn where the attempt goes; for the session."""
        if self._attempt is not None:
            self._attempt.goes_to(exchange.transport)

    def _settle(self) -> None:
        """Say how it went, once nothing can change it any more."""
        attempt, future = self._attempt, self.upload_complete
        if not self._is_over or future.done() or (attempt is not None and attempt.is_writing):
            return
        if attempt is not None and attempt.is_complete:
            future.set_result(None)
            return
        fault = None if attempt is None else attempt.fault
        future.set_exception(fault or UploadAbortedError("The request body was not fully sent"))
        future.exception()  # who only asks whether it is done is not to hear of it in the log


class _Attempt:
    """One sending of a body; it is that body, for the connection."""

    def __init__(self, body: bytes | Body, ended: Callable[[], None]) -> None:
        self.is_writing = self.is_complete = False
        self.fault: BaseException | None = None
        self._body = body
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._accepted = self._confirmed = 0

    @property
    def bytes_written(self) -> int:
        transport = self._transport
        if self.is_complete:
            return self._accepted
        if self.is_writing and transport is not None and not transport.is_closing():
            self._confirmed = max(0, self._accepted - transport.get_write_buffer_size())
        return self._confirmed  # of a transport that has gone, what was known before

    def goes_to(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.is_complete = self._body == b""

    async def write(self, writer: BodyWriter) -> None:
        self.is_writing = True
        try:
            if isinstance(self._body, bytes):
                self._count(self._body)
                await writer.write(self._body)
            else:
                await self._body.write(_Counter(writer, self._count))
            self.is_complete = True
        except BaseException as fault:
            _ = self.bytes_written
            self.fault = None if isinstance(fault, asyncio.CancelledError) else fault
            raise
        finally:
            self.is_writing = False
            self._ended()

    def _count(self, data: bytes) -> None:
        self._accepted += len(data)


class _Counter:
    def __init__(self, writer: BodyWriter, count: Callable[[bytes], None]) -> None:
        self._writer = writer
        self._count = count

    async def write(self, data: bytes, /) -> None:
        self._count(data)
        await self._writer.write(data)
