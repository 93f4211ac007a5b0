"""Requests and their sessions leave nothing to the garbage collector, however they end; it costs all that runs when it is its turn."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from peers.scripted import OK, Peer, ScriptedServer, always
from scenes.garbage import left_in_circles

from whimbrel import (
    ClientSession,
    ClientTimeout,
    RequestTimeoutError,
    ServerDisconnectedError,
    SocketTimeoutError,
)

Script = Callable[[Peer], Awaitable[None]]
SOON = 0.02


async def _leave(peer: Peer) -> None:
    await peer.request()


async def _say_nothing(peer: Peer) -> None:
    await peer.request()
    await peer.until_gone()


async def _read(session: ClientSession, server: ScriptedServer) -> None:
    async with session.get(server.url, timeout=ClientTimeout(sock_read=60, first_byte=60)) as response:
        await response.read()


async def _meet_a_server_that_leaves(session: ClientSession, server: ScriptedServer) -> None:
    with suppress(ServerDisconnectedError):
        await session.post(server.url, data=b"tide")


async def _be_late(session: ClientSession, server: ScriptedServer) -> None:
    with suppress(RequestTimeoutError):
        await session.get(server.url, timeout=SOON)


async def _hear_nothing(session: ClientSession, server: ScriptedServer) -> None:
    with suppress(SocketTimeoutError):
        await session.get(server.url, timeout=ClientTimeout(sock_read=SOON))


async def _be_cancelled(session: ClientSession, server: ScriptedServer) -> None:
    before = len(server.requests)
    task = asyncio.create_task(session.get(server.url))
    await server.connections.until(lambda: len(server.requests) > before)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("ask", "script"),
    [
        (_read, always(OK)),
        (_meet_a_server_that_leaves, _leave),
        (_be_late, _say_nothing),
        (_hear_nothing, _say_nothing),
        (_be_cancelled, _say_nothing),
    ],
)
async def test_a_request_leaves_nothing_to_the_garbage_collector(
    ask: Callable[[ClientSession, ScriptedServer], Awaitable[None]], script: Script
) -> None:
    async with ScriptedServer(script) as server:

        async def life() -> None:
            async with ClientSession() as session:
                await ask(session, server)

        await life()  # what is made once for all is made
        with left_in_circles() as left:
            await life()
    assert left == set()
