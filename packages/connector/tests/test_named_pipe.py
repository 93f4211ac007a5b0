"""Named pipes, on an event loop with the transports of Windows, over UNIX sockets in the place of pipes."""

from __future__ import annotations

import asyncio
import os
import socket
from asyncio import proactor_events
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import pytest
from yarl import URL

from whimbrel_connector import (
    ConnectFailed,
    NamedPipeConnector,
    Proxy,
    TlsFailed,
    UnsupportedProxy,
)

if TYPE_CHECKING:
    from pathlib import Path

P = TypeVar("P", bound=asyncio.BaseProtocol)

WORDS = "Named Pipes only available in proactor loop under windows"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nshore"

needs_unix = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no UNIX sockets here")


class Overlapped:
    """What the transports of Windows ask of its proactor, over sockets that stand in for pipes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def recv_into(self, pipe: socket.socket, buffer: bytearray) -> asyncio.Future[int]:
        return self._loop.create_task(self._loop.sock_recv_into(pipe, buffer))

    def send(self, pipe: socket.socket, data: bytes) -> asyncio.Future[None]:
        return self._loop.create_task(self._loop.sock_sendall(pipe, data))


class PipeLoop(asyncio.SelectorEventLoop):
    """A loop with the method of ProactorEventLoop, and with the very transports that this one makes."""

    def __init__(self) -> None:
        super().__init__()
        self._proactor = Overlapped(self)

    async def create_pipe_connection(
        self, protocol_factory: Callable[[], P], address: str
    ) -> tuple[asyncio.BaseTransport, P]:
        pipe = socket.socket(socket.AF_UNIX)
        pipe.setblocking(False)
        try:
            await self.sock_connect(pipe, address)
        except BaseException:
            pipe.close()
            raise
        made = protocol_factory()
        duplex: Callable[..., asyncio.Transport] = proactor_events._ProactorDuplexPipeTransport
        return duplex(self, pipe, made, extra={"addr": address}), made


async def test_another_loop_has_no_pipes() -> None:
    with pytest.raises(RuntimeError, match=WORDS):
        NamedPipeConnector(r"\\.\pipe\shore")


def test_without_a_loop_the_first_request_says_so() -> None:
    async def connect() -> None:
        with pytest.raises(RuntimeError, match=WORDS):
            await connector.connect("http://pipe.example")
        assert connector.statistics.open == 0
        await connector.close()

    connector = NamedPipeConnector(r"\\.\pipe\shore")
    assert connector.path == r"\\.\pipe\shore"
    asyncio.run(connect())


def on_pipe_loop(path: str, scene: Callable[[NamedPipeConnector], object]) -> None:
    async def play() -> None:
        async with NamedPipeConnector(path) as connector:
            await scene(connector)  # type: ignore[misc]  # it is a coroutine
        assert connector.statistics.open == 0

    loop = PipeLoop()
    try:
        NamedPipeConnector(path, loop=loop)
        loop.run_until_complete(play())
    finally:
        loop.close()


@needs_unix
def test_exchanges_go_through_the_pipe_whatever_the_host(tmp_path: Path) -> None:
    path = str(tmp_path / "pipe")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            while await reader.readline() != b"\r\n":
                pass
            writer.write(ANSWER)
        writer.close()
        await writer.wait_closed()
        left.set()

    async def scene(connector: NamedPipeConnector) -> None:
        from whimbrel_connector import Request  # noqa: PLC0415  the one use

        server = await asyncio.start_unix_server(answer, path)
        reused = []
        for _ in range(2):
            exchange = await connector.connect("http://pipe.example")
            assert (await exchange.send(Request("GET", "/", [("Host", "pipe.example")]))).status == 200
            body = await exchange.content.read()
            assert (type(body), body) == (bytes, b"shore")
            reused.append(exchange.reused)
        assert reused == [False, True]
        await connector.close()
        await left.wait()
        server.close()

    left = asyncio.Event()
    on_pipe_loop(path, scene)


@needs_unix
def test_a_pipe_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "missing")

    async def scene(connector: NamedPipeConnector) -> None:
        with pytest.raises(ConnectFailed, match=f"cannot connect to {path}: {os.strerror(2)}") as caught:
            await connector.connect("http://pipe.example")
        assert (caught.value.host, caught.value.port) == (path, None)

    on_pipe_loop(path, scene)


@needs_unix
def test_there_is_neither_tls_nor_a_proxy(tmp_path: Path) -> None:
    async def scene(connector: NamedPipeConnector) -> None:
        assert not connector.reaches_proxies
        with pytest.raises(TlsFailed, match="no TLS over a named pipe"):
            await connector.connect("https://pipe.example")
        with pytest.raises(UnsupportedProxy):
            await connector.connect("http://pipe.example", proxy=Proxy(URL("http://proxy.example:3128")))

    on_pipe_loop(str(tmp_path / "pipe"), scene)


@needs_unix
def test_one_that_is_cancelled_before_its_transport_is_known_is_closed(tmp_path: Path) -> None:
    path = str(tmp_path / "pipe")

    async def scene(connector: NamedPipeConnector) -> None:
        open_now = 0

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal open_now
            open_now += 1
            assert await reader.read() == b""
            writer.close()
            open_now -= 1

        server = await asyncio.start_unix_server(listen, path)
        for turns in range(12):
            connecting = asyncio.ensure_future(connector.connect("http://pipe.example"))
            for _ in range(turns):
                await asyncio.sleep(0)
            connecting.cancel()
            await asyncio.wait([connecting])
            if not connecting.cancelled():
                connecting.result().close()
            while open_now or connector.statistics.open:  # noqa: ASYNC110  no event tells
                await asyncio.sleep(0)
        server.close()

    on_pipe_loop(path, scene)
