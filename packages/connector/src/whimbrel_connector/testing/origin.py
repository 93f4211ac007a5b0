"""An origin for tests: it answers as the target says, and each answer carries the number of its request.

It listens on the loopback while it is entered; a connector without sockets takes its `protocol` instead.

| target | the answer |
|---|---|
| /plain/N | N |
| /chunked/N | N, in chunks of one byte |
| /large/N | N, and 300,000 bytes behind it |
| /echo/N | N, a blank, and the length of the request's body |
| /closing/N | N, until the connection closes |
| /endless/N | the beginning of a body without an end |
| /mute/N | none |
| /hangup/N | none, and the connection closes |
| /garbage/N | what is no HTTP |
"""

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING

from whimbrel_connector._dialled import as_transport
from whimbrel_http1 import EndOfMessage, RequestHead, RequestParser

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["LARGE_BYTES", "Origin"]

LARGE_BYTES = 300_000
_OK = "HTTP/1.1 200 OK\r\n"


class Origin:
    """What answers.

    Attributes:
        url: `http://127.0.0.1:PORT`, while it listens.
        host: 127.0.0.1.
        port: Its port, while it listens.
        accepted: Connections so far.
        open: Connections that stand now.
    """

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.url = "http://origin.example"
        self.port = 80
        self.accepted = self.open = 0
        self._server: asyncio.Server | None = None
        self._is_over = False
        self._transports: set[asyncio.Transport] = set()
        self._changed = asyncio.Event()

    async def __aenter__(self) -> "Self":
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self.protocol, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://{self.host}:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and break what is still open, and what is accepted from now on."""
        self._is_over = True
        if self._server is not None:
            self._server.close()
        for transport in self._transports:
            transport.abort()
        await self.until_idle()

    def protocol(self) -> asyncio.Protocol:
        """Return the server's side of one new connection, to be given a transport."""
        return _OneConnection(self)

    async def until_idle(self) -> None:
        """Wait until no connection stands."""
        while self.open:
            self._changed.clear()
            await self._changed.wait()

    def opened(self, transport: asyncio.Transport) -> int:
        """Note a connection, and return its number."""
        self._transports.add(transport)
        self.accepted += 1
        self.open += 1
        if self._is_over:
            transport.abort()
        return self.accepted

    def closed(self, transport: asyncio.Transport) -> None:
        """Note the end of a connection."""
        self._transports.discard(transport)
        self.open -= 1
        self._changed.set()


class _OneConnection(asyncio.Protocol):
    """The server's side: it answers one request after another."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._transport: asyncio.Transport | None = None
        self._parser = RequestParser()
        self._head: RequestHead | None = None
        self._body_bytes = 0
        self._number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = as_transport(transport)
        self._number = self._origin.opened(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  any end is an end
        if self._transport is not None:
            self._origin.closed(self._transport)
            self._transport = None

    def data_received(self, data: bytes) -> None:
        for event in self._parser.feed(data):
            if isinstance(event, RequestHead):
                self._head, self._body_bytes = event, 0
            elif isinstance(event, bytes):
                self._body_bytes += len(event)
            elif isinstance(event, EndOfMessage) and self._head is not None:
                self._answer(self._head)

    def _answer(self, head: RequestHead) -> None:
        _, route, number, *_ = (head.target + "///").split("/")
        if self._transport is None or route == "mute":
            return
        self._transport.write(self._wire(route, number.encode()))
        if route in {"closing", "hangup"}:
            self._transport.close()

    def _wire(self, route: str, number: bytes) -> bytes:
        """Return what is sent; X-Connection is the number of the connection."""
        head = f"{_OK}X-Connection: {self._number}\r\n".encode()
        if route == "chunked":
            chunks = b"".join(b"1\r\n%c\r\n" % octet for octet in number)
            return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
        odd = {
            "hangup": b"",
            "garbage": b"SSH-2.0-nest\r\n\r\n",
            "endless": head + b"Content-Length: 1000000000\r\n\r\n" + number,
            "closing": head + b"\r\n" + number,
        }
        if route in odd:
            return odd[route]
        more = {"large": bytes(LARGE_BYTES), "echo": b" %d" % self._body_bytes}
        number += more.get(route, b"")
        return head + b"Content-Length: %d\r\n\r\n" % len(number) + number
