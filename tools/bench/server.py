"""The peer of every client: answers from memory, so that the client is what costs.

`python -m tools.bench.server` listens on two free loopback ports, prints both (plain, then TLS) and the
path of the certificate's authority on one line, and ends when its standard input does.
"""

import asyncio
import ssl
import sys
import tempfile
from pathlib import Path

import trustme

from tools.bench.cores import SERVER, stay_on
from whimbrel_http1 import EndOfMessage, RequestHead, RequestParser

__all__ = ["main"]

_FIELDS = (
    b"Server: bench\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\n"
    b"Content-Type: application/json; charset=utf-8\r\n"
    b'Cache-Control: no-store\r\nETag: "5f3a"\r\nVary: Accept-Encoding\r\nX-Request-Id: 0123456789abcdef\r\n'
    b"X-Frame-Options: DENY\r\n"
)
_BLOCK = bytes(1 << 20)


def _answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (_FIELDS, len(body), body)


_SMALL = _answer(b'{"birds": ["whimbrel", "curlew", "godwit"], "shore": "north", "tide": %b}' % (b"1" * 130))


class Peer(asyncio.Protocol):
    """Answers `/bytes/N` with N bytes and everything else with a small JSON text."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._parser = RequestParser()
        self._target = ""
        self._left = 0
        self._may_write = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport  # type: ignore[assignment]  # uvloop's is not derived from asyncio's

    def data_received(self, data: bytes) -> None:
        """Answer each request when it has come whole."""
        for event in self._parser.feed(data):
            match event:
                case RequestHead():
                    self._target = event.target
                case EndOfMessage():
                    self._reply()
                case _:
                    pass

    def pause_writing(self) -> None:
        """Wait."""
        self._may_write = False

    def resume_writing(self) -> None:
        """Go on."""
        self._may_write = True
        self._pour()

    def _reply(self) -> None:
        if not self._target.startswith("/bytes/"):
            self._transport.write(_SMALL)
            return
        self._left = int(self._target.removeprefix("/bytes/"))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % self._left)
        self._pour()

    def _pour(self) -> None:
        while self._left and self._may_write:
            piece = _BLOCK if self._left >= len(_BLOCK) else _BLOCK[: self._left]
            self._left -= len(piece)
            self._transport.write(piece)


async def _serve(folder: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(folder / "authority.pem")
    loop = asyncio.get_running_loop()
    plain = await loop.create_server(Peer, "127.0.0.1", 0)
    secure = await loop.create_server(Peer, "127.0.0.1", 0, ssl=context)
    ports = [server.sockets[0].getsockname()[1] for server in (plain, secure)]
    print(*ports, folder / "authority.pem", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Serve until the standard input ends."""
    stay_on(SERVER)
    with tempfile.TemporaryDirectory() as folder:
        try:
            import uvloop  # noqa: PLC0415  the server may be quick or not, the clients decide for themselves
        except ImportError:
            asyncio.run(_serve(Path(folder)))
        else:
            uvloop.run(_serve(Path(folder)))


if __name__ == "__main__":
    main()
