"""Requests that `connect` is told of: who waits for a connection sends in the moment in which one comes free."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from whimbrel_connector import (
    BodyWriter,
    Exchange,
    ExchangeOptions,
    ReadTimeout,
    Request,
    ServerDisconnected,
    TCPConnector,
    Timeouts,
)
from whimbrel_http1 import LocalError, ResponseParser

from .conftest import get, politely, response

if TYPE_CHECKING:
    from .conftest import Line, Peer, Serve


async def fetch(connector: TCPConnector, peer: Peer, request: Request, **options: Any) -> bytes:
    exchange = await connector.connect(peer.url, request=request, **options)
    await exchange.send(request)
    return await exchange.content.read()


async def waiting(connector: TCPConnector, count: int = 1) -> None:
    for _ in range(5):  # turns in which whoever was begun comes to wait
        await asyncio.sleep(0)
    assert connector.statistics.waiting == count


async def early(connector: TCPConnector, peer: Peer, request: Request) -> Exchange:
    """Return an exchange whose request went out in the moment in which another let go of the connection."""
    held = await connector.connect(peer.url)
    connected = asyncio.ensure_future(connector.connect(peer.url, request=request))
    await waiting(connector)
    held.release()
    return await connected


def post(body: Any, *fields: tuple[str, str], **more: Any) -> Request:
    return Request("POST", "/", [("Host", "shore.example"), *fields], body, **more)


class InPieces:
    async def write(self, writer: BodyWriter) -> None:
        await writer.write(b"sh")
        await asyncio.sleep(0)
        await writer.write(b"ore")


async def echo(line: Line) -> None:
    """Answer every request with its last five bytes, which are its target or its body."""
    while request := await line.head():
        if b"100-continue" in request:
            line.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        line.answer(
            (await line.reader.readexactly(5)) if b"Length: 5" in request else request.split(b" ", 2)[1]
        )


@pytest.mark.parametrize("limit", [1, 3])
async def test_each_gets_its_own_answer(serve: Serve, limit: int) -> None:
    peer = await serve(echo)
    targets = [f"/{number}" for number in range(100)]
    async with TCPConnector(limit=limit) as connector:
        bodies = await asyncio.gather(*(fetch(connector, peer, get(target)) for target in targets))
        assert connector.statistics.opened == limit
    assert bodies == [target.encode() for target in targets]


async def test_they_go_out_in_order_of_arrival(serve: Serve) -> None:
    seen: list[bytes] = []

    async def noting(line: Line) -> None:
        while request := await line.request():
            seen.append(request.split(b" ", 2)[1])
            line.answer()

    peer = await serve(noting)
    targets = [f"/{number}" for number in range(100)]
    async with TCPConnector(limit=1) as connector:
        await asyncio.gather(*(fetch(connector, peer, get(target)) for target in targets))
    assert seen == [target.encode() for target in targets]


async def test_the_request_is_on_the_wire_before_its_task_has_run(serve: Serve) -> None:
    arrived = asyncio.Event()

    async def script(line: Line) -> None:
        await line.request()
        line.answer()
        await line.request()
        arrived.set()
        line.answer(b"second")
        await line.end()

    peer = await serve(script)
    async with TCPConnector(limit=1) as connector:
        first, second = await connector.connect(peer.url), get("/second")
        connected = asyncio.ensure_future(connector.connect(peer.url, request=second))
        await waiting(connector)
        await first.send(get())
        await first.content.read()
        await arrived.wait()
        exchange = await connected
        assert exchange.reused
        assert (await exchange.send(second)).status == 200
        assert await exchange.content.read() == b"second"


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(lambda: post(b"shore", ("Content-Length", "5")), id="in memory"),
        pytest.param(lambda: post(InPieces(), ("Content-Length", "5")), id="in pieces"),
        pytest.param(
            lambda: post(
                b"shore", ("Content-Length", "5"), ("Expect", "100-continue"), expects_continue=True
            ),
            id="expects 100",
        ),
    ],
)
async def test_bodies_of_every_kind_arrive(serve: Serve, request_: Any) -> None:
    async def script(line: Line) -> None:
        try:
            await echo(line)
        except asyncio.IncompleteReadError:
            return

    peer = await serve(script)
    async with TCPConnector(limit=1) as connector:
        bodies = await asyncio.gather(*(fetch(connector, peer, request_()) for _ in range(4)))
    assert bodies == [b"shore"] * 4
    assert peer.accepted == 1


async def test_another_request_than_the_one_that_has_gone_out_is_refused(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(limit=1) as connector:
        exchange = await early(connector, peer, get("/early"))
        with pytest.raises(RuntimeError, match="is for one request"):
            await exchange.send(get("/other"))
        exchange.close()


async def test_its_answer_is_given_once(serve: Serve) -> None:
    peer = await serve()
    request = get("/early")
    async with TCPConnector(limit=1) as connector:
        exchange = await early(connector, peer, request)
        await exchange.send(request)
        with pytest.raises(RuntimeError, match="has had it"):
            await exchange.send(request)
        assert await exchange.content.read() == b"/early"


@pytest.mark.parametrize("has_gone_out", [False, True])
async def test_a_cancelled_one_costs_at_most_its_connection(serve: Serve, *, has_gone_out: bool) -> None:
    arrived = asyncio.Event()

    async def script(line: Line) -> None:
        while request := await line.request():
            if b"/never" in request:
                arrived.set()
                await line.end()
                return
            line.answer(request.split(b" ", 2)[1])

    peer = await serve(script)
    async with TCPConnector(limit=1) as connector:
        held = await connector.connect(peer.url)
        never = asyncio.ensure_future(fetch(connector, peer, get("/never")))
        await waiting(connector)
        after = asyncio.ensure_future(fetch(connector, peer, get("/after")))
        await waiting(connector, 2)
        if has_gone_out:
            held.release()
            await arrived.wait()
            never.cancel()
        else:
            never.cancel()
            held.release()
        with pytest.raises(asyncio.CancelledError):
            await never
        assert await after == b"/after"
    assert peer.accepted == 1 + has_gone_out


async def test_cancelled_in_the_moment_in_which_it_is_its_turn_it_sends_nothing(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(limit=1) as connector:
        held = await connector.connect(peer.url)
        never = asyncio.ensure_future(fetch(connector, peer, get("/never")))
        await waiting(connector)

        async def read_and_cancel() -> bytes:
            await held.send(get("/first"))
            never.cancel()  # the connection is free by now, and given to it
            return await held.content.read()

        assert await read_and_cancel() == b"/first"
        with pytest.raises(asyncio.CancelledError):
            await never
        assert await fetch(connector, peer, get("/after")) == b"/after"
        assert connector.statistics.opened == 1


async def test_a_server_that_has_left_is_told_of_as_a_stale_connection(serve: Serve) -> None:
    async def script(line: Line) -> None:
        await line.request()
        line.answer()
        await line.request()

    peer = await serve(script)
    async with TCPConnector(limit=1) as connector:
        first = await connector.connect(peer.url)
        second = asyncio.ensure_future(fetch(connector, peer, get("/second")))
        await waiting(connector)
        await first.send(get())
        await first.content.read()
        with pytest.raises(ServerDisconnected) as raised:
            await second
        assert raised.value.reused
        assert not raised.value.received_bytes


async def test_bytes_behind_the_answer_before_are_no_answer_to_it(serve: Serve) -> None:
    async def script(line: Line) -> None:
        if peer.accepted > 1:
            await politely(line)
        else:
            await line.request()
            line.send(response(b"first") + response(b"foreign"))
            await line.end()

    peer = await serve(script)
    async with TCPConnector(limit=1) as connector:
        first, second = (asyncio.ensure_future(fetch(connector, peer, get(f"/{name}"))) for name in "ab")
        assert await first == b"first"
        assert await second == b"/b"
    assert peer.accepted == 2


async def test_the_limits_of_the_answer_hold(serve: Serve) -> None:
    async def script(line: Line) -> None:
        await line.request()
        line.answer()
        await line.request()
        await line.end()

    peer = await serve(script)
    async with TCPConnector(limit=1) as connector:
        first = await connector.connect(peer.url)
        options = ExchangeOptions(read_seconds=0.02)
        second = asyncio.ensure_future(fetch(connector, peer, get(), options=options))
        await waiting(connector)
        await first.send(get())
        await first.content.read()
        with pytest.raises(ReadTimeout):
            await second
    assert connector.statistics.open == 0


@pytest.mark.parametrize("fault", [LocalError, ValueError])
async def test_what_cannot_be_sent_is_told_and_harms_nobody(serve: Serve, fault: type[Exception]) -> None:
    def no_parser(**_: object) -> ResponseParser:
        raise ValueError

    peer = await serve()
    wrong = post(b"four", ("Content-Length", "3")) if fault is LocalError else get()
    options = ExchangeOptions() if fault is LocalError else ExchangeOptions(parser=no_parser)
    async with TCPConnector(limit=1) as connector:
        held = await connector.connect(peer.url)
        failing = asyncio.ensure_future(fetch(connector, peer, wrong, options=options))
        await waiting(connector)
        after = asyncio.ensure_future(fetch(connector, peer, get("/after")))
        await waiting(connector, 2)
        held.release()
        with pytest.raises(fault):
            await failing
        assert await after == b"/after"


async def test_closing_turns_it_away_in_the_middle(serve: Serve) -> None:
    arrived = asyncio.Event()

    async def script(line: Line) -> None:
        await line.request()
        arrived.set()
        await line.end()

    peer = await serve(script)
    connector = TCPConnector(limit=1)
    held = await connector.connect(peer.url)
    early = asyncio.ensure_future(fetch(connector, peer, get()))
    await waiting(connector)
    held.release()
    await arrived.wait()
    await connector.close()
    with pytest.raises(Exception, match="closed"):
        await early
    assert connector.statistics.open == 0


async def test_where_the_waiting_has_a_limit_it_sends_when_it_has_a_connection(serve: Serve) -> None:
    peer = await serve()
    timeouts = Timeouts(pool=30)
    async with TCPConnector(limit=1) as connector:
        fetches = (fetch(connector, peer, get(f"/{name}"), timeouts=timeouts) for name in "abc")
        assert await asyncio.gather(*fetches) == [b"/a", b"/b", b"/c"]


async def test_an_exchange_leaves_no_circle_and_holds_no_connector(serve: Serve) -> None:
    peer = await serve()
    request = get("/early")
    async with TCPConnector(limit=1) as connector:
        gc.collect()
        gc.disable()
        try:
            exchange = await early(connector, peer, request)
            await exchange.send(request)
            await exchange.content.read()
            assert not [one for one in gc.get_referrers(connector) if isinstance(one, Exchange)]
            del exchange
            await asyncio.sleep(0)  # the loop's present turn knows the task
            assert not [one for one in gc.get_objects() if isinstance(one, Exchange)]
        finally:
            gc.enable()
