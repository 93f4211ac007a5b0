"""A small proxy that remembers what it was told: absolute form, and CONNECT."""

import asyncio
import ssl as ssl_module
import sys
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

import pytest

from peers.counting import ConnectionCount
from peers.scripted import Peer, Received, ScriptedServer, response

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["RecordingProxy", "skip_without_tls_in_tls"]

_REFUSED = response(
    b"who are you?", 'Proxy-Authenticate: Basic realm="p"', status="407 Authentication Required"
)


def skip_without_tls_in_tls() -> None:
    """Skip the test that runs where the event loop has no TLS within TLS."""
    if sys.version_info < (3, 11) and isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop):
        pytest.skip("asyncio has no TLS within TLS here")


class RecordingProxy:
    """Forwards to the loopback, whatever host it is told.

    Args:
        ports: What stands in for a port of a URL; others are themselves.
        authorization: The value of Proxy-Authorization without which it refuses, or None.
        ssl: TLS of the proxy itself.

    Attributes:
        heard: Every byte that came from clients, those inside tunnels included.
    """

    def __init__(
        self,
        ports: dict[int, int] | None = None,
        *,
        authorization: str | None = None,
        ssl: ssl_module.SSLContext | None = None,
    ) -> None:
        self.heard = bytearray()
        self._ports = ports or {}
        self._authorization = authorization
        self._server = ScriptedServer(self._script, ssl=ssl)

    @property
    def url(self) -> str:
        """Its URL."""
        return self._server.url

    @property
    def port(self) -> int:
        """Its port."""
        return self._server.port

    @property
    def requests(self) -> list[Received]:
        """What it was asked, in order."""
        return self._server.requests

    @property
    def lines(self) -> list[str]:
        """Method and target of what it was asked."""
        return [f"{request.method} {request.target}" for request in self.requests]

    @property
    def connections(self) -> ConnectionCount:
        """The count of its connections."""
        return self._server.connections

    async def __aenter__(self) -> "Self":
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.__aexit__(kind, fault, trace)

    def reset(self) -> None:
        """Break every connection with a client."""
        self._server.reset()

    async def until_idle(self) -> None:
        """Wait until every connection with a client has gone."""
        await self._server.until_idle()

    async def _script(self, peer: Peer) -> None:
        while True:
            asked = await peer.request()
            if self._authorization not in (None, asked.get("proxy-authorization")):
                await peer.send(_REFUSED)
            elif asked.method == "CONNECT":
                await self._tunnel(peer, asked)
                return
            else:
                await self._forward(peer, asked)

    async def _tunnel(self, peer: Peer, asked: Received) -> None:
        reader, writer = await self._reach(asked.target)
        try:
            await peer.send(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy\r\n\r\n")
            there = asyncio.create_task(_pump(peer.reader, writer, self.heard))
            back = asyncio.create_task(_pump(reader, peer.writer, bytearray()))
            try:
                await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            finally:
                there.cancel()
                back.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
        finally:
            writer.transport.abort()

    async def _forward(self, peer: Peer, asked: Received) -> None:
        """Send the request on over a connection of its own, and the answer back."""
        authority, _, path = asked.target.removeprefix("http://").partition("/")
        reader, writer = await self._reach(authority if ":" in authority else f"{authority}:80")
        try:
            fields = [
                f"{name}: {value}"
                for name, value in asked.fields
                if not name.startswith("proxy-")
                and name not in ("connection", "transfer-encoding", "content-length")
            ]
            lines = [f"{asked.method} /{path} HTTP/1.1", *fields]
            lines.append(f"Content-Length: {len(asked.body)}")
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + asked.body)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            await peer.send(head + await reader.readexactly(length))
        finally:
            writer.transport.abort()

    async def _reach(self, authority: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = int(authority.rpartition(":")[2])
        return await asyncio.open_connection("127.0.0.1", self._ports.get(port, port))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: bytearray) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            heard += data
            writer.write(data)
            await writer.drain()
