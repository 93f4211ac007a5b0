"""Iterators over a stream: whatever a read gives, until it gives nothing.

They are no generators: a loop over a stream that is left early has nothing to finalize, and so no
task of its own.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

__all__ = ["Chunks", "Pieces"]

_END_OF_CHUNKS = (b"", False)


class Pieces(AsyncIterator[bytes]):
    """What `read` gives, up to the first b""."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[], Awaitable[bytes]]) -> None:
        self._read = read

    async def __anext__(self) -> bytes:
        """Return the next piece."""
        piece = await self._read()
        if not piece:
            raise StopAsyncIteration
        return piece


class Chunks(AsyncIterator[tuple[bytes, bool]]):
    """What `read` gives, up to the first b"" that ends no chunk."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[], Awaitable[tuple[bytes, bool]]]) -> None:
        self._read = read

    async def __anext__(self) -> tuple[bytes, bool]:
        """Return the next piece, and whether a chunk ended with it."""
        piece = await self._read()
        if piece == _END_OF_CHUNKS:
            raise StopAsyncIteration
        return piece
