"""Bodies that arrive while they are sent: asynchronous iterables and streams.

They can be sent once. After `as_bytes` they are in memory and can be sent any number of times.
"""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Protocol, runtime_checkable

from whimbrel_multipart.errors import BodyChanged, BodyConsumed
from whimbrel_multipart.payload import BodyWriter, HeaderItems, Payload

__all__ = ["AnyReader", "AsyncIterablePayload", "ByteReader", "StreamReaderPayload"]

_BLOCK_BYTES = 262_144


@runtime_checkable
class AnyReader(Protocol):
    """A stream that gives what has arrived."""

    async def readany(self) -> bytes:
        """Return what has arrived, at least one byte, or b"" at the end."""


@runtime_checkable
class ByteReader(Protocol):
    """A stream like `asyncio.StreamReader`."""

    async def read(self, n: int = -1, /) -> bytes:
        """Return up to `n` bytes, at least one, or b"" at the end."""


async def _pieces_of(stream: AnyReader | ByteReader) -> AsyncIterator[bytes]:
    """Yield what arrives on `stream`, as it arrives, until it ends."""
    if isinstance(stream, AnyReader):
        while piece := await stream.readany():
            yield piece
    else:
        while piece := await stream.read(_BLOCK_BYTES):
            yield piece


class AsyncIterablePayload(Payload):
    """An asynchronous iterable of bytes, such as an asynchronous generator.

    Args:
        value: The iterable. Empty pieces are passed over.
        headers: Headers of the body.
        content_type: Its media type.
        filename: The name of the file that the body is.
        encoding: A character set to announce with it.
        size: The bytes that will come, where known; otherwise the body has to be sent chunked.

    Raises:
        TypeError: `value` cannot be iterated with `async for`.
    """

    def __init__(
        self,
        value: AsyncIterable[bytes],
        headers: HeaderItems | None = None,
        content_type: str | None = "application/octet-stream",
        filename: str | None = None,
        encoding: str | None = None,
        *,
        size: int | None = None,
    ) -> None:
        given: object = value
        if not isinstance(given, AsyncIterable):
            msg = f"value must be an asynchronous iterable, not {type(given).__name__}"
            raise TypeError(msg)
        super().__init__(value, headers, content_type, filename, encoding)
        self._size = size
        self._sent = False

    @property
    def size(self) -> int | None:
        """The size given, or that of the body once `as_bytes` has collected it."""
        return self._size if self._kept is None else len(self._kept)

    @property
    def consumed(self) -> bool:
        """Whether it was sent, and is not in memory."""
        return self._sent and self._kept is None

    async def write(self, writer: BodyWriter) -> None:
        """Send the pieces as they come.

        However this ends, the iterator is closed: its `finally` clauses run before `write` returns.

        Raises:
            BodyConsumed: It was sent before.
            BodyChanged: The pieces do not add up to the size given.
            TypeError: A piece is not bytes.
        """
        if self._kept is not None:
            await writer.write(self._kept)
            return
        self.rewind()
        self._sent = True
        iterator = aiter(self._value)
        try:
            await self._write_pieces(writer, iterator)
        finally:
            close = getattr(iterator, "aclose", None)
            if close is not None:
                await close()

    async def _write_pieces(self, writer: BodyWriter, iterator: AsyncIterator[bytes]) -> None:
        sent = 0
        async for piece in iterator:
            given: object = piece
            if not isinstance(given, (bytes, bytearray, memoryview)):
                msg = f"a piece of the body must be bytes, not {type(given).__name__}"
                raise TypeError(msg)
            content = bytes(piece)
            sent += len(content)
            if self._size is not None and sent > self._size:
                raise BodyChanged(type(self).__name__, announced=self._size, found=sent)
            if content:
                await writer.write(content)
        if self._size is not None and sent < self._size:
            raise BodyChanged(type(self).__name__, announced=self._size, found=sent)

    def rewind(self) -> None:
        """Do nothing when nothing was sent yet, or all of it is in memory.

        Raises:
            BodyConsumed: The pieces are gone.
        """
        if self.consumed:
            raise BodyConsumed(type(self).__name__, "its pieces are not kept")


class StreamReaderPayload(AsyncIterablePayload):
    """A stream with `readany()` or, like `asyncio.StreamReader`, with `read(n)`.

    Args:
        value: The stream, read from where it stands.
        headers: Headers of the body.
        content_type: Its media type.
        filename: The name of the file that the body is.
        encoding: A character set to announce with it.
        size: The bytes that will come, where known.
    """

    def __init__(
        self,
        value: AnyReader | ByteReader,
        headers: HeaderItems | None = None,
        content_type: str | None = "application/octet-stream",
        filename: str | None = None,
        encoding: str | None = None,
        *,
        size: int | None = None,
    ) -> None:
        given: object = value
        if not isinstance(given, (AnyReader, ByteReader)):
            msg = f"value must have readany() or read(n), not {type(given).__name__}"
            raise TypeError(msg)
        super().__init__(_pieces_of(value), headers, content_type, filename, encoding, size=size)
