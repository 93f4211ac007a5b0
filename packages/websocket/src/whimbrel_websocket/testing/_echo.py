"""An echo server on the loopback interface, for tests and examples."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from whimbrel_websocket.testing._server_side import ServerSide, answer_handshake

__all__ = ["EchoServer", "serve_echo"]

_READ_BYTES = 65536


@dataclass(frozen=True)
class EchoServer:
    """A running server.

    Attributes:
        port: Where it listens on 127.0.0.1.
        url: The same as a WebSocket URL.
    """

    port: int

    @property
    def url(self) -> str:
        """The address to connect to."""
        return f"ws://127.0.0.1:{self.port}/"


@asynccontextmanager
async def serve_echo() -> AsyncIterator[EchoServer]:
    """Serve until the block ends: every frame comes back, pings are answered, closes are echoed."""
    serving: dict[asyncio.StreamWriter, asyncio.Event] = {}

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = serving[writer] = asyncio.Event()
        try:
            await _echo(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            gone.set()

    server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    try:
        yield EchoServer(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for writer, gone in serving.items():
            writer.transport.abort()
            await gone.wait()
        await server.wait_closed()


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = await reader.readuntil(b"\r\n\r\n")
    writer.write(answer_handshake(request))
    server_side = ServerSide()
    while data := await reader.read(_READ_BYTES):
        for frame in server_side.feed(data):
            opcode = 10 if frame.opcode == 9 else frame.opcode
            writer.write(ServerSide.frame(opcode, frame.payload, is_final=frame.is_final))
            await writer.drain()
            if opcode == 8:
                return
