"""A small HTTP/1.1 server on a free loopback port, reading and writing with whimbrel_http1.

Enough for the demo and no more: it holds each request in memory and knows one user.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

from tools.demo.answers import Request, Response, answer
from tools.demo.echo import Echo, accept_key
from whimbrel_http1 import EndOfMessage, ParseError, RequestHead, RequestParser, ResponseEncoder

__all__ = ["serving"]

READ_BYTES = 1 << 16
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# On loopback a download would be over before its progress bar is drawn.
SECONDS_PER_PIECE = 0.005


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """Serve while the block runs; the value is the server's URL, without a path."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    async with server:
        yield "http://{}:{}".format(*server.sockets[0].getsockname())


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, ParseError, ValueError):
        await _Connection(reader, writer).serve()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


class _Connection:
    """One client's connection: requests one after another, then perhaps a WebSocket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._parser = RequestParser()

    async def serve(self) -> None:
        """Answer until the client leaves, asks to close, or breaks the rules."""
        async for request in self._requests():
            if request.head.upgrade and request.path == "/echo":
                await self._echo(request)
                return
            await self._send(request, answer(request))
            if not request.head.keep_alive:
                return

    async def _requests(self) -> AsyncIterator[Request]:
        head: RequestHead | None = None
        body = b""
        while data := await self._reader.read(READ_BYTES):
            for event in self._parser.feed(data):
                match event:
                    case RequestHead():
                        head, body = event, b""
                        if event.expect_continue:
                            self._writer.write(CONTINUE)
                    case bytes():
                        body += event
                    case EndOfMessage() if head is not None:
                        yield Request(head, body)
                    case _:
                        return

    async def _send(self, request: Request, response: Response) -> None:
        phrase = HTTPStatus(response.status).phrase
        fields = {**response.headers, "Content-Length": str(response.size)}
        encoder = ResponseEncoder(response.status, phrase, fields, request_method=request.head.method)
        self._writer.write(encoder.head)
        for piece in () if encoder.done else response.pieces:
            self._writer.write(encoder.data(piece))
            await self._writer.drain()
            await asyncio.sleep(SECONDS_PER_PIECE)

    async def _echo(self, request: Request) -> None:
        accept = accept_key(request.head.get(b"Sec-WebSocket-Key") or b"")
        fields = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept}
        self._writer.write(ResponseEncoder(101, "Switching Protocols", fields).head)
        conversation = Echo()
        self._writer.write(conversation.feed(self._parser.accept_upgrade()))
        while not conversation.closed and (data := await self._reader.read(READ_BYTES)):
            self._writer.write(conversation.feed(data))
            await self._writer.drain()
