"""aiohttp and whimbrel: one API, so one adapter."""

import ssl
from collections.abc import AsyncIterator
from typing import Any

__all__ = ["SessionClient"]

_PIECE = bytes(65536)


class SessionClient:
    """A `ClientSession` of either."""

    def __init__(self, library: Any, base: str, authority: str) -> None:
        context = ssl.create_default_context(cafile=authority) if base.startswith("https") else None
        connector = library.TCPConnector(ssl=context) if context is not None else library.TCPConnector()
        self._session = library.ClientSession(connector=connector)
        self._base = base

    async def get(self, path: str) -> None:
        """GET, and read the body as bytes."""
        async with self._session.get(self._base + path) as response:
            await response.read()

    async def get_json(self, path: str) -> None:
        """GET, and decode the body as JSON."""
        async with self._session.get(self._base + path) as response:
            await response.json()

    async def post_form(self, path: str) -> None:
        """POST a small form."""
        async with self._session.post(
            self._base + path, data={"bird": "whimbrel", "tide": "high"}
        ) as response:
            await response.read()

    async def post_json(self, path: str) -> None:
        """POST a small JSON text."""
        async with self._session.post(self._base + path, json={"bird": "whimbrel", "tide": 1}) as response:
            await response.read()

    async def download(self, path: str) -> int:
        """GET, read the body in pieces, and return its size."""
        size = 0
        async with self._session.get(self._base + path) as response:
            async for piece in response.content.iter_any():
                size += len(piece)
        return size

    async def upload(self, path: str, size: int) -> None:
        """POST `size` bytes that come in pieces."""
        async with self._session.post(self._base + path, data=pieces(size)) as response:
            await response.read()

    async def close(self) -> None:
        """End."""
        await self._session.close()


async def pieces(size: int) -> AsyncIterator[bytes]:
    """Yield `size` bytes, 64 KiB at a time."""
    for _ in range(size // len(_PIECE)):
        yield _PIECE
