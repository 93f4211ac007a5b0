"""The body of a message as a stream: bytes are fed in at one end and read at the other.

`StreamReader` has the interface that aiohttp documents. It needs no running loop to be made, and
pushes back on whoever feeds it: above twice `limit` buffered bytes it asks its source to pause,
below `limit` to go on.
"""

import asyncio
import logging
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from typing import Protocol

from whimbrel_connector._chunk_ends import ChunkEnds
from whimbrel_connector._stream_iteration import Chunks, Pieces
from whimbrel_connector.errors import BodyTooLarge

__all__ = ["ReadingSource", "StreamReader"]

DEFAULT_LIMIT_BYTES = 65536
_logger = logging.getLogger("whimbrel_connector")


class ReadingSource(Protocol):
    """Whoever feeds a stream and can be asked to wait."""

    def pause_reading(self) -> None:
        """Feed nothing more for now."""

    def resume_reading(self) -> None:
        """Go on feeding."""


class StreamReader:
    """An asynchronous stream of bytes.

    Args:
        protocol: The source to pause and resume, or None when the user feeds the stream. An int in
            its place is taken as the limit.
        limit: Buffered bytes below which a paused source goes on, at least 1; it is paused above twice
            as many.
        timer: Accepted for compatibility and not used: deadlines end the stream by `set_exception`.
        loop: Accepted for compatibility and not used: the running loop is taken at each wait.
        translate: Puts another error in the place of the one given to `set_exception`.
        chunked: The pieces fed are HTTP chunks (RFC 9112 section 7.1), each of them one chunk unless
            `keep_chunk_open` says otherwise; `readchunk` then tells where chunks end.

    Attributes:
        total_bytes: How many bytes were fed, as readers see them.
    """

    __slots__ = (
        "__weakref__",
        "_at_end",
        "_chunk_ends",
        "_end_callbacks",
        "_eof_callbacks",
        "_exception",
        "_fed_to_end",
        "_gathered",
        "_head_offset",
        "_high",
        "_low",
        "_most",
        "_paused",
        "_pieces",
        "_size",
        "_source",
        "_taken",
        "_translate",
        "_waiter",
        "_wants_all",
        "total_bytes",
    )

    def __init__(
        self,
        protocol: ReadingSource | int | None = None,
        limit: int = DEFAULT_LIMIT_BYTES,
        *,
        timer: object = None,  # noqa: ARG002  documented by aiohttp
        loop: asyncio.AbstractEventLoop | None = None,  # noqa: ARG002  documented by aiohttp
        translate: Callable[[BaseException], BaseException] | None = None,
        chunked: bool = False,
    ) -> None:
        source = protocol
        if isinstance(source, int):
            limit, source = source, None
        self._source: ReadingSource | None = source
        self._low = limit if limit > 1 else 1  # noqa: FURB136  `max` takes a hundredth of a small request
        self._high = self._low * 2
        self._pieces: deque[bytes] = deque()
        self._head_offset = 0
        self._size = 0
        self._taken = False
        self._fed_to_end = False  # nothing more will be fed
        self._at_end = False  # and all that was fed is in the buffer, or was read
        self._paused = False
        self._wants_all = False
        self._gathered: BytesIO | None = None
        self._most = 0
        self._exception: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._eof_callbacks: list[Callable[[], object]] = []
        self._end_callbacks: list[Callable[[], object]] = []
        self._translate = translate
        self._chunk_ends = ChunkEnds() if chunked else None
        self.total_bytes = 0

    def __repr__(self) -> str:
        state = "ended" if self._fed_to_end else "open"
        return f"<{type(self).__name__} {state}, {self._size} bytes buffered>"

    # What the source does.

    def feed_data(self, data: bytes, size: int = 0) -> None:  # noqa: ARG002  documented by aiohttp
        """Append `data`; empty data is ignored.

        Raises:
            RuntimeError: `feed_eof` was called before.
        """
        if self._fed_to_end:
            msg = "feed_data after feed_eof"
            raise RuntimeError(msg)
        if not data:
            return
        self._accept(data)
        # What will all be held here need not be held back: that would only take time.
        if self._wants_all and self._size <= self._most:
            return
        if self._waiter is not None:
            self._wake()
        if self._unread_bytes() > self._high and not self._paused:
            self._pause()

    def keep_chunk_open(self) -> None:
        """Say that the HTTP chunk of the data fed last goes on in the data fed next."""
        if self._chunk_ends is not None:
            self._chunk_ends.cut(self.total_bytes, self._position)

    def feed_eof(self) -> None:
        """Mark the end; what is buffered can still be read."""
        self._fed_to_end = True
        self._accept_end()
        if self._waiter is not None:
            self._wake()
        if self._eof_callbacks:
            callbacks, self._eof_callbacks = self._eof_callbacks, []
            for callback in callbacks:
                _call(callback)
        if self._end_callbacks:
            self._run_end_callbacks()

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """End the stream with an error, which every later read of an empty buffer raises."""
        if exc_cause is not None:
            exc.__cause__ = exc_cause
        self._exception = exc if self._translate is None else self._translate(exc)
        self._eof_callbacks.clear()
        self._wake()
        self._run_end_callbacks()

    def detach_source(self) -> None:
        """Forget the source: it has nothing more to feed and is not to be paused or resumed."""
        self._source = None
        self._paused = False

    # What can be asked without waiting.

    @property
    def total_raw_bytes(self) -> int:
        """How many bytes were fed before any content coding was undone."""
        return self.total_bytes

    def exception(self) -> BaseException | None:
        """Return the error that ended the stream, if one did."""
        return self._exception

    def is_eof(self) -> bool:
        """Tell whether `feed_eof` was called."""
        return self._fed_to_end

    def at_eof(self) -> bool:
        """Tell whether the end was fed and everything before it was read."""
        return self._at_end and not self._size

    def is_touched(self) -> bool:
        """Tell whether somebody has begun to read: a whole-body read would then miss the beginning."""
        return self._taken

    def get_read_buffer_limits(self) -> tuple[int, int]:
        """Return the two marks in bytes: resume below the first, pause above the second."""
        return self._low, self._high

    def on_eof(self, callback: Callable[[], object]) -> None:
        """Call `callback` when the end is fed, or at once when it already was.

        What it raises is logged: it cannot be allowed to disturb whoever feeds the stream.
        """
        if self._fed_to_end:
            _call(callback)
        else:
            self._eof_callbacks.append(callback)

    def on_end(self, callback: Callable[[], object]) -> None:
        """Call `callback` once nothing more will be fed, in order or not; at once when that is so already."""
        if self._fed_to_end or self._exception is not None:
            callback()
        else:
            self._end_callbacks.append(callback)

    def read_nowait(self, n: int = -1) -> bytes:
        """Return up to `n` buffered bytes, all of them for -1; b"" when nothing is buffered.

        Raises:
            RuntimeError: Another task waits for data.
            BaseException: Whatever was given to `set_exception`, once the buffer is empty.
        """
        if self._is_awaited():
            msg = "called while another coroutine is waiting for incoming data"
            raise RuntimeError(msg)
        self._taken = True
        if not self._size:
            self._refill()
        self._raise_if_spent()
        return self._take(self._size if n < 0 else n)

    def unread_data(self, data: bytes) -> None:
        """Put `data` back in front of the buffer; who waits already is not woken.

        aiohttp deprecates it. Where a chunk ended within `data`, or right behind it, is forgotten.
        """
        if not data:
            return
        if self._chunk_ends is not None:
            self._chunk_ends.put_back(self._position, self._position - len(data))
        if self._head_offset:
            self._pieces[0] = self._pieces[0][self._head_offset :]
            self._head_offset = 0
        self._pieces.appendleft(data)
        self._size += len(data)

    def peek(self, most: int) -> bytes:
        """Return up to `most` of the bytes that are buffered, and leave them there."""
        if not self._size:
            self._refill()
        offset, pieces, left = self._head_offset, [], most
        for piece in self._pieces:
            if left <= 0:
                break
            pieces.append(piece[offset : offset + left])
            left -= len(pieces[-1])
            offset = 0
        return b"".join(pieces)

    def take_whole(self, most: int | None = None) -> bytes | None:
        """Return the whole stream if it is there and nobody has begun to read it.

        None where it is not, or in pieces, or longer than `most`: `read_to_end` will do what is to be done.
        """
        if self._taken or not self._at_end or self._exception is not None or len(self._pieces) != 1:
            return None
        return None if most is not None and self._size > most else self._take_everything()

    # What a reader awaits.

    async def wait_eof(self) -> None:
        """Wait until the end was fed."""
        while not self._fed_to_end:
            if self._exception is not None:
                raise self._exception
            await self._next_feed("wait_eof")

    async def read(self, n: int = -1) -> bytes:
        """Read up to `n` bytes, at least one before the end; everything up to the end for -1."""
        self._taken = True
        if n == 0:
            return b""
        if n < 0:
            return await self.read_to_end()
        if not self._size:
            await self._wait_for_some("read")
        return self._take(n)

    async def read_to_end(self, most: int | None = None) -> bytes:
        """Read everything up to the end.

        Args:
            most: The most bytes that are wanted, or None for any number.

        Raises:
            BodyTooLarge: There is more; what has come stays in the buffer.
        """
        self._wants_all, self._most = True, sys.maxsize if most is None else most
        try:
            if self._paused:
                self._resume()
            while not self._at_end and self._exception is None and self._size <= self._most:
                await self._next_feed("read")
        finally:
            self._wants_all = False
            if self._gathered is not None:
                self._pieces.append(self._gathered.getvalue())
                self._gathered = None
        if self._size > self._most:
            raise BodyTooLarge(self._most)
        if self._exception is not None:
            raise self._exception
        return self._take_everything()

    async def readany(self) -> bytes:
        """Read whatever is buffered, waiting only when nothing is; b"" at the end."""
        self._taken = True
        if not self._size:
            await self._wait_for_some("readany")
        return self._take_everything()

    async def readchunk(self) -> tuple[bytes, bool]:
        """Read what is buffered, but not beyond the end of an HTTP chunk (RFC 9112 section 7.1).

        Returns:
            The data, and whether a chunk ended with it: always False where the body is not chunked.
            The data is empty at the end of the stream, with False; and, with True, where another
            method has read through the end of a chunk, or where a chunk's end became known late.
        """
        ends = self._chunk_ends
        if ends is None:
            return await self.readany(), False
        self._taken = True
        if not self._head_offset and ends.is_untold(self._position):
            ends.tell(self._position)
            return b"", True
        await self._wait_for_some("readchunk")
        return self._take_chunk(ends)

    async def readexactly(self, n: int) -> bytes:
        """Read exactly `n` bytes.

        Raises:
            asyncio.IncompleteReadError: The end came first; `partial` holds what there was.
        """
        pieces: list[bytes] = []
        missing = n
        while missing > 0:
            piece = await self.read(missing)
            if not piece:
                raise asyncio.IncompleteReadError(b"".join(pieces), n)
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        r"""Read through the next ``\n``, or to the end.

        Raises:
            ValueError: The line is longer than `max_line_length`, or than the upper buffer mark.
        """
        return await self.readuntil(b"\n", max_size=max_line_length)

    async def readuntil(self, separator: bytes = b"\n", *, max_size: int | None = None) -> bytes:
        """Read through the next `separator`, or to the end.

        Raises:
            ValueError: The separator is empty, or does not come within `max_size` bytes (default:
                the upper buffer mark). What was read of it is dropped.
        """
        if not separator:
            msg = "Separator should be at least one-byte string"
            raise ValueError(msg)
        self._taken = True
        limit = self._high if max_size is None else max_size
        found = bytearray()
        while True:
            await self._wait_for_some("readuntil")
            if not self._size:
                return bytes(found)
            size = self._size_through(separator, found)
            found += self._take_first(size)
            if len(found) > limit:
                msg = f"no {separator!r} within {limit} bytes: chunk too big"
                raise ValueError(msg)
            if size is not None:
                return bytes(found)

    # How it is iterated.

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Iterate over lines."""
        return Pieces(self.readline)

    def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        """Iterate over pieces of at most `n` bytes."""
        return Pieces(lambda: self.read(n))

    def iter_any(self) -> AsyncIterator[bytes]:
        """Iterate over pieces as they arrive."""
        return Pieces(self.readany)

    def iter_chunks(self) -> AsyncIterator[tuple[bytes, bool]]:
        """Iterate over what `readchunk` gives."""
        return Chunks(self.readchunk)

    # Steps.

    def _accept(self, data: bytes) -> None:
        """Put into the buffer what was fed."""
        if self._wants_all and self._size:
            self._gather(data)
        else:
            self._pieces.append(data)
        self._size += len(data)
        self.total_bytes += len(data)

    def _gather(self, data: bytes) -> None:
        """Put `data` behind all that is buffered, as one piece.

        To join thousands of pieces in the end would hold everything twice, and let the system find and clear
        that memory for each body anew.
        """
        if self._gathered is None:
            self._gathered = BytesIO()
            for piece in self._pieces:
                self._gathered.write(piece[self._head_offset :] if self._head_offset else piece)
                self._head_offset = 0
            self._pieces.clear()
        self._gathered.write(data)

    def _accept_end(self) -> None:
        """Nothing more will come behind what is in the buffer."""
        self._at_end = True

    @property
    def _position(self) -> int:
        """Where the next byte to be read stands in the stream."""
        return self.total_bytes - self._size

    def _take_chunk(self, ends: ChunkEnds) -> tuple[bytes, bool]:
        """Remove and return what is buffered up to the end of a chunk, and whether that was reached."""
        pieces: list[bytes] = []
        at_end = False
        while self._size and not at_end:
            pieces.append(self._take_first())
            at_end = ends.is_end(self._position)
        if pieces and not at_end:
            self._refill()  # what is not prepared yet may turn out to be nothing
            at_end = ends.is_end(self._position)
        if at_end:
            ends.tell(self._position)
        return b"".join(pieces), at_end

    def _unread_bytes(self) -> int:
        """Return how many of the bytes fed are still held."""
        return self._size

    def _size_through(self, separator: bytes, before: bytearray) -> int | None:
        """Return the bytes of the first piece through `separator`; it may have begun in `before`."""
        first, start = self._pieces[0], self._head_offset
        overlap = len(separator) - 1
        tail = bytes(before[-overlap:]) if overlap else b""
        if tail:
            at = (tail + first[start : start + overlap]).find(separator)
            if at >= 0:
                return at + len(separator) - len(tail)
        at = first.find(separator, start)
        return None if at < 0 else at + len(separator) - start

    async def _wait_for_some(self, who: str) -> None:
        """Return when something is buffered or the end was fed."""
        if self._size:
            return
        self._refill()
        while self._has_nothing_yet():
            await self._next_feed(who)
            self._refill()
        self._raise_if_spent()

    def _refill(self) -> None:
        """Fill the empty buffer from what was fed but not yet prepared; here nothing waits."""

    # No coroutine of its own: a long body waits a thousand times.
    def _next_feed(self, who: str) -> "asyncio.Future[None]":
        """Return what is done when something is fed, be it the end; one task at a time may await it."""
        if self._is_awaited():
            msg = f"{who}() called while another coroutine is already waiting for incoming data"
            raise RuntimeError(msg)
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        return waiter

    def _is_awaited(self) -> bool:
        return self._waiter is not None and not self._waiter.done()

    def _has_nothing_yet(self) -> bool:
        return not self._size and not self._at_end and self._exception is None

    def _raise_if_spent(self) -> None:
        if self._exception is not None and not self._size:
            raise self._exception

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():  # who waited may have been cancelled
            waiter.set_result(None)

    def _run_end_callbacks(self) -> None:
        callbacks, self._end_callbacks = self._end_callbacks, []
        for callback in callbacks:
            callback()

    def _take(self, n: int) -> bytes:
        """Remove and return up to `n` bytes of what is buffered."""
        if n >= self._size:
            return self._take_everything()
        pieces: list[bytes] = []
        while n:
            piece = self._take_first(n)
            pieces.append(piece)
            n -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _take_everything(self) -> bytes:
        if len(self._pieces) == 1 and not self._head_offset:
            everything = self._pieces.popleft()
        else:
            if self._head_offset:
                self._pieces[0] = self._pieces[0][self._head_offset :]
                self._head_offset = 0
            everything = b"".join(self._pieces)
            self._pieces.clear()
        self._size = 0
        if self._paused:
            self._resume_if_low()
        return everything

    def _take_first(self, most: int | None = None) -> bytes:
        """Remove and return the first piece, or up to `most` bytes of it."""
        first, start = self._pieces[0], self._head_offset
        left = len(first) - start
        if most is not None and most < left:
            self._head_offset = start + most
            taken = first[start : start + most]
        else:
            self._pieces.popleft()
            self._head_offset = 0
            taken = first[start:] if start else first
        self._size -= len(taken)
        self._resume_if_low()
        return taken

    def _pause(self) -> None:
        if self._source is not None:
            self._paused = True
            self._source.pause_reading()

    def _resume(self) -> None:
        self._paused = False
        if self._source is not None:
            self._source.resume_reading()

    def _resume_if_low(self) -> None:
        if self._paused and self._unread_bytes() < self._low:
            self._resume()


def _call(callback: Callable[[], object]) -> None:
    try:
        callback()
    except Exception:
        _logger.exception("a callback of on_eof raised")
