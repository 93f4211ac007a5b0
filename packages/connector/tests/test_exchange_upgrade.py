"""Connections that go over to another protocol."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from whimbrel_connector import ExchangeClosed, ExchangeOptions, Request, TCPConnector, UnaskedUpgrade

from .conftest import get, plays

if TYPE_CHECKING:
    from .conftest import Line, Serve

SOON = 0.5  # a busy machine must have got the head by then


class Recorder(asyncio.Protocol):
    """Speaks after the change of protocol."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.received = bytearray()
        self.ended: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.arrived = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set_result(exc)


SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: shore\r\n\r\n"


async def test_an_upgraded_connection_is_handed_over_with_what_came_behind(
    serve: Serve, connector: TCPConnector
) -> None:
    async def switching(line: Line) -> None:
        await line.request()
        line.send(SWITCH + b"hello")
        line.send(await line.reader.readexactly(4))

    peer = await serve(switching)
    exchange = await connector.connect(peer.url)
    head = await exchange.send(get(offers_upgrade=True))
    assert head.status == 101
    assert await exchange.content.read() == b""
    recorder = Recorder()
    exchange.upgrade(recorder)
    assert recorder.received == b"hello"
    assert connector.statistics.open == 1
    assert recorder.transport is not None
    recorder.transport.write(b"echo")
    assert await recorder.ended is None
    assert recorder.received == b"helloecho"
    with pytest.raises(RuntimeError, match="not upgraded"):
        exchange.upgrade(recorder)


async def test_bytes_that_come_before_the_hand_over_are_not_lost(
    serve: Serve, connector: TCPConnector
) -> None:
    async def switching(line: Line) -> None:
        await line.request()
        line.send(SWITCH)
        await go.wait()
        line.send(b"hello")
        await line.end()

    go = asyncio.Event()
    peer = await serve(switching)
    exchange = await connector.connect(peer.url)
    await exchange.send(get(offers_upgrade=True))
    exchange.data_received(b"deciphered already, ")  # as TLS transports do though paused
    go.set()
    recorder = Recorder()
    exchange.upgrade(recorder)
    while not recorder.received.endswith(b"hello"):
        recorder.arrived.clear()
        await recorder.arrived.wait()
    assert recorder.received == b"deciphered already, hello"
    assert recorder.transport is not None
    recorder.transport.close()
    await recorder.ended


async def test_silence_is_not_counted_after_an_upgrade(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(SWITCH))
    exchange = await connector.connect(peer.url, options=ExchangeOptions(read_seconds=SOON))
    await exchange.send(get(offers_upgrade=True))
    loop = asyncio.get_running_loop()
    later = loop.create_future()
    loop.call_later(1.5 * SOON, later.set_result, None)
    await later
    assert connector.statistics.open == 1
    exchange.release()
    assert exchange.is_over
    with pytest.raises(ExchangeClosed):
        exchange.upgrade(Recorder())


async def test_a_connect_that_is_accepted_is_a_tunnel(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\n\r\nhello"))
    exchange = await connector.connect(peer.url)
    await exchange.send(Request("CONNECT", "far.example:443", [("Host", "far.example:443")]))
    recorder = Recorder()
    exchange.upgrade(recorder)
    assert recorder.received == b"hello"


async def test_an_upgrade_that_nobody_offered_is_refused(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(SWITCH))
    exchange = await connector.connect(peer.url)
    with pytest.raises(UnaskedUpgrade):
        await exchange.send(get())
    await peer.until(lambda: not peer.open)


async def test_an_upgrade_needs_a_101(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"))
    exchange = await connector.connect(peer.url)
    await exchange.send(get(offers_upgrade=True))
    with pytest.raises(RuntimeError, match="not upgraded"):
        exchange.upgrade(Recorder())
    exchange.close()
