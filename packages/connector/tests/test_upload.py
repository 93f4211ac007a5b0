"""Bodies on their way out: framing, back-pressure, early answers, `100 Continue`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import (
    BodyWriter,
    ExchangeClosed,
    ExchangeOptions,
    ReadTimeout,
    Request,
    ServerDisconnected,
    TCPConnector,
)
from whimbrel_http1 import BodyLengthMismatch

if TYPE_CHECKING:
    from .conftest import Line, Serve

HOST = ("Host", "shore.example")
SOON = 0.5  # a busy machine must have answered by then


def post(body: bytes) -> Request:
    return Request("POST", "/", [HOST, ("Content-Length", str(len(body)))], body)


class Pieces:
    """A body that gives its pieces one by one."""

    def __init__(self, *pieces: bytes, fault: BaseException | None = None) -> None:
        self.pieces = pieces
        self.fault = fault
        self.written = 0
        self.ended = False

    async def write(self, writer: BodyWriter) -> None:
        try:
            for piece in self.pieces:
                await writer.write(piece)
                self.written += 1
            if self.fault is not None:
                raise self.fault
        finally:
            self.ended = True


class Endless(Pieces):
    """A body without an end."""

    async def write(self, writer: BodyWriter) -> None:
        try:
            while True:
                await writer.write(bytes(65536))
                self.written += 1
        finally:
            self.ended = True


class Waiting(Pieces):
    """A body that writes its pieces and then waits for ever."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__(*pieces)
        self.reached = asyncio.Event()

    async def write(self, writer: BodyWriter) -> None:
        try:
            await super().write(writer)
            self.ended = False
            self.reached.set()
            await asyncio.get_running_loop().create_future()
        finally:
            self.ended = True


def upload(body: Pieces, *, length: int | None = None, expects_continue: bool = False) -> Request:
    framing = ("Transfer-Encoding", "chunked") if length is None else ("Content-Length", str(length))
    return Request("POST", "/", [HOST, framing], body, expects_continue=expects_continue)


async def silently(line: Line) -> None:
    await line.end()


@pytest.mark.parametrize("length", [None, 8])
async def test_a_body_that_writes_itself_is_framed(
    serve: Serve, connector: TCPConnector, length: int | None
) -> None:
    received: list[bytes] = []

    async def echoing(line: Line) -> None:
        await line.head()
        end = b"0\r\n\r\n" if length is None else b"brel"
        received.append(await line.reader.readuntil(end))
        line.answer(b"thanks")
        await line.end()

    peer = await serve(echoing)
    exchange = await connector.connect(peer.url)
    await exchange.send(upload(Pieces(b"whim", b"", b"brel"), length=length))
    assert await exchange.content.read() == b"thanks"
    assert received == [b"4\r\nwhim\r\n4\r\nbrel\r\n0\r\n\r\n" if length is None else b"whimbrel"]
    assert connector.statistics.idle == 1


async def test_a_body_in_memory_leaves_with_its_head(serve: Serve, connector: TCPConnector) -> None:
    received: list[bytes] = []

    async def echoing(line: Line) -> None:
        received.append(await line.reader.read(65536))
        line.answer()
        await line.end()

    peer = await serve(echoing)
    exchange = await connector.connect(peer.url)
    await exchange.send(post(b"whimbrel"))
    await exchange.content.read()
    assert received == [
        b"POST / HTTP/1.1\r\nHost: shore.example\r\nContent-Length: 8\r\n\r\nwhimbrel",
    ]


@pytest.mark.parametrize("body", [b"whimbrel!", b"whimbre"])
async def test_a_body_of_another_length_than_declared_is_never_sent(
    serve: Serve, connector: TCPConnector, body: bytes
) -> None:
    received: list[bytes] = []

    async def listening(line: Line) -> None:
        received.append(await line.end())

    peer = await serve(listening)
    exchange = await connector.connect(peer.url)
    with pytest.raises(BodyLengthMismatch):
        await exchange.send(Request("POST", "/", [HOST, ("Content-Length", "8")], body))
    await peer.until(lambda: bool(received))
    assert received == [b""]


