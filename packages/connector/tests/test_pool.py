"""The pool at work: limits, turns, expiry, and what a cancelled request leaves behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import (
    ConnectorClosed,
    ConnectTimeout,
    DnsTimeout,
    Exchange,
    ExchangeOptions,
    Http1Connection,
    LeaseTimeout,
    OriginStatistics,
    PoolStatistics,
    PoolTimeout,
    Request,
    Route,
    TCPConnector,
    Timeouts,
)
from whimbrel_http1 import LocalError

if TYPE_CHECKING:
    from .conftest import Line, Peer, Script, Serve

SOON = 0.03


def get(target: str = "/") -> Request:
    return Request("GET", target, [("Host", "shore.example")])


def counts(connector: TCPConnector) -> tuple[int, int, int]:
    statistics = connector.statistics
    return statistics.open, statistics.idle, statistics.waiting


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def read(exchange: Exchange, target: str = "/") -> bytes:
    await exchange.send(get(target))
    return await exchange.content.read()


async def test_the_limit_holds_among_many_and_all_are_answered(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(limit=7) as connector:
        fetched = await asyncio.gather(*(peer.fetch(connector, f"/{number}") for number in range(200)))
        assert [one.body for one in fetched] == [f"/{number}".encode() for number in range(200)]
        assert peer.most_open == 7
        assert counts(connector) == (7, 7, 0)
    assert counts(connector) == (0, 0, 0)


async def test_the_limit_of_a_host_holds_beside_others(serve: Serve) -> None:
    one, two = await serve(), await serve()
    async with TCPConnector(limit=0, limit_per_host=3) as connector:
        await asyncio.gather(*(peer.fetch(connector) for peer in (one, two) * 40))
        assert (one.most_open, two.most_open) == (3, 3)


async def test_a_full_pool_makes_room_for_another_host(serve: Serve) -> None:
    peers = [await serve() for _ in range(5)]
    async with TCPConnector(limit=2) as connector:
        for _ in range(2):
            for peer in peers:
                await peer.fetch(connector)
                assert connector.statistics.open <= 2
        await asyncio.gather(*(peer.fetch(connector) for peer in peers * 20))
        assert connector.statistics.open <= 2


async def test_waiting_requests_are_served_in_their_order(serve: Serve) -> None:
    peer = await serve()
    order: list[int] = []

    async def fetch(number: int) -> None:
        await peer.fetch(connector, f"/{number}")
        order.append(number)

    async with TCPConnector(limit=1) as connector:
        first = await connector.connect(peer.url)
        tasks = [asyncio.ensure_future(fetch(number)) for number in range(10)]
        await turns()
        assert connector.statistics.waiting == 10
        await read(first)
        await asyncio.gather(*tasks)
    assert order == list(range(10))
    assert peer.accepted == 1


async def test_who_waits_sends_in_the_turn_in_which_a_connection_comes_free(serve: Serve) -> None:
    peer = await serve()
    loop = asyncio.get_running_loop()
    now, sent, answered = 0, list[int](), list[int]()
    is_over = False

    def turn() -> None:
        nonlocal now
        now += 1
        if not is_over:
            loop.call_soon(turn)

    async def fetch() -> None:
        exchange = await connector.connect(peer.url)
        sent.append(now)
        await exchange.send(get())
        answered.append(now)
        await exchange.content.read()

    async with TCPConnector(limit=1) as connector:
        await peer.fetch(connector)
        turn()
        await asyncio.gather(*(fetch() for _ in range(4)))
        is_over = True
    assert sent[1:] == answered[:-1]
    assert peer.accepted == 1


async def test_a_waiting_request_that_cannot_be_written_harms_nobody_else(serve: Serve) -> None:
    peer = await serve()
    wrong = Request("POST", "/", [("Host", "shore.example"), ("Content-Length", "3")], b"four")

    async def fail() -> None:
        exchange = await connector.connect(peer.url)
        with pytest.raises(LocalError):
            await exchange.send(wrong)

    async with TCPConnector(limit=1) as connector:
        first = asyncio.ensure_future(peer.fetch(connector, "/first"))
        failing = [asyncio.ensure_future(fail()) for _ in range(3)]
        patient = asyncio.ensure_future(peer.fetch(connector, "/patient"))
        assert (await first).body == b"/first"
        await asyncio.gather(*failing)
        assert (await patient).body == b"/patient"
        assert counts(connector) == (1, 1, 0)


async def test_who_was_given_a_connection_may_close_the_connector_at_once(serve: Serve) -> None:
    peer = await serve()
    connector = TCPConnector(limit=1)

    async def close() -> None:
        exchange = await connector.connect(peer.url)
        connector.close()
        exchange.close()

    first = asyncio.ensure_future(peer.fetch(connector, "/first"))
    await turns()
    closing = asyncio.ensure_future(close())
    late = asyncio.ensure_future(connector.connect(peer.url))
    assert (await first).body == b"/first"
    await closing
    with pytest.raises(ConnectorClosed):
        await late
    await connector.close()
    assert counts(connector) == (0, 0, 0)


async def test_a_crowd_that_is_cancelled_anywhere_loses_no_place(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(limit=3) as connector:
        for moment in range(25):
            crowd = [asyncio.ensure_future(peer.fetch(connector, f"/{number}")) for number in range(20)]
            await turns(moment)
            for task in crowd[::2]:
                task.cancel()
            answers = await asyncio.gather(*crowd[1::2])
            assert [one.body for one in answers] == [f"/{number}".encode() for number in range(1, 20, 2)]
            await asyncio.wait(crowd)
        await turns()
        assert connector.statistics.waiting == 0
        assert connector.statistics.open <= 3


async def test_force_close_uses_each_connection_once(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(force_close=True, limit=2) as connector:
        fetched = await asyncio.gather(*(peer.fetch(connector) for _ in range(6)))
        assert not any(one.reused for one in fetched)
        assert peer.accepted == 6


async def test_idle_connections_expire(serve: Serve) -> None:
    peer, other = await serve(), await serve()
    async with TCPConnector(keepalive_timeout=SOON) as connector:
        await peer.fetch(connector)
        await other.fetch(connector)
        await peer.until(lambda: not peer.open)
        await other.until(lambda: not other.open)
        await turns()
        assert connector.statistics.open == 0
        assert not (await peer.fetch(connector)).reused


async def test_an_idle_connection_that_the_peer_closes_is_forgotten(serve: Serve) -> None:
    async def once(line: Line) -> None:
        await line.request()
        line.answer()
        await line.writer.drain()
        await leave.wait()

    leave = asyncio.Event()
    peer = await serve(once)
    async with TCPConnector() as connector:
        await peer.fetch(connector)
        assert connector.statistics.idle == 1
        leave.set()
        while connector.statistics.open:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0)


def keeping(said: str) -> Script:
    """Return a script that answers every request and says this of the connection."""

    async def script(line: Line) -> None:
        while await line.request():
            line.answer(b"shore", f"Keep-Alive: {said}")

    return script


async def test_the_servers_keep_alive_is_heeded(serve: Serve) -> None:
    async with TCPConnector() as connector:
        peer = await serve(keeping("timeout=0"))
        assert not (await peer.fetch(connector)).reused
        assert not (await peer.fetch(connector)).reused
        peer = await serve(keeping("timeout=5, max=1"))
        assert [(await peer.fetch(connector)).reused for _ in range(4)] == [False, True, False, True]
        peer = await serve(keeping("timeout=3600"))
        assert [(await peer.fetch(connector)).reused for _ in range(3)] == [False, True, True]


async def test_a_lease_that_is_released_unused_goes_back_as_it_is(serve: Serve) -> None:
    peer = await serve(keeping("timeout=60, max=1"))
    async with TCPConnector(limit=1) as connector:
        unused = await connector.connect(peer.url)
        waiting = asyncio.ensure_future(peer.fetch(connector))
        await turns()
        assert (unused.closed, unused.protocol is None) == (False, False)
        unused.release()
        assert (unused.closed, unused.protocol) == (True, None)
        assert (await waiting).reused
        assert (await peer.fetch(connector)).reused
        assert connector.statistics.idle == 0  # its server said that it takes one more, and has taken it
    assert peer.accepted == 1


async def test_a_connection_is_given_up_before_its_server_does_it(serve: Serve) -> None:
    peer, patient = await serve(keeping("timeout=1")), await serve()
    async with TCPConnector() as connector:
        await patient.fetch(connector)  # whose time is longer, and whose sweep is due later
        await peer.fetch(connector)
        await peer.until(lambda: not peer.open)  # after half a second
        assert patient.open


async def test_a_connection_serves_so_many_requests(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(max_connection_requests=3) as connector:
        fetched = [(await peer.fetch(connector)).reused for _ in range(7)]
        assert fetched == [False, True, True, False, True, True, False]
    assert peer.accepted == 3


async def test_an_old_connection_begins_no_request(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(max_connection_seconds=SOON) as connector:
        fetched = await peer.fetch(connector)
        while peer.accepted == 1:
            fetched = await peer.fetch(connector)
        assert fetched == (200, b"/", False)


async def test_a_connection_that_expired_while_the_loop_was_held_up_is_not_used(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(keepalive_timeout=SOON) as connector:
        await peer.fetch(connector)
        time.sleep(2 * SOON)  # noqa: ASYNC251  this is what is tested: no timer can run
        assert not (await peer.fetch(connector)).reused
        assert peer.accepted == 2


@pytest.mark.parametrize("seconds", [None, 1e9])
async def test_idle_connections_may_be_kept_for_ever(serve: Serve, seconds: float | None) -> None:
    peer = await serve()
    async with TCPConnector(keepalive_timeout=seconds) as connector:
        assert [(await peer.fetch(connector)).reused for _ in range(2)] == [False, True]


async def test_no_keep_alive_time_is_no_keep_alive(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(keepalive_timeout=0) as connector:
        assert [(await peer.fetch(connector)).reused for _ in range(2)] == [False, False]


async def test_the_statistics_tell_what_is_and_what_was(serve: Serve) -> None:
    peer, other = await serve(), await serve()
    async with TCPConnector(limit=2) as connector:
        assert connector.statistics == PoolStatistics(open=0, idle=0, waiting=0)
        for _ in range(3):
            await peer.fetch(connector)
        busy, also_busy = await connector.connect(peer.url), await connector.connect(other.url)
        waiting = asyncio.ensure_future(other.fetch(connector))
        await turns()
        statistics = connector.statistics
        assert (statistics.open, statistics.idle, statistics.waiting) == (2, 0, 1)
        assert (statistics.opened, statistics.reused) == (2, 3)
        assert statistics.origins == {
            peer.url: OriginStatistics(open=1, idle=0, waiting=0, reused=3),
            other.url: OriginStatistics(open=1, idle=0, waiting=1, reused=0),
        }
        await read(busy)
        assert not (await waiting).reused  # what had come idle made room for it
        await read(also_busy)
    statistics = connector.statistics
    assert (statistics.open, statistics.opened, statistics.reused) == (0, 3, 3)
    assert statistics.origins == {}
    with pytest.raises(TypeError):
        statistics.origins["mine"] = None  # type: ignore[index]  # that is the point


# Waiting that ends otherwise.


async def test_waiting_for_too_long_is_an_error(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(limit=1) as connector:
        busy = await connector.connect(peer.url)
        for limit, error in ((Timeouts(lease=SOON), LeaseTimeout), (Timeouts(pool=SOON), PoolTimeout)):
            with pytest.raises(error) as caught:
                await connector.connect(peer.url, timeouts=limit)
            assert caught.value.limit == SOON <= caught.value.elapsed
        assert counts(connector) == (1, 0, 0)
        await read(busy)
        assert (await peer.fetch(connector)).reused


async def test_a_cancelled_waiter_loses_no_place(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(limit=1) as connector:
        busy = await connector.connect(peer.url)
        waiter = asyncio.ensure_future(peer.fetch(connector))
        await turns()
        waiter.cancel()
        await asyncio.wait([waiter])
        assert connector.statistics.waiting == 0
        await read(busy)
        assert (await peer.fetch(connector)).reused


async def test_what_a_cancelled_waiter_was_given_goes_to_the_next(serve: Serve) -> None:
    async def slowly(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        await go.wait()
        line.send(b"whim")
        while await line.request():
            line.answer()

    go = asyncio.Event()
    peer = await serve(slowly)
    async with TCPConnector(limit=1) as connector:
        busy = await connector.connect(peer.url)
        await busy.send(get())
        waiters = [asyncio.ensure_future(peer.fetch(connector)) for _ in range(3)]
        busy.content.on_end(waiters[0].cancel)  # it has the connection already, and does not know
        go.set()
        assert (await waiters[1]).reused
        assert (await waiters[2]).reused
        assert waiters[0].cancelled()
    assert peer.accepted == 1


async def test_thousands_that_are_cancelled_at_once_are_passed_over(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(limit=1) as connector:
        busy = await connector.connect(peer.url)
        crowd = [asyncio.ensure_future(connector.connect(peer.url)) for _ in range(3000)]
        patient = asyncio.ensure_future(peer.fetch(connector))
        await turns()
        for task in crowd:
            task.cancel()
        assert connector._pool is not None
        connector._pool.give_back(busy._connection)  # before any of them has run
        busy._over = True
        await asyncio.wait(crowd)
        assert (await patient).body == b"/"
        assert counts(connector) == (1, 1, 0)


async def test_who_was_given_a_connection_that_died_gets_another(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(limit=1) as connector:
        busy = await connector.connect(peer.url)
        connection = busy._connection
        first = asyncio.ensure_future(peer.fetch(connector, "/first"))
        second = asyncio.ensure_future(peer.fetch(connector, "/second"))
        await turns()
        connection._user = None
        busy._over = True
        connection.finish()
        connection.abort()
        assert (await first).body == b"/first"
        assert (await second).body == b"/second"
        assert counts(connector) == (1, 1, 0)
    assert peer.accepted == 2


async def test_a_granted_connection_that_goes_before_its_cancelled_waiter_runs(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(limit=1) as connector:
        busy = await connector.connect(peer.url)
        waiter = asyncio.ensure_future(connector.connect(peer.url))
        await turns()
        connection = busy._connection
        connection._user = None
        busy._over = True
        transport = connection.transport
        connection.finish()
        connection.connection_lost(None)
        waiter.cancel()
        await asyncio.wait([waiter])
        assert waiter.cancelled()
        assert counts(connector) == (0, 0, 0)
        connection._owner = None
        transport.abort()


async def test_a_cancelled_dial_leaves_no_place_taken(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(limit=1) as connector:
        for moment in range(15):
            task = asyncio.ensure_future(connector.connect(peer.url))
            await turns(moment)
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.result().close()
        assert (await peer.fetch(connector)).body == b"/"
        await turns()
        assert counts(connector) == (1, 1, 0)


class Telling(TCPConnector):
    """Does something in the turn in which a connection is there and its request does not know yet."""

    then: Callable[[], object]

    async def dial(self, route: Route) -> Http1Connection:
        connection = await super().dial(route)
        asyncio.get_running_loop().call_soon(self.then)
        return connection


async def test_a_request_that_is_cancelled_when_its_connection_is_there_drops_it(serve: Serve) -> None:
    peer = await serve()
    async with Telling(limit=1) as connector:
        task = asyncio.ensure_future(connector.connect(peer.url))
        connector.then = task.cancel
        await asyncio.wait([task])
        assert task.cancelled()
        assert connector.statistics.open == 0
        await peer.until(lambda: peer.accepted > 0 and not peer.open)


async def test_a_connection_that_is_there_when_the_pool_closes_is_dropped(serve: Serve) -> None:
    peer = await serve()
    connector = Telling(limit=1)
    connector.then = connector.close
    with pytest.raises(ConnectorClosed):
        await connector.connect(peer.url)
    await connector.close()
    assert connector.statistics.open == 0
    await peer.until(lambda: peer.accepted > 0 and not peer.open)


async def test_a_dial_that_takes_too_long_is_an_error(serve: Serve) -> None:
    class Silent:
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[object]:
            await asyncio.get_running_loop().create_future()
            return []

    async with TCPConnector(resolver=Silent(), limit=1) as connector:  # type: ignore[arg-type]  # never answers
        with pytest.raises(ConnectTimeout):
            await connector.connect("http://shore.example", timeouts=Timeouts(connect=SOON))
        with pytest.raises(LeaseTimeout):
            await connector.connect("http://shore.example", timeouts=Timeouts(lease=SOON, connect=60))
        limits = Timeouts(dns=SOON, lease=60, connect=60, pool=60, tcp=60, tls=60)
        with pytest.raises(DnsTimeout):
            await connector.connect("http://shore.example", timeouts=limits)
        assert connector.statistics.open == 0


# Fresh connections.

FRESH = ExchangeOptions(fresh=True)


async def test_a_fresh_connection_is_new_and_idle_ones_to_the_same_place_are_closed(serve: Serve) -> None:
    peer, other = await serve(), await serve()
    async with TCPConnector() as connector:
        await asyncio.gather(peer.fetch(connector), peer.fetch(connector), other.fetch(connector))
        exchange = await connector.connect(peer.url, options=FRESH)
        assert not exchange.reused
        assert await read(exchange, "/3") == b"/3"
        await peer.until(lambda: peer.open == 1)
        assert (await peer.fetch(connector)).reused
        assert (await other.fetch(connector)).reused


async def test_a_fresh_connection_takes_the_place_of_one_that_comes_free(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(limit=1) as connector:
        before = await connector.connect(peer.url)
        fresh = asyncio.ensure_future(connector.connect(peer.url, options=FRESH))
        later = asyncio.ensure_future(peer.fetch(connector, "/later"))
        await turns()
        assert await read(before, "/1") == b"/1"
        exchange = await fresh
        assert not exchange.reused
        assert await read(exchange, "/2") == b"/2"
        assert (await later).reused
        assert peer.most_open == 1


# The end.


async def test_closing_turns_the_waiting_away_and_ends_dials(serve: Serve) -> None:
    class Silent:
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[object]:
            await asyncio.get_running_loop().create_future()
            return []

    peer = await serve()
    connector = TCPConnector(limit=2, resolver=Silent())  # type: ignore[arg-type]  # never answers
    busy = await connector.connect(peer.url)
    dialling = asyncio.ensure_future(connector.connect("http://shore.example"))
    await turns()
    waiting = asyncio.ensure_future(connector.connect(peer.url))
    gone = asyncio.ensure_future(connector.connect(peer.url))
    await turns()
    closing = connector.close()
    gone.cancel()
    await closing
    for task in (dialling, waiting):
        with pytest.raises(ConnectorClosed):
            await task
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert busy.is_over
    assert counts(connector) == (0, 0, 0)
    with pytest.raises(ConnectorClosed):
        await connector.connect(peer.url)


async def test_torture(serve: Serve) -> None:
    """Cancel at random moments; every answer is one's own, and every place comes back."""
    peers: list[Peer] = [await serve() for _ in range(3)]

    async def fetch(number: int) -> None:
        peer = peers[number % 3]
        exchange = await connector.connect(peer.url)
        try:
            assert await read(exchange, f"/{number}") == f"/{number}".encode()
        finally:
            exchange.close()

    async def impatient(number: int) -> None:
        task = asyncio.ensure_future(fetch(number))
        await turns(number * 7919 % 61)
        if number % 3:
            task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() or task.exception() is None

    async with TCPConnector(limit=4, limit_per_host=3) as connector:
        await asyncio.gather(*(impatient(number) for number in range(600)))
        await turns()
        statistics = connector.statistics
        assert statistics.waiting == 0
        assert statistics.open == statistics.idle <= 4
        for peer in peers:
            assert (await peer.fetch(connector)).body == b"/"


def test_a_route_is_a_key() -> None:
    assert Route("shore.example", 80) == Route("shore.example", 80)
    assert hash(Route("shore.example", 80)) == hash(Route("shore.example", 80))
