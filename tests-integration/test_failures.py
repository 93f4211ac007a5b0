"""What goes wrong on the way, the documented error for it, and a pool that is none the worse."""

import asyncio
import pickle
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from peers.programs import held_port
from peers.scripted import OK, Peer, Script, ScriptedServer

import whimbrel
from whimbrel import ClientSession, TCPConnector

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"


@asynccontextmanager
async def _going_on(limit: int = 1) -> AsyncIterator[ClientSession]:
    """Give a session with room for one connection, so that a leaked one would stop the next request."""
    connector = TCPConnector(limit=limit)
    async with ClientSession(connector=connector) as session:
        yield session
        async with _healthy() as server, session.get(server.url) as resp:
            assert await resp.read() == b"ok"
        statistics = connector.statistics
        assert (statistics.waiting, statistics.open) == (0, statistics.idle)
    assert connector.statistics.open == connector.statistics.waiting == 0


@asynccontextmanager
async def _healthy() -> AsyncIterator[ScriptedServer]:
    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(OK)

    async with ScriptedServer(script) as server:
        yield server


def _script(said: bytes) -> Script:
    """Read a request, say `said`, and close."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(said)

    return script


def _close(peer: Peer) -> None:
    peer.writer.close()


def _reset(peer: Peer) -> None:
    """Close without a word: the client gets RST instead of FIN."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    peer.writer.transport.abort()


async def test_a_refused_connection_names_the_place() -> None:
    with held_port() as port:
        async with _going_on() as session:
            with pytest.raises(whimbrel.ClientConnectorError) as caught:
                await session.get(f"http://127.0.0.1:{port}/")
    fault = caught.value
    assert isinstance(fault, (whimbrel.ClientOSError, OSError))
    assert (fault.host, fault.port, fault.ssl) == ("127.0.0.1", port, True)
    assert isinstance(fault.os_error, ConnectionRefusedError) or fault.errno == 111
    assert f"127.0.0.1:{port}" in str(fault)
    assert "refused" in str(fault) or "Connect call failed" in str(fault)


async def test_an_unknown_host_is_a_dns_error() -> None:
    async with _going_on() as session:
        with pytest.raises(whimbrel.ClientConnectorDNSError) as caught:
            await session.get("http://nobody.invalid/")
    assert isinstance(caught.value, whimbrel.ClientConnectorError)
    assert (caught.value.host, caught.value.port) == ("nobody.invalid", 80)
    assert "nobody.invalid" in str(caught.value)


@pytest.mark.parametrize("leave", [_close, _reset])
async def test_a_peer_that_leaves_in_the_middle_of_a_body_spoils_the_payload(
    leave: Callable[[Peer], None],
) -> None:
    arrived = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(HEAD + b"x" * 500)
        await arrived.wait()
        leave(peer)

    async with ScriptedServer(script) as server, _going_on() as session:
        async with session.get(server.url) as resp:
            assert await resp.content.readexactly(500) == b"x" * 500
            arrived.set()
            with pytest.raises((whimbrel.ClientPayloadError, whimbrel.ClientOSError)) as caught:
                await resp.content.read()
        if leave is _close:
            assert isinstance(caught.value, whimbrel.ClientPayloadError)


async def test_a_whole_body_read_reports_the_missing_end_too() -> None:
    async with ScriptedServer(_script(HEAD + b"x" * 500)) as server, _going_on() as session:
        async with session.get(server.url) as resp:
            with pytest.raises(whimbrel.ClientPayloadError):
                await resp.read()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nflood\r\n", id="cut-chunks"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", id="bad-chunk-size"),
    ],
)
async def test_broken_chunks_spoil_the_payload(said: bytes) -> None:
    async with ScriptedServer(_script(said)) as server, _going_on() as session:
        with pytest.raises((whimbrel.ClientPayloadError, whimbrel.ClientResponseError)):
            async with session.get(server.url) as resp:
                await resp.read()