@pytest.mark.parametrize("pieces", [(b"whim", b"brel", b"!"), (b"whim",)])
async def test_a_written_body_of_another_length_fails_the_request(
    serve: Serve, connector: TCPConnector, pieces: tuple[bytes, ...]
) -> None:
    received: list[bytes] = []

    async def listening(line: Line) -> None:
        await line.head()
        received.append(await line.end())

    peer = await serve(listening)
    exchange = await connector.connect(peer.url)
    with pytest.raises(BodyLengthMismatch):
        await exchange.send(upload(Pieces(*pieces), length=8))
    await peer.until(lambda: bool(received))
    assert received == [b"whimbrel"[: len(b"".join(pieces))]]


async def test_an_error_of_the_body_fails_the_request(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(silently)
    exchange = await connector.connect(peer.url)
    with pytest.raises(KeyError):
        await exchange.send(upload(Pieces(b"whim", fault=KeyError("lost"))))
    await peer.until(lambda: not peer.open)


async def test_a_body_that_is_cancelled_from_elsewhere_fails_the_request(
    serve: Serve, connector: TCPConnector
) -> None:
    peer = await serve(silently)
    exchange = await connector.connect(peer.url)
    with pytest.raises(ExchangeClosed, match="cancelled"):
        await exchange.send(upload(Pieces(b"whim", fault=asyncio.CancelledError())))


async def test_an_early_answer_is_delivered_and_stops_the_upload(
    serve: Serve, connector: TCPConnector
) -> None:
    async def refusing(line: Line) -> None:
        await line.head()
        line.answer(b"too large", status="413 Content Too Large")
        await line.end()

    peer = await serve(refusing)
    body = Waiting(b"whim")
    exchange = await connector.connect(peer.url)
    assert (await exchange.send(upload(body))).status == 413
    assert await exchange.content.read() == b"too large"
    await peer.until(lambda: not peer.open)
    assert body.ended
    assert connector.statistics.idle == 0


async def test_an_upload_may_go_on_while_the_answer_is_read(serve: Serve, connector: TCPConnector) -> None:
    async def echoing(line: Line) -> None:
        await line.head()
        line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            line.send(await line.reader.readexactly(9))
        line.send(await line.reader.readexactly(5))
        await line.end()

    peer = await serve(echoing)
    exchange = await connector.connect(peer.url)
    head = asyncio.ensure_future(exchange.send(upload(Waiting(b"whim", b"brel", b"eggs"))))
    assert (await head).status == 200
    assert await exchange.content.readexactly(12) == b"whimbreleggs"
    exchange.close()


async def test_a_peer_that_does_not_read_holds_the_upload_back(serve: Serve, connector: TCPConnector) -> None:
    async def deaf(line: Line) -> None:
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport can
        await stop.wait()
        line.reset()

    stop = asyncio.Event()
    peer = await serve(deaf)
    body = Endless()
    exchange = await connector.connect(peer.url)
    sending = asyncio.ensure_future(exchange.send(upload(body)))
    while exchange._upload is None or not exchange._upload.is_held_back:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    written = -2
    while body.written > written + 1:  # until the system, too, takes no more
        written = body.written
        for _ in range(50):
            await asyncio.sleep(0)
    assert written < 1000
    stop.set()
    with pytest.raises(ServerDisconnected):
        await sending
    assert body.ended


async def test_a_large_body_in_memory_that_is_answered_early_closes_the_connection(
    serve: Serve, connector: TCPConnector
) -> None:
    async def hasty(line: Line) -> None:
        await line.head()
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport can
        line.answer(b"enough")
        await line.writer.drain()
        await read.wait()
        line.reset()

    read = asyncio.Event()
    peer = await serve(hasty)
    exchange = await connector.connect(peer.url)
    await exchange.send(post(bytes(32 << 20)))
    assert await exchange.content.read() == b"enough"
    assert connector.statistics.idle == 0
    read.set()
    await peer.until(lambda: not peer.open)


async def test_silence_is_not_counted_while_this_side_writes(serve: Serve, connector: TCPConnector) -> None:
    class Slow(Pieces):
        async def write(self, writer: BodyWriter) -> None:
            loop = asyncio.get_running_loop()
            await writer.write(b"whim")
            later = loop.create_future()
            loop.call_later(1.5 * SOON, later.set_result, None)
            await later
            await writer.write(b"brel")

    async def listening(line: Line) -> None:
        await line.head()
        await line.reader.readexactly(8)
        line.answer(b"thanks")
        await line.end()

    peer = await serve(listening)
    exchange = await connector.connect(peer.url, options=ExchangeOptions(read_seconds=SOON))
    await exchange.send(upload(Slow(), length=8))
    assert await exchange.content.read() == b"thanks"


async def test_silence_is_counted_while_the_peer_does_not_read(serve: Serve, connector: TCPConnector) -> None:
    async def deaf(line: Line) -> None:
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport can
        await asyncio.get_running_loop().create_future()

    peer = await serve(deaf)
    exchange = await connector.connect(peer.url, options=ExchangeOptions(read_seconds=SOON))
    with pytest.raises(ReadTimeout):
        await exchange.send(upload(Endless()))


# Expect: 100-continue.


def expecting(body: Pieces | bytes) -> Request:
    headers = [HOST, ("Content-Length", "8"), ("Expect", "100-continue")]
    return Request("PUT", "/", headers, body, expects_continue=True)


@pytest.mark.parametrize("body", [b"whimbrel", Pieces(b"whim", b"brel")], ids=["bytes", "pieces"])
async def test_a_body_waits_for_100_continue(
    serve: Serve, connector: TCPConnector, body: Pieces | bytes
) -> None:
    async def asking(line: Line) -> None:
        await line.head()
        early = asyncio.ensure_future(line.reader.read(1))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not early.done()
        line.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert await early + await line.reader.readexactly(7) == b"whimbrel"
        line.answer(b"thanks", status="201 Created")
        await line.end()

    peer = await serve(asking)
    exchange = await connector.connect(peer.url, options=ExchangeOptions(continue_seconds=3600))
    assert (await exchange.send(expecting(body))).status == 201
    assert await exchange.content.read() == b"thanks"
    assert connector.statistics.idle == 1


async def test_a_final_answer_in_place_of_100_stops_the_body(serve: Serve, connector: TCPConnector) -> None:
    rest: list[bytes] = []

    async def refusing(line: Line) -> None:
        await line.head()
        line.answer(b"no", status="417 Expectation Failed")
        rest.append(await line.end())

    peer = await serve(refusing)
    body = Pieces(b"whimbrel")
    exchange = await connector.connect(peer.url, options=ExchangeOptions(continue_seconds=3600))
    assert (await exchange.send(expecting(body))).status == 417
    assert await exchange.content.read() == b"no"
    await peer.until(lambda: bool(rest))
    assert rest == [b""]
    assert not body.written


async def test_a_body_goes_out_unasked_after_a_while(serve: Serve, connector: TCPConnector) -> None:
    async def silent(line: Line) -> None:
        await line.head()
        assert await line.reader.readexactly(8) == b"whimbrel"
        line.answer(b"thanks")
        await line.end()

    peer = await serve(silent)
    exchange = await connector.connect(peer.url, options=ExchangeOptions(continue_seconds=SOON))
    await exchange.send(expecting(b"whimbrel"))
    assert await exchange.content.read() == b"thanks"


@pytest.mark.parametrize("expects", [False, True], ids=["upload", "Expect"])
async def test_a_cancelled_upload_leaves_nothing_behind(
    serve: Serve, connector: TCPConnector, expects: bool
) -> None:
    arrived = asyncio.Event()

    async def listening(line: Line) -> None:
        await line.head()
        arrived.set()
        await line.end()

    peer = await serve(listening)
    exchange = await connector.connect(peer.url, options=ExchangeOptions(continue_seconds=3600))
    body = Endless()
    sending = asyncio.ensure_future(exchange.send(expecting(body) if expects else upload(body)))
    await arrived.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await connector.close()
    assert body.ended is not expects
    assert connector.statistics.open == 0
    await peer.until(lambda: not peer.open)


async def test_releasing_during_an_upload_closes(serve: Serve, connector: TCPConnector) -> None:
    async def answering(line: Line) -> None:
        await line.head()
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        await line.end()

    peer = await serve(answering)
    body = Waiting(b"whim")
    exchange = await connector.connect(peer.url)
    await exchange.send(upload(body))
    exchange.release()
    await peer.until(lambda: not peer.open)
    assert body.ended
