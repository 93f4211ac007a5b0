"""How long an exchange waits for its peer: to take the request, to begin the response, to go on."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import TYPE_CHECKING, Protocol

import pytest

from whimbrel_connector import (
    BodyWriter,
    ExchangeOptions,
    FirstByteTimeout,
    PhaseTimeout,
    ReadTimeout,
    Request,
    SendTimeout,
    TCPConnector,
)

from .conftest import get

if TYPE_CHECKING:
    from .conftest import Line, Serve

SOON = 0.1
NEVER = 3600.0
LARGE = bytes(8 << 20)


class Transport(Protocol):
    """What a stream's transport can besides writing."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def after(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    later = loop.create_future()
    loop.call_later(seconds, later.set_result, None)
    await later


def post(body: bytes) -> Request:
    return Request("POST", "/", [("Host", "shore.example"), ("Content-Length", str(len(body)))], body)


class Endless:
    """A body without end."""

    async def write(self, writer: BodyWriter, /) -> None:
        while True:
            await writer.write(bytes(65536))


async def deaf(line: Line) -> None:
    transport: Transport = line.writer.transport  # type: ignore[assignment]  # it reads too
    transport.pause_reading()
    await asyncio.get_running_loop().create_future()


async def mute(line: Line) -> None:
    await line.request()
    await line.end()


def head_only(line_end: bytes = b"Content-Length: 9\r\n\r\nwhim") -> object:
    async def script(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\n" + line_end)
        await line.end()

    return script


@pytest.mark.parametrize("other", [None, NEVER])
async def test_a_peer_that_takes_nothing_is_given_up(
    serve: Serve, connector: TCPConnector, other: float | None
) -> None:
    peer = await serve(deaf)
    options = ExchangeOptions(send_seconds=SOON, first_byte_seconds=other, read_seconds=other)
    for request in (
        post(bytes(64 << 20)),
        Request("POST", "/", [("Host", "h"), ("Transfer-Encoding", "chunked")], Endless()),
    ):
        exchange = await connector.connect(peer.url, options=options)
        with pytest.raises(SendTimeout) as caught:
            await exchange.send(request)
        assert caught.value.limit == SOON <= caught.value.elapsed
        assert caught.value.phase == "send"
        assert exchange.is_over


async def test_a_peer_that_takes_it_little_by_little_is_not_given_up(
    serve: Serve, connector: TCPConnector
) -> None:
    async def slow(line: Line) -> None:
        transport: Transport = line.writer.transport  # type: ignore[assignment]  # it reads too
        head = await line.reader.readuntil(b"\r\n\r\n")
        left = len(LARGE)
        while left:
            transport.pause_reading()
            await after(SOON / 8)
            transport.resume_reading()
            left -= len(await line.reader.read(left))
        line.answer(head[:4])

    peer = await serve(slow)
    exchange = await connector.connect(peer.url, options=ExchangeOptions(send_seconds=4 * SOON))
    await exchange.send(post(LARGE))
    assert await exchange.content.read() == b"POST"


async def test_a_peer_that_is_silent_before_the_head_is_given_up(
    serve: Serve, connector: TCPConnector
) -> None:
    peer = await serve(mute)
    for read_seconds in (None, NEVER):
        exchange = await connector.connect(
            peer.url, options=ExchangeOptions(first_byte_seconds=SOON, read_seconds=read_seconds)
        )
        with pytest.raises(FirstByteTimeout) as caught:
            await exchange.send(get())
        assert caught.value.limit == SOON <= caught.value.elapsed


async def test_after_the_head_the_other_limit_holds(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(head_only())
    exchange = await connector.connect(
        peer.url, options=ExchangeOptions(first_byte_seconds=NEVER, read_seconds=SOON)
    )
    await exchange.send(get())
    with pytest.raises(ReadTimeout):
        await exchange.content.read()


async def test_after_the_head_no_limit_holds_where_none_is_set(serve: Serve, connector: TCPConnector) -> None:
    async def pausing(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nwhim")
        await after(7 * SOON)
        line.send(b"brel")
        await line.end()

    peer = await serve(pausing)
    exchange = await connector.connect(peer.url, options=ExchangeOptions(first_byte_seconds=6 * SOON))
    await exchange.send(get())
    assert await exchange.content.read() == b"whimbrel"


async def test_an_interim_response_is_no_silence_and_no_head(serve: Serve, connector: TCPConnector) -> None:
    async def hinting(line: Line) -> None:
        await line.request()
        for _ in range(4):
            line.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            await after(SOON / 2)
        await line.end()

    peer = await serve(hinting)
    exchange = await connector.connect(
        peer.url, options=ExchangeOptions(first_byte_seconds=SOON, read_seconds=NEVER)
    )
    with pytest.raises(FirstByteTimeout):
        await exchange.send(get())


async def test_nobody_is_given_up_while_the_request_still_goes_out(
    serve: Serve, connector: TCPConnector
) -> None:
    class Slow:
        async def write(self, writer: BodyWriter, /) -> None:
            await writer.write(b"whim")
            await after(7 * SOON)
            await writer.write(b"brel")

    peer = await serve()
    exchange = await connector.connect(peer.url, options=ExchangeOptions(first_byte_seconds=6 * SOON))
    await exchange.send(Request("POST", "/", [("Host", "h"), ("Content-Length", "8")], Slow()))
    assert await exchange.content.read() == b"/"


async def test_limits_that_are_not_met_leave_no_timer_behind(serve: Serve, connector: TCPConnector) -> None:
    class Bulky:
        async def write(self, writer: BodyWriter, /) -> None:
            await writer.write(LARGE)

    peer = await serve()
    options = ExchangeOptions(send_seconds=NEVER, first_byte_seconds=NEVER, read_seconds=NEVER)
    body = Bulky()
    held = weakref.ref(body)  # by the request, which the exchange holds, which a timer would hold
    exchange = await connector.connect(peer.url, options=options)
    fields = [("Host", "h"), ("Content-Length", str(len(LARGE)))]
    await exchange.send(Request("POST", "/", fields, body))
    assert await exchange.content.read() == b"/"
    assert connector.statistics.idle == 1
    del exchange, body
    gc.collect()
    assert held() is None


def test_options_know_whether_they_limit_anything() -> None:
    assert not ExchangeOptions(decode=True).is_timed
    for name in ("send_seconds", "first_byte_seconds", "read_seconds"):
        assert ExchangeOptions(**{name: 1.0}).is_timed  # type: ignore[arg-type]  # by name
    assert issubclass(SendTimeout, PhaseTimeout)
