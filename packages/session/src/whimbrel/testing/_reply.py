"""One response on its way out, framed as its head declares."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

from whimbrel.testing._far_side import FarSide
from whimbrel_http1 import HTTP_1_1, HeaderPairs, RequestHead, ResponseEncoder

__all__ = ["Pairs", "Reply"]

Pairs = Sequence[tuple[str | bytes, str | bytes]]


class Reply:
    """Writes the response to one request; the client's pace holds it back.

    Attributes:
        wire: The connection.
        ended: Done when nothing more is written as HTTP here, or the client has left.
        is_complete: Whether the client has got all that it is to get.
        has_switched: Whether the connection speaks another protocol now.
    """

    def __init__(self, request: RequestHead, wire: FarSide) -> None:
        self.wire = wire
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_complete = False
        self.has_switched = False
        self._method = request.method
        self._knows_chunks = request.version >= HTTP_1_1
        self._persists = request.keep_alive
        self._encoder: ResponseEncoder | None = None
        self._drops_body = False
        self._unsent = b""
        wire.on_gone(self.finish)

    @property
    def has_begun(self) -> bool:
        """Whether there is a head."""
        return self._encoder is not None

    @property
    def persists(self) -> bool:
        """Whether the connection may serve another request."""
        return self.is_complete and self._persists

    def begin(self, status: int, reason: str | None, headers: Pairs, *, size: int | None) -> None:
        """Make the head; it goes out with what follows.

        Args:
            status: The status code.
            reason: The reason phrase; None for the usual one.
            headers: Names and values; the framing is added where they declare none.
            size: Bytes of the body; None where nobody knows yet.
        """
        fields = [*headers, *_framing(status, headers, size, knows_chunks=self._knows_chunks)]
        phrase = _phrase(status) if reason is None else reason
        encoder = ResponseEncoder(status, phrase, fields, request_method=self._method)
        self._encoder, self._unsent = encoder, encoder.head
        self._drops_body = self._method == "HEAD" or status == 304
        self._persists = self._persists and encoder.keep_alive

    async def send(self, data: bytes) -> None:
        """Write a piece of the body; it has arrived when this returns, unless the client reads slowly.

        Raises:
            RuntimeError: There is no head.
            BodyLengthMismatch: The body is longer than the head declares.
            ClientGone: The client has left.
        """
        encoder = self._begun()
        await self._write(b"" if self._drops_body else encoder.data(data))
        await asyncio.sleep(0)

    async def end(self, data: bytes = b"", trailers: HeaderPairs = ()) -> None:
        """Write the last piece of the body, and what completes the response.

        Raises:
            RuntimeError: There is no head.
            BodyLengthMismatch: The body is longer or shorter than the head declares.
            ClientGone: The client has left.
        """
        encoder = self._begun()
        await self._write(b"" if self._drops_body else encoder.data(data) + encoder.end(trailers))
        self.is_complete = True
        self.finish()

    async def verbatim(self, data: bytes) -> None:
        """Write bytes as they are."""
        await self._write(data)

    def hang_up(self) -> None:
        """Close the connection after what was written."""
        self._persists = False
        self.is_complete = True
        self.wire.writer.close()
        self.finish()

    async def switch(self, headers: Pairs) -> bytes:
        """Speak another protocol from here on, and return the first bytes of it that have come."""
        self._persists = False
        self.has_switched = True
        surplus = self.wire.leave_http()
        await self._write(ResponseEncoder(101, _phrase(101), headers).head)
        self.finish()
        return surplus

    async def until_ended(self) -> None:
        """Wait for `ended`."""
        await asyncio.wait({self.ended})

    def finish(self) -> None:
        """Say that nothing more is written as HTTP."""
        if not self.ended.done():
            self.ended.set_result(None)

    def _begun(self) -> ResponseEncoder:
        if self._encoder is None:
            msg = "the response has no head yet"
            raise RuntimeError(msg)
        return self._encoder

    async def _write(self, data: bytes) -> None:
        data, self._unsent = self._unsent + data, b""
        await self.wire.write(data)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _framing(status: int, headers: Pairs, size: int | None, *, knows_chunks: bool) -> Pairs:
    """Return the field that says how long the body is, unless one stands there or there is none.

    A client of HTTP/1.0 knows no chunks: its body ends with the connection (RFC 9112 section 6.3).
    """
    names = {(name if isinstance(name, bytes) else name.encode()).lower() for name, _ in headers}
    if status < 200 or status in (204, 304) or names & {b"content-length", b"transfer-encoding"}:
        return ()
    if size is None:
        return [("Transfer-Encoding", "chunked") if knows_chunks else ("Connection", "close")]
    return [("Content-Length", str(size))]
