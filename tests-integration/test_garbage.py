"""Requests and their sessions leave nothing to the garbage collector, however they end; it costs all that runs when it is its turn."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
from peers.scripted import OK, Peer, ScriptedServer, always, response
from scenes.garbage import left_in_circles

from whimbrel import (
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    RequestTimeoutError,
    ServerDisconnectedError,
    SocketTimeoutError,
    TooManyRedirects,
)

Script = Callable[[Peer], Awaitable[None]]
SOON = 0.3  # a busy machine must have asked by then
MOVED = response(b"", "Location: /", status="302 Found")


async def _leave(peer: Peer) -> None:
    await peer.request()


async def _say_nothing(peer: Peer) -> None:
    await peer.request()
    await peer.until_gone()


async def _read(session: ClientSession, server: ScriptedServer) -> None:
    async with session.get(server.url, timeout=ClientTimeout(sock_read=60, first_byte=60)) as resp:
        await resp.read()


async def _pass_a_middleware(session: ClientSession, server: ScriptedServer) -> None:
    async def look(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        return await handler(request)

    async with session.post(server.url, data=_pieces(), middlewares=[look]) as resp:
        await resp.read()


async def _pieces() -> AsyncIterator[bytes]:
    yield b"high "
    yield b"tide"


async def _follow_a_redirect(session: ClientSession, server: ScriptedServer) -> None:
    with suppress(TooManyRedirects):
        await session.get(server.url, max_redirects=2)


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
        (_pass_a_middleware, always(OK)),
        (_follow_a_redirect, always(MOVED)),
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
