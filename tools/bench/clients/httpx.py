"""httpx."""

import ssl

import httpx

from tools.bench.clients.like_aiohttp import pieces

__all__ = ["open_client"]


class HttpxClient:
    """An `httpx.AsyncClient`."""

    def __init__(self, base: str, authority: str) -> None:
        verify: ssl.SSLContext | bool = (
            ssl.create_default_context(cafile=authority) if base.startswith("https") else False
        )
        self._client = httpx.AsyncClient(base_url=base, verify=verify, timeout=300)

    async def get(self, path: str) -> None:
        """GET, and read the body as bytes."""
        await self._client.get(path)

    async def get_json(self, path: str) -> None:
        """GET, and decode the body as JSON."""
        (await self._client.get(path)).json()

    async def post_form(self, path: str) -> None:
        """POST a small form."""
        await self._client.post(path, data={"bird": "whimbrel", "tide": "high"})

    async def post_json(self, path: str) -> None:
        """POST a small JSON text."""
        await self._client.post(path, json={"bird": "whimbrel", "tide": 1})

    async def download(self, path: str) -> int:
        """GET, read the body in pieces, and return its size."""
        size = 0
        async with self._client.stream("GET", path) as response:
            async for piece in response.aiter_raw():
                size += len(piece)
        return size

    async def upload(self, path: str, size: int) -> None:
        """POST `size` bytes that come in pieces."""
        await self._client.post(path, content=pieces(size))

    async def close(self) -> None:
        """End."""
        await self._client.aclose()


def open_client(base: str, authority: str) -> HttpxClient:
    """Return a client of `base`."""
    return HttpxClient(base, authority)
