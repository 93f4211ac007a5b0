"""Back-pressure, and the ends that this side chooses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import ExchangeClosed, ExchangeOptions, ServerDisconnected, TCPConnector

from .conftest import get, plays

if TYPE_CHECKING:
    from .conftest import Line, Serve

SOON = 0.5  # a busy machine must have got the head by then


async def test_a_reader_who_does_not_read_holds_the_peer_back(serve: Serve, connector: TCPConnector) -> None:
    async def pouring(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 30))
        while True:
            line.send(bytes(1 << 20))
            if line.writer.transport.get_write_buffer_size() > 1 << 16:
                blocked.set()
            await line.writer.drain()

    blocked = asyncio.Event()
    peer = await serve(pouring)
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    await blocked.wait()
    while not exchange._reading_paused:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    held = exchange.content.total_bytes
    for _ in range(100):
        await asyncio.sleep(0)
    assert exchange.content.total_bytes == held < 1 << 20
    for _ in range(50):
        assert len(await exchange.content.readexactly(100_000)) == 100_000
    exchange.close()


async def test_silence_is_not_counted_while_the_reader_is_slow(serve: Serve, connector: TCPConnector) -> None:
    size = 1 << 20
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size)))
    exchange = await connector.connect(peer.url, options=ExchangeOptions(read_seconds=SOON, buffer_bytes=100))
    await exchange.send(get())
    loop = asyncio.get_running_loop()
    later = loop.create_future()
    loop.call_later(1.5 * SOON, later.set_result, None)
    await later
    assert len(await exchange.content.read()) == size


async def test_releasing_drops_a_short_rest_and_keeps_the_connection(
    serve: Serve, connector: TCPConnector
) -> None:
    async def slow(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nwhim")
        await go.wait()
        line.send(b"brel")
        await line.request()
        line.answer(b"next")
        await line.end()

    go = asyncio.Event()
    peer = await serve(slow)
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    exchange.release()
    exchange.release()
    assert await exchange.content.readexactly(4) == b"whim"
    with pytest.raises(ExchangeClosed, match="released"):
        await exchange.content.read()
    go.set()
    while not exchange.is_over:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    assert await peer.fetch(connector) == (200, b"next", True)
    with pytest.raises(ExchangeClosed, match="released"):
        await exchange.content.read()


async def test_releasing_goes_on_where_reading_was_paused(serve: Serve, connector: TCPConnector) -> None:
    async def hesitant(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + bytes(49_999))
        await released.wait()
        line.send(b".")

    released = asyncio.Event()
    peer = await serve(hesitant)
    exchange = await connector.connect(peer.url, options=ExchangeOptions(buffer_bytes=10))
    await exchange.send(get())
    while not exchange._reading_paused:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    exchange.release()
    released.set()
    while not exchange.is_over:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    assert connector.statistics.idle == 1


async def test_releasing_closes_before_a_long_rest(serve: Serve, connector: TCPConnector) -> None:
    async def pouring(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            line.send(b"10000\r\n" + bytes(65536) + b"\r\n")
            await line.writer.drain()

    peer = await serve(pouring)
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    exchange.release()
    await peer.until(lambda: not peer.open)
    assert exchange.is_over
    assert connector.statistics.open == 0


async def test_releasing_closes_before_a_rest_that_does_not_come(
    serve: Serve, connector: TCPConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whimbrel_connector.exchange.DRAIN_SECONDS", 0.05)
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim"))
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    exchange.release()
    assert not exchange.is_over
    await peer.until(lambda: not peer.open)
    assert exchange.is_over


async def test_releasing_what_was_read_or_never_sent(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve()
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    await exchange.content.read()
    exchange.release()
    assert connector.statistics.idle == 1
    unused = await connector.connect(peer.url)
    unused.release()
    assert unused.is_over
    assert connector.statistics.idle == 1


async def test_closing_tells_the_reader(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim"))
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    reading = asyncio.ensure_future(exchange.content.readexactly(9))
    await asyncio.sleep(0)
    exchange.close()
    with pytest.raises(ExchangeClosed):
        await reading
    await peer.until(lambda: not peer.open)


async def test_failing_tells_whoever_waits_for_the_head(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b""))
    exchange = await connector.connect(peer.url)
    sending = asyncio.ensure_future(exchange.send(get()))
    await asyncio.sleep(0)
    exchange.fail(LookupError("enough"))
    exchange.fail(LookupError("twice"))
    with pytest.raises(LookupError, match="enough"):
        await sending


async def test_bytes_before_the_request_are_no_answer(serve: Serve, connector: TCPConnector) -> None:
    async def hasty(line: Line) -> None:
        line.answer(b"before you ask")
        await line.end()

    peer = await serve(hasty)
    exchange = await connector.connect(peer.url)
    await peer.until(lambda: bool(peer.accepted) and not peer.open)
    with pytest.raises((ExchangeClosed, ServerDisconnected)):
        await exchange.send(get())
