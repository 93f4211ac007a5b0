"""Idle connections that the server has closed: harmless requests go again, others never run twice."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from peers.scripted import OK, Peer, ScriptedServer

import whimbrel
from whimbrel import ClientSession

ROUNDS = 20


async def _closes_after_one(peer: Peer) -> None:
    """Promise keep-alive, and close."""
    await peer.request()
    await peer.send(OK)


async def _hangs_up_on_the_second(peer: Peer) -> None:
    """Close when the next request has arrived: the worst moment, and one that no client can foresee."""
    await peer.request()
    await peer.send(OK)
    await peer.request()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_a_harmless_request_survives_a_connection_that_went_stale(method: str) -> None:
    """20 of 20."""

    async def closing(peer: Peer) -> None:
        request = await peer.request()
        await peer.send(OK[:-2] if request.method == "HEAD" else OK)

    async with ScriptedServer(closing) as server, ClientSession() as session:
        for round_ in range(ROUNDS):
            async with session.request(method, server.url) as resp:
                assert resp.status == 200
                await resp.read()
            if round_ % 2:  # half of the time the end has arrived, half of the time it is on its way
                await server.connections.until(lambda: not server.connections.open)
        assert len(server.requests) == ROUNDS


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_harmless_request_is_repeated_once(method: str) -> None:
    async with ScriptedServer(_hangs_up_on_the_second) as server, ClientSession() as session:
        for _ in range(ROUNDS):
            async with session.request(method, server.url, data=b"cargo") as resp:
                assert await resp.read() == b"ok"
        assert {request.body for request in server.requests} == {b"cargo"}
        assert len(server.requests) == ROUNDS + server.connections.accepted - 1


async def test_connections_that_went_stale_together_fail_no_request() -> None:
    async with ScriptedServer(_hangs_up_on_the_second) as server, ClientSession() as session:

        async def fetch() -> int:
            async with session.get(server.url) as resp:
                await resp.read()
                return resp.status

        await asyncio.gather(*(fetch() for _ in range(6)))
        assert server.connections.accepted == 6
        assert await fetch() == 200
        assert (server.connections.accepted, len(server.requests)) == (7, 8)
        await server.connections.until(lambda: server.connections.open == 1)  # none of the others is trusted


async def test_requests_that_wait_for_a_full_pool_outlive_a_server_that_hangs_up_on_all() -> None:
    connector = whimbrel.TCPConnector(limit=2)
    async with ScriptedServer(_hangs_up_on_the_second) as server:
        async with ClientSession(connector=connector) as session:

            async def fetch() -> int:
                async with session.get(server.url) as resp:
                    await resp.read()
                    return resp.status

            assert await asyncio.gather(*(fetch() for _ in range(40))) == [200] * 40
            assert connector.statistics.waiting == 0


@pytest.mark.parametrize("data", [b"cargo", None])
async def test_a_post_is_never_executed_twice(data: bytes | None) -> None:
    async with ScriptedServer(_hangs_up_on_the_second) as server, ClientSession() as session:
        answered = failed = 0
        for round_ in range(ROUNDS):
            try:
                async with session.post(f"{server.url}{round_}", data=data) as resp:
                    await resp.read()
                    answered += 1
            except whimbrel.ServerDisconnectedError:  # noqa: PERF203  each round may fail
                failed += 1
        assert (answered, failed) == (ROUNDS // 2, ROUNDS // 2)
        assert [request.target for request in server.requests] == [f"/{i}" for i in range(ROUNDS)]


async def test_a_post_takes_a_new_connection_when_the_end_of_the_old_one_has_arrived() -> None:
    async with ScriptedServer(_closes_after_one) as server, ClientSession() as session:
        for _ in range(ROUNDS):
            async with session.post(server.url, data=b"cargo") as resp:
                assert await resp.read() == b"ok"
            await server.connections.until(lambda: not server.connections.open)
        assert len(server.requests) == ROUNDS


async def test_a_request_is_not_repeated_on_a_fresh_connection() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()

    async with ScriptedServer(script) as server, ClientSession() as session:
        with pytest.raises(whimbrel.ServerDisconnectedError):
            await session.get(server.url)
        assert len(server.requests) == 1


async def test_a_request_is_not_repeated_once_an_answer_has_begun() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await peer.send(b"HTTP/1.1 200 ")

    async with ScriptedServer(script) as server, ClientSession() as session:
        async with session.get(server.url) as resp:
            await resp.read()
        with pytest.raises(whimbrel.ServerDisconnectedError):
            await session.get(server.url)
        assert len(server.requests) == 2


async def test_a_body_that_cannot_be_repeated_is_not_sent_again() -> None:
    """S107."""

    async def tide() -> AsyncIterator[bytes]:
        yield b"flood"

    async with ScriptedServer(_hangs_up_on_the_second) as server, ClientSession() as session:
        async with session.get(server.url) as resp:
            await resp.read()
        with pytest.raises(whimbrel.ServerDisconnectedError, match="closed a reused connection"):
            await session.put(server.url, data=tide())
        assert [request.method for request in server.requests] == ["GET", "PUT"]


async def test_a_connection_that_the_server_announces_to_close_is_not_kept() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        await peer.until_gone()

    async with ScriptedServer(script) as server, ClientSession() as session:
        for _ in range(3):
            async with session.post(server.url) as resp:
                assert await resp.read() == b"ok"
        assert server.connections.accepted == 3


async def test_an_idle_connection_expires() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.until_gone()

    connector = whimbrel.TCPConnector(keepalive_timeout=0.05)
    async with ScriptedServer(script) as server, ClientSession(connector=connector) as session:
        async with session.get(server.url) as resp:
            await resp.read()
        await server.connections.until(lambda: not server.connections.open)
        assert connector.statistics.open == 0