@pytest.mark.parametrize("leave", [_close, _reset])
@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nServer: x\r\n"])
async def test_a_peer_that_leaves_before_the_head_is_a_disconnection(
    leave: Callable[[Peer], None], said: bytes
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(said)
        leave(peer)

    async with ScriptedServer(script) as server, _going_on() as session:
        with pytest.raises(whimbrel.ServerDisconnectedError) as caught:
            await session.post(server.url, data=b"x")
        assert isinstance(caught.value, whimbrel.ClientConnectionError)
        assert len(server.requests) == 1
        assert str(server.port) in str(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"SMTP ready\r\n\r\n", id="another-protocol"),
        pytest.param(b"HTTP/1.1 2x0 OK\r\n\r\n", id="bad-status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTide : low\r\n\r\n", id="blank-before-colon"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", id="two-lengths"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", id="negative-length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 9000 + b"\r\n\r\n", id="long-field"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", id="many-fields"),
    ],
)
async def test_a_malformed_head_is_a_response_error(said: bytes) -> None:
    async with ScriptedServer(_script(said)) as server, _going_on() as session:
        with pytest.raises(whimbrel.ClientResponseError) as caught:
            await session.get(server.url)
        assert caught.value.status == 400
        assert caught.value.message
        assert str(caught.value.request_info.real_url) == server.url


async def test_the_limits_on_a_head_can_be_raised() -> None:
    said = b"HTTP/1.1 200 OK\r\nX: " + b"y" * 9000 + b"\r\nContent-Length: 0\r\n\r\n"
    async with ScriptedServer(_script(said)) as server, _going_on() as session:
        async with session.get(server.url, max_field_size=10_000) as resp:
            assert len(resp.headers["X"]) == 9000


async def test_bytes_behind_the_end_of_a_response_condemn_the_connection() -> None:
    """An answer nobody asked for must not be taken for the answer to the next request."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + OK.replace(b"ok", b"no"))
        await peer.until_gone()

    async with ScriptedServer(script) as server, _going_on() as session:
        for _ in range(3):
            async with session.get(server.url) as resp:
                assert await resp.read() == b"ok"
        assert server.connections.accepted == 3


async def test_bytes_on_an_idle_connection_condemn_it() -> None:
    """R-01: also when they are already in the socket when the next request takes the connection."""
    stray = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        if peer.number == 1:
            await peer.send(OK.replace(b"ok", b"no"))
            stray.set()
            await peer.until_gone()
        else:
            await peer.until_gone()

    async with ScriptedServer(script) as server, _going_on() as session:
        async with session.get(server.url) as resp:
            assert await resp.read() == b"ok"
        await stray.wait()
        async with session.get(server.url) as resp:
            assert await resp.read() == b"ok"
        assert server.connections.accepted == 2


async def test_a_cancelled_request_leaves_no_trace() -> None:
    """S255: cancelled while it waits for the pool, for the head, and for the body."""

    async def script(peer: Peer) -> None:
        request = await peer.request()
        if request.target == "/body":
            await peer.send(HEAD)
        await peer.until_gone()

    async def read(session: ClientSession, url: str) -> None:
        async with session.get(url) as resp:
            await resp.read()

    async with ScriptedServer(script) as server, _going_on() as session:
        for path in ("head", "body"):
            holder = asyncio.ensure_future(read(session, server.url + path))
            await server.connections.until(lambda: bool(server.requests))
            waiter = asyncio.ensure_future(read(session, server.url))
            await asyncio.sleep(0)
            for task in (waiter, holder):
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            await server.connections.until(lambda: not server.connections.open)
            server.requests.clear()


async def test_every_cancellation_of_a_waiting_crowd_frees_its_place() -> None:
    """S160."""
    most_open = 0
    async with _healthy() as server, _going_on(limit=3) as session:

        async def fetch() -> bytes:
            nonlocal most_open
            async with session.get(server.url) as resp:
                most_open = max(most_open, session.connector.statistics.open)  # type: ignore[union-attr]  # ours has them
                return await resp.read()

        for round_ in range(20):
            tasks = [asyncio.ensure_future(fetch()) for _ in range(12)]
            for _ in range(round_):
                await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(result == b"ok" for result in results[1::2])
    assert most_open == 3


async def test_errors_survive_pickling() -> None:
    async with ScriptedServer(_script(b"")) as server, ClientSession() as session:
        with pytest.raises(whimbrel.ServerDisconnectedError) as caught:
            await session.get(server.url)
        again = pickle.loads(pickle.dumps(caught.value))
        assert (type(again), str(again)) == (type(caught.value), str(caught.value))
