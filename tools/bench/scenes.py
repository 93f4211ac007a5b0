"""What is measured: each scene is a number of requests of one kind, some at once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

__all__ = ["SCENES", "Client", "Scene", "play"]

_MIB = 1 << 20


class Client(Protocol):
    """What a client must do; every method ends when the response has been read."""

    async def get(self, path: str) -> None:
        """GET, and read the body as bytes."""

    async def get_json(self, path: str) -> None:
        """GET, and decode the body as JSON."""

    async def post_form(self, path: str) -> None:
        """POST a small form."""

    async def post_json(self, path: str) -> None:
        """POST a small JSON text."""

    async def download(self, path: str) -> int:
        """GET, read the body in pieces, and return its size."""

    async def upload(self, path: str, size: int) -> None:
        """POST `size` bytes that come in pieces."""

    async def close(self) -> None:
        """End."""


@dataclass(frozen=True)
class Scene:
    """A scene.

    Attributes:
        name: Its name in the table.
        requests: How many requests are counted.
        at_once: How many are under way at once.
        request: One request.
        tls: Whether over TLS.
    """

    name: str
    requests: int
    request: Callable[[Client], Awaitable[object]]
    at_once: int = 1
    tls: bool = False


SCENES = (
    Scene("small GET", 3000, lambda client: client.get("/small")),
    Scene("small GET, 64 at once", 6000, lambda client: client.get("/small"), at_once=64),
    Scene("JSON", 2000, lambda client: client.get_json("/small")),
    Scene("POST form", 2000, lambda client: client.post_form("/form")),
    Scene("POST JSON", 2000, lambda client: client.post_json("/json")),
    Scene("TLS keep-alive", 2000, lambda client: client.get("/small"), tls=True),
    Scene("1 MiB down", 150, lambda client: client.get(f"/bytes/{_MIB}")),
    Scene("100 MiB down", 2, lambda client: client.download(f"/bytes/{100 * _MIB}")),
    Scene("1 MiB up", 100, lambda client: client.upload("/sink", _MIB)),
    Scene("100 MiB up", 2, lambda client: client.upload("/sink", 100 * _MIB)),
)


async def play(scene: Scene, client: Client, requests: int) -> None:
    """Make `requests` requests of the scene, so many at once as it says."""
    share, rest = divmod(requests, scene.at_once)

    async def one_after_another(count: int) -> None:
        for _ in range(count):
            await scene.request(client)

    await asyncio.gather(*(one_after_another(share + (number < rest)) for number in range(scene.at_once)))
