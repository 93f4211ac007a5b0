"""Exchanges that are cancelled leave nothing behind, and nothing foreign."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import Exchange, TCPConnector

from .conftest import get

if TYPE_CHECKING:
    from .conftest import Line, Serve


async def before_the_head(exchange: Exchange) -> None:
    await exchange.send(get())


async def in_the_body(exchange: Exchange) -> None:
    await exchange.send(get())
    await exchange.content.read()


@pytest.mark.parametrize(
    ("work", "wire"),
    [
        (before_the_head, b""),
        (in_the_body, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim"),
    ],
)
async def test_a_cancelled_exchange_leaves_nothing_behind(
    serve: Serve,
    connector: TCPConnector,
    work: Callable[[Exchange], Awaitable[None]],
    wire: bytes,
) -> None:
    arrived = asyncio.Event()

    async def slow(line: Line) -> None:
        await line.head()
        line.send(wire)
        await line.writer.drain()
        arrived.set()
        await line.end()

    peer = await serve(slow)

    async def worker() -> None:
        exchange = await connector.connect(peer.url)
        try:
            await work(exchange)
        finally:
            exchange.close()

    task = asyncio.ensure_future(worker())
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await peer.until(lambda: not peer.open)
    await connector.close()
    assert connector.statistics.open == 0


async def test_a_request_that_is_cancelled_at_any_moment_leaves_nothing_foreign(
    serve: Serve, connector: TCPConnector
) -> None:
    async def slowly(line: Line) -> None:
        while request := await line.request():
            target = request.split(b" ", 2)[1]
            line.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(target))
            await asyncio.sleep(0)
            line.send(target)

    peer = await serve(slowly)

    async def fetch(number: int) -> None:
        exchange = await connector.connect(peer.url)
        try:
            await exchange.send(get(f"/{number}"))
            assert await exchange.content.read() == f"/{number}".encode()
        finally:
            exchange.close()

    for number in range(60):
        task = asyncio.ensure_future(fetch(number))
        for _ in range(number % 20):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() or task.exception() is None
    assert (await peer.fetch(connector, "/last")).body == b"/last"
    await connector.close()
    assert connector.statistics.open == 0
