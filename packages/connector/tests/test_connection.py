"""One connection between exchanges: what condemns it, and how it ends."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import Http1Connection, TCPConnector

from .conftest import Peer

if TYPE_CHECKING:
    from .conftest import Line, Serve

PUSHED = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npushed"


async def test_a_connection_without_a_transport_says_so() -> None:
    connection = Http1Connection(asyncio.get_running_loop())
    assert connection.is_closing
    assert not connection.is_flushed
    assert connection.get_extra_info("peername", "nobody") == "nobody"
    with pytest.raises(RuntimeError, match="no transport"):
        _ = connection.transport
    connection.close()
    connection.abort()
    connection.pause_reading()
    connection.resume_reading()
    assert not await connection.is_usable()


async def test_a_connection_that_nobody_owns_is_used_once(serve: Serve) -> None:
    peer = await serve()
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: Http1Connection(loop), "127.0.0.1", peer.port)
    connection.finish()
    await connection.lost
    assert connection.closed_here


@pytest.mark.parametrize("pushed", [PUSHED, PUSHED[:20], b"\n"], ids=["a response", "half of one", "a byte"])
@pytest.mark.parametrize("moment", ["at once", "before the next request", "in its turn"])
async def test_bytes_on_an_idle_connection_condemn_it(
    serve: Serve, connector: TCPConnector, pushed: bytes, moment: str
) -> None:
    go = asyncio.Event()
    sent = asyncio.Event()

    async def pushing(line: Line) -> None:
        await line.request()
        if line.writer.get_extra_info("peername") not in greeted:
            greeted.append(line.writer.get_extra_info("peername"))
        if len(greeted) > 1:
            line.answer(b"own")
            await line.end()
            return
        if moment == "at once":
            line.answer(b"first")
            await line.writer.drain()
            line.send(pushed)
        else:
            line.answer(b"first")
            await go.wait()
            line.send(pushed)
        await line.writer.drain()
        sent.set()
        await line.end()

    greeted: list[object] = []
    peer = await serve(pushing)
    assert (await peer.fetch(connector)).body == b"first"
    if moment != "in its turn":
        go.set()
        await sent.wait()
    if moment == "before the next request":
        await peer.until(lambda: not peer.open)
    go.set()
    if moment == "in its turn":
        await sent.wait()  # now the bytes are in the socket, and nobody has looked
    fetched = await peer.fetch(connector)
    assert (fetched.body, fetched.reused) == (b"own", False)


async def test_what_the_loop_has_not_let_in_stands_against_a_connection(serve: Serve) -> None:
    go = asyncio.Event()

    async def pushing(line: Line) -> None:
        await go.wait()
        line.send(PUSHED)
        await line.end()

    peer = await serve(pushing)
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: Http1Connection(loop), "127.0.0.1", peer.port)
    assert await connection.is_usable()
    connection.pause_reading()
    go.set()
    while connection.is_quiet:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    assert not await connection.is_usable()
    connection.abort()
    await connection.lost


async def test_a_thousand_pushes_are_never_taken_for_an_answer(serve: Serve, connector: TCPConnector) -> None:
    async def pushing(line: Line) -> None:
        request = await line.request()
        line.answer(request.split(b" ", 2)[1])
        await line.writer.drain()
        line.send(PUSHED)
        await line.end()

    peer = await serve(pushing)
    for number in range(300):
        fetched = await peer.fetch(connector, f"/{number}")
        assert (fetched.status, fetched.body) == (200, f"/{number}".encode())


async def test_an_idle_connection_that_was_closed_is_not_taken(serve: Serve, connector: TCPConnector) -> None:
    async def once(line: Line) -> None:
        await line.request()
        line.answer()

    peer = await serve(once)
    for _ in range(20):
        assert not (await peer.fetch(connector)).reused
        await peer.until(lambda: not peer.open)
    assert peer.accepted == 20


async def test_closing_twice_is_closing_once(serve: Serve) -> None:
    peer = await serve()
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: Http1Connection(loop), "127.0.0.1", peer.port)
    assert connection.is_flushed
    connection.close()
    connection.close()
    assert connection.is_closing
    await connection.lost
    connection.abort()


async def test_a_protocol_that_fails_at_its_end_keeps_no_place(serve: Serve) -> None:
    class Clumsy(asyncio.Protocol):
        def connection_lost(self, exc: Exception | None) -> None:
            raise KeyError

    peer = await serve()
    async with TCPConnector(limit=1) as connector:
        exchange = await connector.connect(peer.url)
        exchange._connection.switch(Clumsy())
        transport = exchange._connection.transport
        with pytest.raises(KeyError):
            exchange._connection.connection_lost(None)
        assert connector.statistics.open == 0
        exchange._over = True
        exchange._connection._owner = None
        transport.abort()


def test_loops_in_threads_of_their_own_receive_nothing_of_each_other() -> None:
    """All connections of a loop receive in one place."""
    together = threading.Barrier(2, timeout=60)

    async def fetch(letter: bytes) -> set[bytes]:
        async def answering(line: Line) -> None:
            while await line.request():
                line.answer(letter * 100_000)

        peer = await Peer(answering).start()
        seen = set()
        async with TCPConnector() as connector:
            together.wait()
            for _ in range(100):
                seen.add((await peer.fetch(connector)).body)
        await peer.close()
        return {bytes(set(body)) for body in seen}

    with ThreadPoolExecutor() as threads:
        mine, theirs = (threads.submit(asyncio.run, fetch(letter)) for letter in (b"m", b"t"))
        assert (mine.result(), theirs.result()) == ({b"m"}, {b"t"})
