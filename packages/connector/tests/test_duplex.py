"""Both directions at once: answers before, during and after the body, and interim ones between them."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, cast

import pytest

from whimbrel_connector import BodyWriter, ExchangeOptions, Request, TCPConnector

from .conftest import get

if TYPE_CHECKING:
    from .conftest import Line, Serve

HOST = ("Host", "shore.example")
PIECE = bytes(range(256)) * 256
PIECES = 200
NO_WAIT = ExchangeOptions(continue_seconds=3600)


class Bulk:
    """A body of many pieces, which knows how many it could write."""

    def __init__(self) -> None:
        self.written = 0
        self.ended = asyncio.Event()

    async def write(self, writer: BodyWriter) -> None:
        try:
            for _ in range(PIECES):
                await writer.write(PIECE)
                self.written += 1
        finally:
            self.ended.set()


def upload(body: Bulk) -> Request:
    return Request("POST", "/", [HOST, ("Content-Length", str(len(PIECE) * PIECES))], body)


def expecting(body: bytes) -> Request:
    headers = [HOST, ("Content-Length", str(len(body))), ("Expect", "100-continue")]
    return Request("PUT", "/", headers, body, expects_continue=True)


async def test_a_body_comes_back_while_it_goes_out(serve: Serve, connector: TCPConnector) -> None:
    """More than all buffers on the way hold: whoever waits for one direction only would wait for ever."""

    async def echoing(line: Line) -> None:
        await line.head()
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(PIECE) * PIECES))
        for _ in range(PIECES):
            line.send(await line.reader.readexactly(len(PIECE)))
            await line.writer.drain()
        await line.end()

    peer = await serve(echoing)
    exchange = await connector.connect(peer.url)
    assert (await exchange.send(upload(Bulk()))).status == 200
    digest = hashlib.sha256()
    async for piece in exchange.content.iter_any():
        digest.update(piece)
    assert digest.digest() == hashlib.sha256(PIECE * PIECES).digest()
    assert connector.statistics.idle == 1


async def test_an_answer_overtakes_a_body_that_the_peer_does_not_read(
    serve: Serve, connector: TCPConnector
) -> None:
    async def full(line: Line) -> None:
        await line.head()
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads too
        await stuck.wait()
        line.answer(b"the disk is full", status="507 Insufficient Storage")
        await line.writer.drain()
        line.writer.transport.resume_reading()  # type: ignore[attr-defined]  # as above
        await line.end()

    stuck = asyncio.Event()
    peer, body = await serve(full), Bulk()
    exchange = await connector.connect(peer.url)
    sending = asyncio.ensure_future(exchange.send(upload(body)))
    before = -1
    while body.written != before:  # until every buffer on the way is full
        before = body.written
        for _ in range(200):
            await asyncio.sleep(0)
    stuck.set()
    assert (await sending).status == 507
    assert await exchange.content.read() == b"the disk is full"
    await body.ended.wait()
    assert body.written < PIECES
    await peer.until(lambda: not peer.open)
    assert connector.statistics.open == 0


async def test_only_100_is_the_word_to_continue(serve: Serve, connector: TCPConnector) -> None:
    async def hinting(line: Line) -> None:
        await line.head()
        line.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")
        line.send(b"HTTP/1.1 102 Processing\r\n\r\n")
        early = asyncio.ensure_future(line.reader.read(1))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not early.done()
        line.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n")
        assert await early + await line.reader.readexactly(7) == b"whimbrel"
        line.answer(b"thanks")
        await line.end()

    peer = await serve(hinting)
    exchange = await connector.connect(peer.url, options=NO_WAIT)
    assert (await exchange.send(expecting(b"whimbrel"))).status == 200
    assert await exchange.content.read() == b"thanks"
    assert connector.statistics.idle == 1


async def test_100_that_nobody_asked_for_is_passed_over(serve: Serve, connector: TCPConnector) -> None:
    async def eager(line: Line) -> None:
        for _ in range(2):
            assert (await line.request()).startswith(b"POST")
            line.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            line.answer(b"thanks")
        await line.end()

    peer = await serve(eager)
    for reused in (False, True):
        exchange = await connector.connect(peer.url)
        await exchange.send(Request("POST", "/", [HOST, ("Content-Length", "8")], b"whimbrel"))
        assert await exchange.content.read() == b"thanks"
        assert exchange.reused is reused


@pytest.mark.parametrize("ends", [b"", b"HTTP/1.1 100 Continue\r\n\r\n"], ids=["before 100", "after 100"])
async def test_a_request_that_is_cancelled_around_100_spoils_no_connection(
    serve: Serve, connector: TCPConnector, ends: bytes
) -> None:
    """A server that is owed a body takes the next request for it."""

    async def waiting(line: Line) -> None:
        head = await line.head()
        if b"expect" in head.lower():
            line.send(ends)
            await line.writer.drain()
            asked.set()
        else:
            line.answer(head.split(b" ", 2)[1])
        await line.end()

    asked = asyncio.Event()
    peer = await serve(waiting)
    exchange = await connector.connect(peer.url, options=NO_WAIT)
    sending = asyncio.ensure_future(exchange.send(expecting(PIECE * 100)))
    await asked.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await peer.fetch(connector, "/next") == (200, b"/next", False)


class Taker(asyncio.Protocol):
    """Takes a connection over."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.transport: asyncio.Transport | None = None
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.received += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


async def test_a_flood_behind_the_change_of_protocol_waits_for_who_takes_over(
    serve: Serve, connector: TCPConnector
) -> None:
    """It comes in the same breath as the head, and is more than a reader is asked to hold."""
    flood = PIECE * PIECES

    async def flooding(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: tide\r\n\r\n" + flood)
        answers.append(await line.reader.readexactly(4))
        await line.writer.drain()

    answers: list[bytes] = []
    peer = await serve(flooding)
    exchange = await connector.connect(peer.url)
    assert (await exchange.send(get(offers_upgrade=True))).status == 101
    for _ in range(200):
        await asyncio.sleep(0)  # nobody has taken over yet
    taker = Taker()
    exchange.upgrade(taker)
    held = len(taker.received)
    assert held < len(flood)
    assert taker.transport is not None
    taker.transport.write(b"ebb!")
    await taker.lost.wait()
    assert taker.received == flood
    assert answers == [b"ebb!"]
    assert connector.statistics.open == 0
