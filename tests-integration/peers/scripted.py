"""A server that says, byte for byte, what the test's script says.

It shares no code with the client: requests are taken apart here, by the simplest means.
"""

import asyncio
import socket
import ssl as ssl_module
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from peers.counting import ConnectionCount

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["OK", "Peer", "Received", "Script", "ScriptedServer", "always", "response"]

_LONGEST_LINE = 1 << 20


def response(body: bytes = b"", *fields: str, status: str = "200 OK") -> bytes:
    """Return a whole response whose length is declared."""
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


OK = response(b"ok", "Content-Type: text/plain")


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came.

    Attributes:
        method: The method.
        target: The request target, verbatim.
        fields: Names in lower case, and values, in wire order.
        body: The body without its framing.
    """

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    body: bytes

    def get(self, name: str) -> str | None:
        """Return the only value of a field, None without one."""
        values = [value for key, value in self.fields if key == name]
        if len(values) > 1:
            raise AssertionError(f"{name} came {len(values)} times: {values}")
        return values[0] if values else None


class Peer:
    """One connection, from the server's side."""

    def __init__(
        self, server: "ScriptedServer", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self.number = server.connections.accepted
        self.reader = reader
        self.writer = writer

    async def request(self) -> Received:
        """Read one whole request; a client that leaves ends the script."""
        received = await _read_request(self.reader)
        self._server.requests.append(received)
        self._server.connections.note()
        return received

    async def send(self, data: bytes) -> None:
        """Send, and wait while the client is slower."""
        if self.writer.is_closing():  # as after `reset`
            raise ConnectionResetError
        self.writer.write(data)
        await asyncio.sleep(0)  # asyncio's TLS tells its end only to writers that let others run
        await self.writer.drain()

    def reset(self) -> None:
        """Break the connection: the client sees a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        if not self.writer.transport.is_closing() and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def until_gone(self) -> None:
        """Wait until the client closes its side."""
        while await self.reader.read(65536):
            pass


Script = Callable[[Peer], Awaitable[None]]


def always(answer: bytes) -> Script:
    """Return a script that answers every request alike and keeps the connection."""

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(answer)

    return script


class ScriptedServer:
    """Runs the script once for each connection, and closes the connection when it returns.

    Args:
        script: What it says.
        ssl: Its TLS.
        path: Of the UNIX socket where it listens in the place of the loopback.

    Attributes:
        connections: The count of them.
        requests: All that `Peer.request` has read, in order of arrival.
    """

    def __init__(
        self, script: Script, *, ssl: ssl_module.SSLContext | None = None, path: str | None = None
    ) -> None:
        self.connections = ConnectionCount()
        self.requests: list[Received] = []
        self._script = script
        self._ssl = ssl
        self._path = path
        self._peers: dict[asyncio.Task[None], Peer] = {}
        self._faults: list[BaseException] = []
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Its origin, with a slash."""
        return f"{'http' if self._ssl is None else 'https'}://127.0.0.1:{self.port}/"

    async def __aenter__(self) -> "Self":
        loop = asyncio.get_running_loop()

        def protocol() -> _CountedProtocol:
            return _CountedProtocol(self.connections, self._begin)

        if self._path is not None:
            self._server = await loop.create_unix_server(protocol, self._path, ssl=self._ssl)
            return self
        self._server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=self._ssl, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            for _ in range(3):  # turns in which a connection that was just accepted begins its script
                await asyncio.sleep(0)
        for task in self._peers:
            task.cancel()
        await self.until_idle()
        if self._faults and fault is None:
            raise self._faults[0]

    def reset(self) -> None:
        """Break every connection."""
        for peer in self._peers.values():
            peer.reset()

    async def until_idle(self) -> None:
        """Wait until every connection has gone, and every script has ended."""
        await self.connections.until(lambda: not self._peers and not self.connections.open)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(self, reader, writer)
        task = asyncio.get_running_loop().create_task(self._run(peer))
        self._peers[task] = peer
        task.add_done_callback(self._end)

    async def _run(self, peer: Peer) -> None:
        try:
            await self._script(peer)
            peer.writer.close()
        except (asyncio.IncompleteReadError, ConnectionError):
            peer.writer.close()
        finally:
            if not peer.writer.is_closing():
                peer.writer.transport.abort()

    def _end(self, task: "asyncio.Task[None]") -> None:
        del self._peers[task]
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._faults.append(fault)
        self.connections.note()


class _CountedProtocol(asyncio.StreamReaderProtocol):
    def __init__(
        self,
        count: ConnectionCount,
        begin: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None],
    ) -> None:
        super().__init__(asyncio.StreamReader(_LONGEST_LINE), begin)
        self._count = count

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._count.opened()
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._count.closed()


async def _read_request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "surrogateescape")
    start, *lines = head[:-4].split("\r\n")
    method, target, _version = start.split(" ")
    fields = tuple(
        (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    framing = dict(fields)
    body = b""
    if framing.get("transfer-encoding") == "chunked":
        body = await _read_chunks(reader)
    elif "content-length" in framing:
        body = await reader.readexactly(int(framing["content-length"]))
    return Received(method, target, fields, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return bytes(body)
