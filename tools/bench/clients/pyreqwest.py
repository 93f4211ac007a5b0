"""pyreqwest."""

from pathlib import Path

from pyreqwest.client import ClientBuilder

from tools.bench.clients.like_aiohttp import pieces

__all__ = ["open_client"]


class PyreqwestClient:
    """A `pyreqwest` client."""

    def __init__(self, base: str, authority: str) -> None:
        builder = ClientBuilder().base_url(base + "/").max_connections(100)
        if base.startswith("https"):
            builder = builder.add_root_certificate_pem(Path(authority).read_bytes())
        self._client = builder.build()

    async def get(self, path: str) -> None:
        """GET, and read the body as bytes."""
        await (await self._client.get(path).build().send()).bytes()

    async def get_json(self, path: str) -> None:
        """GET, and decode the body as JSON."""
        await (await self._client.get(path).build().send()).json()

    async def post_form(self, path: str) -> None:
        """POST a small form."""
        form = [("bird", "whimbrel"), ("tide", "high")]
        await (await self._client.post(path).form(form).build().send()).bytes()

    async def post_json(self, path: str) -> None:
        """POST a small JSON text."""
        await (
            await self._client.post(path).body_json({"bird": "whimbrel", "tide": 1}).build().send()
        ).bytes()

    async def download(self, path: str) -> int:
        """GET, read the body in pieces, and return its size."""
        size = 0
        async with self._client.get(path).build_streamed() as response:
            while (piece := await response.body_reader.read_chunk()) is not None:
                size += len(piece)
        return size

    async def upload(self, path: str, size: int) -> None:
        """POST `size` bytes that come in pieces."""
        await (await self._client.post(path).body_stream(pieces(size)).build().send()).bytes()

    async def close(self) -> None:
        """End."""
        await self._client.close()


def open_client(base: str, authority: str) -> PyreqwestClient:
    """Return a client of `base`."""
    return PyreqwestClient(base, authority)
