"""The floor: a hand-written protocol that writes prepared bytes and counts those of the answer.

It knows nothing of HTTP but where a head ends and what Content-Length says; no client can cost less.
"""

import asyncio
import json
import ssl
from urllib.parse import urlsplit

__all__ = ["open_client"]

_PIECE = bytes(65536)


class _Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self) -> None:
        self._waiter: asyncio.Future[bytes] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._buffer = b""
        self._left = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # uvloop's is not derived from asyncio's

    def data_received(self, data: bytes) -> None:
        if self._left < 0:
            data = self._buffer + data
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = data
                return
            length = data.rfind(b"Content-Length: ", 0, end)
            self._left = int(data[length + 16 : data.find(b"\r\n", length)])
            data = data[end + 4 :]
        self._left -= len(data)
        if self._left == 0 and self._waiter is not None:
            self._left, self._buffer = -1, b""
            self._waiter.set_result(data)

    def pause_writing(self) -> None:
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._drained is not None:
            self._drained.set_result(None)
            self._drained = None

    async def exchange(self, request: bytes) -> bytes:
        self._waiter = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._waiter

    async def send(self, data: bytes) -> None:
        self.transport.write(data)
        if self._drained is not None:
            await self._drained


class FloorClient:
    """Connections that are kept in a list."""

    def __init__(self, base: str, authority: str) -> None:
        parts = urlsplit(base)
        self._host, self._port = parts.hostname or "", parts.port or 0
        self._ssl = ssl.create_default_context(cafile=authority) if parts.scheme == "https" else None
        self._idle: list[_Connection] = []
        fields = (
            f"Host: {parts.netloc}\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\nUser-Agent: floor\r\n"
        )
        self._fields = fields.encode()

    async def get(self, path: str) -> None:
        """GET, and read the body as bytes."""
        await self._request(b"GET %b HTTP/1.1\r\n%b\r\n" % (path.encode(), self._fields))

    async def get_json(self, path: str) -> None:
        """GET, and decode the body as JSON."""
        json.loads(await self._request(b"GET %b HTTP/1.1\r\n%b\r\n" % (path.encode(), self._fields)))

    async def post_form(self, path: str) -> None:
        """POST a small form."""
        await self._post(path, b"bird=whimbrel&tide=high")

    async def post_json(self, path: str) -> None:
        """POST a small JSON text."""
        await self._post(path, b'{"bird": "whimbrel", "tide": 1}')

    async def download(self, path: str) -> int:
        """GET, and drop the body."""
        await self.get(path)
        return 0

    async def upload(self, path: str, size: int) -> None:
        """POST `size` bytes, 64 KiB at a time."""
        connection = await self._connect()
        head = b"POST %b HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n" % (path.encode(), self._fields, size)
        await connection.send(head)
        for _ in range(size // len(_PIECE) - 1):
            await connection.send(_PIECE)
        await connection.exchange(_PIECE)
        self._idle.append(connection)

    async def close(self) -> None:
        """End."""
        for connection in self._idle:
            connection.transport.close()

    async def _post(self, path: str, body: bytes) -> None:
        head = b"POST %b HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n" % (path.encode(), self._fields, len(body))
        await self._request(head + body)

    async def _request(self, request: bytes) -> bytes:
        connection = self._idle.pop() if self._idle else await self._connect()
        body = await connection.exchange(request)
        self._idle.append(connection)
        return body

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(_Connection, self._host, self._port, ssl=self._ssl))[1]


def open_client(base: str, authority: str) -> FloorClient:
    """Return a client of `base`."""
    return FloorClient(base, authority)
