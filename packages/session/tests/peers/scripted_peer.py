"""A tiny scripted server: each connection gets the next script, raw bytes in answer to each request head."""

import asyncio
from collections.abc import Awaitable, Callable

Serve = Callable[..., Awaitable["Peer"]]


class Peer:
    """A server on a free loopback port, and what it has seen."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.connections = 0
        self.url = ""
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self, answers: list[bytes]) -> "Peer":
        """Answer the n-th request with the n-th of `answers`, later ones with the last; b"" hangs up."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            self._writers.append(writer)
            try:
                while True:
                    self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                    answer = answers[min(len(self.heads), len(answers)) - 1]
                    writer.write(answer)
                    if not answer:
                        break
                    await writer.drain()
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            finally:
                writer.close()

        self._server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def hang_up(self) -> None:
        """End every connection, behind what was written."""
        for writer in self._writers:
            writer.close()

    async def close(self) -> None:
        """Hang up on everybody."""
        await self.hang_up()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()


def answer(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """Return a whole response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
