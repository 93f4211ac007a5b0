"""After `close` nothing is left: no task, no socket, no warning; the loop may be closed at once."""

import asyncio
import gc
import sys
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
from peers.alone import run_alone
from peers.certificates import Authority
from peers.handshake import accept_websocket
from peers.scripted import OK, Peer, ScriptedServer, always
from scenes import shutdown
from scenes.loops import loop_name

from whimbrel import ClientConnectionError, ClientSession, TCPConnector

SHUTDOWN = Path(shutdown.__file__)


async def _anything(peer: Peer) -> None:
    """Answer as the path says."""
    while True:
        request = await peer.request()
        match request.target:
            case "/small":
                await peer.send(OK)
            case "/large":
                await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
                while True:
                    await peer.send(bytes(65536))
            case "/websocket":
                await accept_websocket(peer, request.get("sec-websocket-key") or "")
                await peer.until_gone()
            case "/websocket/polite":
                await accept_websocket(peer, request.get("sec-websocket-key") or "", b"\x88\x02\x03\xe8")
                await peer.reader.read(1)
                return
            case "/garbage":
                await peer.send(b"garbage\r\n\r\n")
                return
            case "/hang":
                await peer.until_gone()
            case _:
                return


@pytest.fixture(params=["http", "https"])
async def server(request: pytest.FixtureRequest, authority: Authority) -> AsyncIterator[ScriptedServer]:
    context = authority.server("127.0.0.1") if request.param == "https" else None
    async with ScriptedServer(_anything, ssl=context) as server:
        yield server


@pytest.mark.skipif(sys.platform != "linux", reason="counts sockets in /proc")
async def test_nothing_is_left(server: ScriptedServer, authority: Authority) -> None:
    """S261 to S269: every scene on a loop of its own, in development mode, with every warning an error."""
    printed = await run_alone(SHUTDOWN, loop_name(), server.url, str(authority.file))
    assert printed.splitlines() == [f"{scene}: nothing left" for scene in shutdown.SCENES]
    await server.connections.until(lambda: not server.connections.open)


async def test_close_returns_when_the_server_has_seen_the_end(
    server: ScriptedServer, authority: Authority
) -> None:
    """S262."""
    session = ClientSession(connector=TCPConnector(ssl=authority.client()))
    async with session.get(f"{server.url}small") as response:
        await response.read()
    await session.close()
    await session.close()
    assert session.closed
    await server.connections.until(lambda: not server.connections.open)


async def test_close_is_bounded_when_the_peer_is_deaf(authority: Authority) -> None:
    """S266: it neither reads what is on its way nor answers the end of TLS."""

    async def deaf(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads too
        await asyncio.get_running_loop().create_future()

    async with ScriptedServer(deaf, ssl=authority.server("127.0.0.1")) as server:
        session = ClientSession(connector=TCPConnector(ssl=authority.client()))
        upload = asyncio.ensure_future(session.post(server.url, data=bytes(32 << 20)))
        await server.connections.until(lambda: bool(server.connections.open))
        await asyncio.wait_for(session.close(), 10)
        with pytest.raises(ClientConnectionError):
            await upload


@pytest.mark.filterwarnings("default::ResourceWarning")
async def test_a_forgotten_session_is_named_once() -> None:
    """S239, S270."""
    async with ScriptedServer(always(OK)) as server:
        session = ClientSession()
        async with session.get(server.url) as response:
            await response.read()
        holder = [session]
        del response, session
        with pytest.warns(
            ResourceWarning, match=r"Unclosed client session .*, made at .*test_shutdown\.py:\d+"
        ) as caught:
            holder.clear()
        assert len(caught) == 1
        await server.connections.until(lambda: not server.connections.open)


@pytest.mark.parametrize("action", ["ignore", "error"])
@pytest.mark.parametrize("is_used", [True, False], ids=["used", "unused"])
async def test_a_forgotten_session_is_told_to_the_loop_and_closed_whatever_becomes_of_warnings(
    *, is_used: bool, action: Literal["ignore", "error"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", lambda _fault: None)
    told: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: told.append(context))
    async with ScriptedServer(always(OK)) as server:
        session = ClientSession()
        if is_used:
            async with session.get(server.url) as response:
                await response.read()
            del response
        with warnings.catch_warnings():
            warnings.simplefilter(action)
            del session
            gc.collect()
        assert [context["message"][:25] for context in told] == ["Unclosed client session <"]
        assert isinstance(told.pop()["client_session"], ClientSession)
        await server.connections.until(lambda: not server.connections.open)


async def test_close_begins_before_it_is_awaited() -> None:
    """S261."""
    async with ScriptedServer(always(OK)) as server:
        session = ClientSession()
        async with session.get(server.url) as response:
            await response.read()
        closing = session.close()
        try:
            assert session.closed
        finally:
            await closing


async def test_a_session_of_another_thread_is_closed_there() -> None:
    def run() -> None:
        loop.run_until_complete(over.wait())
        loop.close()

    loop, over = asyncio.new_event_loop(), asyncio.Event()
    loop.set_debug(True)  # which refuses what is no safe call from another thread
    thread = asyncio.get_running_loop().run_in_executor(None, run)
    try:
        async with ScriptedServer(always(OK)) as server:
            session = ClientSession()

            async def fetch() -> bytes:
                async with session.get(server.url) as response:
                    return await response.read()

            assert await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(fetch(), loop)) == b"ok"
            closing = session.close()
            assert session.closed
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(closing, loop))
            await server.connections.until(lambda: not server.connections.open)
    finally:
        loop.call_soon_threadsafe(over.set)
        await thread
