"""How many connections there are, counted by the server where it accepts and loses them."""

import asyncio
import gc

import pytest
from peers.scripted import OK, Peer, ScriptedServer, always, response

from whimbrel import ClientSession, TCPConnector


async def test_a_thousand_requests_in_a_row_use_one_connection() -> None:
    """S016, S017, S138."""
    async with ScriptedServer(always(OK)) as server, ClientSession() as session:
        for _ in range(1000):
            async with session.get(server.url) as response:
                assert await response.read() == b"ok"
        assert server.connections.accepted == 1
        assert len(server.requests) == 1000
        assert all(request.get("connection") is None for request in server.requests)


async def test_two_hundred_requests_at_once_stay_within_the_limit_of_thirty() -> None:
    """S155."""
    gate = asyncio.Event()

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await gate.wait()
            await peer.send(OK)

    connector = TCPConnector(limit=30)
    async with ScriptedServer(script) as server, ClientSession(connector=connector) as session:

        async def fetch() -> bytes:
            async with session.get(server.url) as response:
                return await response.read()

        fetches = [asyncio.ensure_future(fetch()) for _ in range(200)]
        await server.connections.until(lambda: len(server.requests) == 30)
        assert connector.statistics.waiting == 170
        gate.set()
        assert await asyncio.gather(*fetches) == [b"ok"] * 200
        assert server.connections.most == 30
        assert server.connections.accepted == 30
        assert connector.statistics.open == connector.statistics.idle == 30
    assert server.connections.open == 0


@pytest.mark.parametrize(
    ("method", "answer", "body"),
    [
        pytest.param("GET", OK, b"ok", id="length"),
        pytest.param("GET", b"HTTP/1.1 204 No Content\r\n\r\n", b"", id="204"),
        pytest.param("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b"", id="304"),
        pytest.param("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"", id="HEAD"),
        pytest.param(
            "GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nTide: low\r\n\r\n",
            b"ok",
            id="chunks",
        ),
        pytest.param("GET", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK, b"ok", id="103"),
        pytest.param(
            "GET",
            OK.replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"\r\n", b"\r\nConnection: keep-alive\r\n", 1),
            b"ok",
            id="HTTP/1.0-kept",
        ),
    ],
)
async def test_a_response_that_ends_by_itself_leaves_the_connection_to_the_next(
    method: str, answer: bytes, body: bytes
) -> None:
    async with ScriptedServer(always(answer)) as server, ClientSession() as session:
        for _ in range(3):
            async with session.request(method, server.url) as resp:
                assert await resp.read() == body
        assert server.connections.accepted == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nok", id="no-length"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", id="HTTP/1.0"),
        pytest.param(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", id="close"),
    ],
)
async def test_a_response_that_ends_with_the_connection_takes_it_along(answer: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer)

    async with ScriptedServer(script) as server, ClientSession() as session:
        for _ in range(3):
            async with session.get(server.url) as resp:
                assert await resp.read() == b"ok"
        assert server.connections.accepted == 3


async def test_a_small_body_that_nobody_reads_is_dropped_and_the_connection_kept() -> None:
    answer = response(bytes(30_000))
    async with (
        ScriptedServer(always(answer)) as server,
        ClientSession(connector=TCPConnector(limit=1)) as session,
    ):
        for _ in range(5):
            async with session.get(server.url) as resp:
                assert resp.status == 200
        assert server.connections.accepted == 1


async def test_a_large_body_that_nobody_reads_costs_its_connection_and_no_place() -> None:
    async with ScriptedServer(_endless) as server, ClientSession(connector=TCPConnector(limit=1)) as session:
        for _ in range(5):
            async with session.get(server.url) as resp:
                assert resp.status == 200
        await server.connections.until(lambda: not server.connections.open)


async def _endless(peer: Peer) -> None:
    await peer.request()
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    while True:
        await peer.send(bytes(65536))


async def test_a_response_that_is_dropped_gives_its_place_back() -> None:
    """S133."""
    async with ScriptedServer(_endless) as server, ClientSession(connector=TCPConnector(limit=1)) as session:
        for _ in range(3):
            resp = await session.get(server.url)
            assert resp.status == 200
            del resp
            gc.collect()


async def test_a_body_is_read_though_only_its_stream_is_kept() -> None:
    """S125: as in `data=(await session.get(url)).content`."""
    middle = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nflo")
        await middle.wait()
        await peer.send(b"odebb")

    async with ScriptedServer(script) as server, ClientSession() as session:
        content = (await session.get(server.url)).content
        gc.collect()
        assert await content.readexactly(3) == b"flo"
        middle.set()
        assert await content.read() == b"odebb"


async def test_an_idle_connection_elsewhere_makes_room() -> None:
    """The limit is for all hosts together, and an idle connection must not keep another host waiting."""
    async with ScriptedServer(always(OK)) as one, ScriptedServer(always(OK)) as two:
        async with ClientSession(connector=TCPConnector(limit=1)) as session:
            for server in (one, two, one, two):
                async with session.get(server.url) as resp:
                    assert await resp.read() == b"ok"
            assert one.connections.accepted == two.connections.accepted == 2


async def test_the_waiting_are_served_in_the_order_of_their_arrival() -> None:
    """S160."""
    async with (
        ScriptedServer(always(OK)) as server,
        ClientSession(connector=TCPConnector(limit=1)) as session,
    ):

        async def fetch(number: int) -> None:
            async with session.get(f"{server.url}{number}") as resp:
                await resp.read()

        await asyncio.gather(*(fetch(number) for number in range(20)))
        assert [request.target for request in server.requests] == [f"/{number}" for number in range(20)]


async def test_force_close_uses_each_connection_once() -> None:
    connector = TCPConnector(force_close=True)
    async with ScriptedServer(always(OK)) as server, ClientSession(connector=connector) as session:
        for _ in range(3):
            async with session.get(server.url) as resp:
                await resp.read()
        assert server.connections.accepted == 3
        await server.connections.until(lambda: not server.connections.open)


async def test_a_callers_own_connection_close_ends_the_connection() -> None:
    async with ScriptedServer(always(OK)) as server, ClientSession() as session:
        for _ in range(2):
            async with session.get(server.url, headers={"Connection": "close"}) as response:
                assert await response.read() == b"ok"
            await server.connections.until(lambda: server.connections.open == 0)
        assert [request.get("connection") for request in server.requests] == ["close", "close"]
        assert server.connections.accepted == 2
