"""Peers that fail within an exchange: what is told, and to whom."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import ExchangeOptions, ReadTimeout, ServerDisconnected, TCPConnector
from whimbrel_http1 import MalformedMessage, MessageTooLarge, ResponseHead, TruncatedMessage

from .conftest import get, plays, plays_and_closes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whimbrel_http1 import Event, Limits

    from .conftest import Line, Serve

SOON = 0.05


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize("wire", [b"", b"HTTP/1.1 200 OK\r\nContent-"])
async def test_a_peer_that_leaves_before_a_head_is_whole(
    serve: Serve, connector: TCPConnector, resets: bool, wire: bytes
) -> None:
    async def leaving(line: Line) -> None:
        await line.request()
        line.send(wire)
        await line.writer.drain()
        if resets:
            line.reset()

    peer = await serve(leaving)
    exchange = await connector.connect(peer.url)
    with pytest.raises(ServerDisconnected) as caught:
        await exchange.send(get())
    assert not caught.value.reused
    assert caught.value.received_bytes in {0, len(wire)}  # a reset may overtake what was sent
    assert (caught.value.host, caught.value.port) == ("127.0.0.1", peer.port)
    assert exchange.is_over


@pytest.mark.parametrize(
    ("wire", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim", TruncatedMessage),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwhim\r\n", TruncatedMessage),
    ],
    ids=["Content-Length", "chunked"],
)
async def test_a_peer_that_leaves_within_a_body(
    serve: Serve, connector: TCPConnector, wire: bytes, error: type[Exception]
) -> None:
    peer = await serve(plays_and_closes(wire))
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    assert await exchange.content.readexactly(4) == b"whim"
    with pytest.raises(error):
        await exchange.content.read()


class _Careless:
    """A parser of somebody's, whose head no stream can be made of."""

    reusable = False

    def __init__(self, *, request_method: str, limits: Limits) -> None:
        pass

    def feed(self, data: bytes) -> Sequence[Event]:
        return [ResponseHead(200, raw_headers=((b"Content-Encoding", "gzip"),))]  # type: ignore[arg-type]  # the fault

    def feed_eof(self) -> Sequence[Event]:
        return []


async def test_a_head_of_no_use_leaves_nobody_waiting(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\n\r\n"))
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))
    exchange = await connector.connect(peer.url, options=ExchangeOptions(parser=_Careless, decode=True))
    with pytest.raises(ServerDisconnected) as caught:
        await exchange.send(get())
    assert isinstance(caught.value.__cause__, TypeError)
    assert told == [caught.value.__cause__]
    assert exchange.is_over


def test_buffers_have_a_size() -> None:
    with pytest.raises(TypeError, match="buffer_bytes is a number, not 'large'"):
        ExchangeOptions(buffer_bytes="large")  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize("framing", [b"Content-Length: 9\r\n", b""], ids=["Content-Length", "until close"])
async def test_a_peer_that_breaks_the_connection_within_a_body(
    serve: Serve, connector: TCPConnector, framing: bytes
) -> None:
    go = asyncio.Event()

    async def breaking(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\nwhim")
        await go.wait()
        line.reset()

    peer = await serve(breaking)
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    assert await exchange.content.readexactly(4) == b"whim"
    go.set()
    with pytest.raises((TruncatedMessage, ServerDisconnected)) as caught:
        await exchange.content.read()
    assert isinstance(caught.value.__cause__, ConnectionResetError)


async def test_errors_of_the_body_are_translated(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays_and_closes(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim"))
    options = ExchangeOptions(translate=lambda fault: LookupError(type(fault).__name__))
    with pytest.raises(LookupError, match="TruncatedMessage"):
        await peer.fetch(connector, options=options)


@pytest.mark.parametrize(
    ("wire", "error"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", MalformedMessage),
        (b"HTTP/1.1 200 OK\r\nContent Length: 4\r\n\r\n", MalformedMessage),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 9000 + b"\r\n\r\n", MessageTooLarge),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20, MessageTooLarge),
    ],
)
async def test_what_is_no_response_is_refused(
    serve: Serve, connector: TCPConnector, wire: bytes, error: type[Exception]
) -> None:
    peer = await serve(plays(wire))
    with pytest.raises(error):
        await peer.fetch(connector)
    await peer.until(lambda: not peer.open)


async def test_a_fault_within_the_body_comes_after_what_precedes_it(
    serve: Serve, connector: TCPConnector
) -> None:
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwhim\r\nxyz\r\n"))
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    assert await exchange.content.readexactly(4) == b"whim"
    with pytest.raises(MalformedMessage):
        await exchange.content.read()


async def test_silence_before_the_head_and_within_the_body_ends_the_exchange(
    serve: Serve, connector: TCPConnector
) -> None:
    options = ExchangeOptions(read_seconds=SOON)
    for wire in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim"):
        peer = await serve(plays(wire))
        with pytest.raises(ReadTimeout) as caught:
            await peer.fetch(connector, options=options)
        assert caught.value.limit == SOON <= caught.value.elapsed
        await peer.until(lambda peer=peer: not peer.open)  # type: ignore[misc]  # bound now
