"""An HTTP/1.1 server in one loop: keep-alive, pipelining, and 400 for what is no request.

    python server.py [--port 8080]          then, for instance:
    curl -d eggs http://127.0.0.1:8080/nest

`RequestParser` turns what arrives into events, `ResponseEncoder` turns answers into bytes; between them
stands asyncio. Every request is answered with a line about itself. A body is counted, never held, and
a connection that stays silent for `IDLE_SECONDS` is closed.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from typing import TypeVar

from whimbrel_http1 import (
    Awaiting,
    EndOfMessage,
    Event,
    MessageTooLarge,
    ParseError,
    RequestHead,
    RequestParser,
    ResponseEncoder,
    Upgraded,
)

Result = TypeVar("Result")

READ_BYTES = 65536
IDLE_SECONDS = 30.0
LINGER_SECONDS = 2.0


class Conversation:
    """The requests of one connection and their answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._parser = RequestParser()
        self._request = RequestHead("GET", "/")
        self._received = 0

    async def run(self) -> None:
        """Answer until the client has had enough, or sends what cannot be understood."""
        try:
            while self._parser.state is not Awaiting.NOTHING:
                data = await patiently(self._reader.read(READ_BYTES), self._writer, IDLE_SECONDS)
                await self._take(self._parser.feed(data) if data else self._parser.feed_eof())
                while self._parser.state is Awaiting.DECISION:  # an upgrade is asked for: stay with HTTP/1.1
                    await self._take(self._parser.refuse_upgrade())
        except ParseError as fault:
            status, reason = (
                (431, "Request Header Fields Too Large")
                if isinstance(fault, MessageTooLarge)
                else (400, "Bad Request")
            )
            await self._answer(status, reason, f"{fault}\n", keep_alive=False)

    async def _take(self, events: Iterable[Event]) -> None:
        # Events that precede a fault are answered first; then the iteration raises it.
        for event in events:
            match event:
                case RequestHead():
                    self._request, self._received = event, 0
                    if event.expect_continue and (event.chunked or event.content_length):
                        self._writer.write(ResponseEncoder(100, "Continue", ()).head)
                case bytes():
                    self._received += len(event)
                case EndOfMessage():
                    await self._answer(
                        200, "OK", f"{self._request.method} {self._request.target} {self._received}\n"
                    )
                case Upgraded():  # CONNECT: what follows is not HTTP, so whoever refuses it closes
                    await self._answer(501, "Not Implemented", "no tunnels here\n", keep_alive=False)
                case _:
                    pass

    async def _answer(self, status: int, reason: str, text: str, *, keep_alive: bool | None = None) -> None:
        content = text.encode()
        persists = self._request.keep_alive if keep_alive is None else keep_alive
        fields = {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(content)),
            "Connection": "keep-alive" if persists else "close",
        }
        method = self._request.method if status == 200 else "GET"
        encoder = ResponseEncoder(status, reason, fields, request_method=method)
        self._writer.write(
            encoder.head + (encoder.data(content) if encoder.content_length else b"") + encoder.end()
        )
        await patiently(self._writer.drain(), self._writer, IDLE_SECONDS)


async def patiently(awaitable: Awaitable[Result], writer: asyncio.StreamWriter, seconds: float) -> Result:
    """Await the peer; a silence of `seconds` ends its connection, and so the wait."""
    timer = asyncio.get_running_loop().call_later(seconds, writer.transport.abort)
    try:
        return await awaitable
    finally:
        timer.cancel()


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one connection and close it so that the last answer arrives."""
    with suppress(OSError, asyncio.CancelledError):  # the client is gone, or we are
        await Conversation(reader, writer).run()
        # Closing with bytes unread would reset the connection, and the client might lose the answer.
        writer.write_eof()
        await patiently(_discard(reader), writer, LINGER_SECONDS)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _discard(reader: asyncio.StreamReader) -> None:
    while await reader.read(READ_BYTES):
        pass


async def main() -> None:
    """Listen on the loopback until interrupted."""
    parser = argparse.ArgumentParser(description="Answer every request with a line about itself.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    options = parser.parse_args()
    server = await asyncio.start_server(converse, options.host, options.port)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"listening on {host} port {port}", flush=True)
    try:
        await asyncio.get_running_loop().create_future()  # until Ctrl-C, which ends the conversations too
    finally:
        server.close()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
