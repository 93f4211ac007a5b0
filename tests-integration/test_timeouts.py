"""Every limit on time, the documented error for it, and a session that goes on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from peers.black_hole import black_hole as opened_black_hole
from peers.certificates import Authority
from peers.scripted import OK, Peer, ScriptedServer, always

import whimbrel
from whimbrel import ClientSession, ClientTimeout, TCPConnector
from whimbrel_connector import AbstractResolver, ResolveResult

# Long enough for a busy machine to get where the scene wants it, short enough to wait for.
SHORT = 0.2
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"


@asynccontextmanager
async def _going_on(timeout: ClientTimeout | float | None = None) -> AsyncIterator[ClientSession]:
    """S260: give a session with room for one connection, which must be free in the end."""
    connector = TCPConnector(limit=1)
    async with ClientSession(connector=connector, timeout=timeout) as session:
        yield session
        async with ScriptedServer(always(OK)) as server:
            async with session.get(server.url, timeout=ClientTimeout(total=10)) as resp:
                assert await resp.read() == b"ok"
        statistics = connector.statistics
        assert (statistics.waiting, statistics.open) == (0, statistics.idle)


async def _silent(peer: Peer) -> None:
    await peer.request()
    await peer.until_gone()


async def _silent_in_the_body(peer: Peer) -> None:
    await peer.request()
    await peer.send(HEAD + b"x" * 500)
    await peer.until_gone()


@pytest.fixture
def black_hole() -> Iterator[int]:
    """Give a port whose connections are never accepted."""
    with opened_black_hole() as port:
        yield port


async def test_the_defaults_are_the_documented_ones() -> None:
    """S250."""
    async with ClientSession() as session:
        assert session.timeout == ClientTimeout(total=300, sock_connect=30)


@pytest.mark.parametrize("timeout", [SHORT, ClientTimeout(total=SHORT)])
async def test_the_total_covers_waiting_for_the_head(timeout: ClientTimeout | float) -> None:
    """S251, S256, S257, S259, S260."""
    async with ScriptedServer(_silent) as server, _going_on() as session:
        with pytest.raises(asyncio.TimeoutError, match=r"0\.2 s") as caught:
            await session.get(server.url, timeout=timeout)
        assert isinstance(caught.value, whimbrel.ServerTimeoutError)
        await server.connections.until(lambda: not server.connections.open)


async def test_the_total_covers_the_body() -> None:
    """S256."""
    async with ScriptedServer(_silent_in_the_body) as server, _going_on() as session:
        parts: list[bytes] = []

        async def read(seconds: float) -> None:
            async with session.get(server.url, timeout=ClientTimeout(total=seconds)) as resp:
                parts.append(await resp.content.readexactly(500))
                await resp.content.read()

        for seconds in (SHORT, 10 * SHORT, 100 * SHORT):  # a busy machine may take longer for the head
            if not parts:
                with pytest.raises(whimbrel.ServerTimeoutError, match=f"{seconds:g} s"):
                    await read(seconds)
        assert parts == [b"x" * 500]
        await server.connections.until(lambda: not server.connections.open)


async def test_the_total_of_the_session_holds_for_every_request() -> None:
    """S258."""
    async with ScriptedServer(_silent_in_the_body) as server, _going_on(SHORT) as session:
        for _ in range(2):
            with pytest.raises(asyncio.TimeoutError):
                async with session.get(server.url) as resp:
                    await resp.read()


async def test_the_total_covers_a_chain_of_redirects() -> None:
    """S256: each hop is quick, the chain is endless."""

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")

    async with ScriptedServer(script) as server, _going_on() as session:
        with pytest.raises(whimbrel.ServerTimeoutError):
            await session.get(server.url, max_redirects=10**9, timeout=SHORT)


async def test_the_total_covers_an_upload_that_nobody_takes() -> None:
    async def script(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads too
        await asyncio.get_running_loop().create_future()

    async with ScriptedServer(script) as server, _going_on() as session:
        with pytest.raises(whimbrel.ServerTimeoutError):
            await session.post(server.url, data=bytes(64 << 20), timeout=SHORT)


async def test_a_stream_that_is_never_fed_times_out() -> None:
    """S120."""
    async with ScriptedServer(_silent) as server, _going_on() as session:
        with pytest.raises(whimbrel.ServerTimeoutError):
            await session.post(server.url, data=whimbrel.StreamReader(), timeout=SHORT)


@pytest.mark.parametrize("timeout", [ClientTimeout(sock_connect=SHORT), ClientTimeout(connect=SHORT)])
async def test_a_connection_that_is_never_accepted_is_given_up(
    black_hole: int, timeout: ClientTimeout
) -> None:
    async with _going_on() as session:
        with pytest.raises(whimbrel.ConnectionTimeoutError, match=r"0\.2 s") as caught:
            await session.get(f"http://127.0.0.1:{black_hole}/", timeout=timeout)
        assert isinstance(caught.value, (whimbrel.ServerTimeoutError, asyncio.TimeoutError))


@pytest.mark.parametrize("timeout", [ClientTimeout(sock_connect=SHORT), ClientTimeout(connect=SHORT)])
async def test_a_tls_handshake_that_is_never_answered_is_given_up(timeout: ClientTimeout) -> None:
    async def script(peer: Peer) -> None:
        await peer.until_gone()

    async with ScriptedServer(script) as server, _going_on() as session:
        with pytest.raises(whimbrel.ConnectionTimeoutError):
            await session.get(f"https://127.0.0.1:{server.port}/", timeout=timeout)
        await server.connections.until(lambda: not server.connections.open)


async def _never_ends(peer: Peer) -> None:
    await peer.until_gone()


async def _deaf(peer: Peer) -> None:
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads too
    await asyncio.get_running_loop().create_future()


class _NeverKnows(AbstractResolver):
    """A resolver that is asked and does not answer."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        await asyncio.get_running_loop().create_future()
        return []

    async def close(self) -> None:
        """Nothing is held."""


def _says_what(error: whimbrel.ServerTimeoutError, phase: str) -> None:
    assert isinstance(error, asyncio.TimeoutError)
    assert error.phase == phase
    assert error.limit == SHORT
    assert error.elapsed is not None
    assert SHORT <= error.elapsed < 30


async def test_each_phase_up_to_the_connection_has_its_limit_and_its_error(black_hole: int) -> None:
    long = 60.0
    others = {"total": long, "connect": long, "sock_connect": long, "sock_read": long}

    async def fails(session: ClientSession, phase: str, url: str, **options: Any) -> None:
        limits = {**others, **dict.fromkeys(("pool", "dns", "tcp", "tls", "proxy"), long), phase: SHORT}
        with pytest.raises(whimbrel.ConnectionTimeoutError) as caught:
            await session.get(url, timeout=ClientTimeout(**limits), **options)
        _says_what(caught.value, phase)

    async with ScriptedServer(_never_ends) as server, _going_on() as session:
        nowhere = f"http://127.0.0.1:{black_hole}/"
        secured = f"https://127.0.0.1:{server.port}/"
        await fails(session, "tcp", nowhere)
        await fails(session, "tls", secured)
        await fails(session, "proxy", "https://shore.example/", proxy=server.url)
        await fails(session, "proxy", "http://shore.example/", proxy=nowhere)
        await fails(session, "tls", "http://shore.example/", proxy=secured)
        await server.connections.until(lambda: not server.connections.open)
    connector = TCPConnector(resolver=_NeverKnows())
    async with ClientSession(connector=connector) as session:
        await fails(session, "dns", "http://shore.example/")
        assert connector.statistics.open == 0


async def test_tls_through_a_tunnel_has_its_limit() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await peer.until_gone()

    async with ScriptedServer(script) as server, _going_on() as session:
        limits = ClientTimeout(tls=SHORT, proxy=60)
        with pytest.raises(whimbrel.TLSTimeoutError) as caught:
            await session.get("https://shore.example/", proxy=server.url, timeout=limits)
        _says_what(caught.value, "tls")
        await server.connections.until(lambda: not server.connections.open)


async def test_waiting_for_the_pool_alone_has_its_limit() -> None:
    async with ScriptedServer(_silent) as server, _going_on() as session:
        holder = asyncio.ensure_future(session.get(server.url))
        await server.connections.until(lambda: len(server.requests) == 1)
        with pytest.raises(whimbrel.PoolTimeoutError) as caught:
            await session.get(server.url, timeout=ClientTimeout(pool=SHORT, connect=60))
        _says_what(caught.value, "pool")
        holder.cancel()
        with pytest.raises(asyncio.CancelledError):
            await holder


async def test_sending_and_the_first_byte_have_their_limits() -> None:
    async with ScriptedServer(_deaf) as server, _going_on() as session:
        with pytest.raises(whimbrel.SendTimeoutError) as sending:
            await session.post(server.url, data=bytes(64 << 20), timeout=ClientTimeout(send=SHORT))
        _says_what(sending.value, "send")
    async with ScriptedServer(_silent) as server, _going_on(ClientTimeout(first_byte=SHORT)) as session:
        with pytest.raises(whimbrel.FirstByteTimeoutError) as waiting:
            await session.get(server.url)
        _says_what(waiting.value, "first byte")
        assert isinstance(waiting.value, whimbrel.SocketTimeoutError)


async def test_the_documented_limits_say_their_phase_too() -> None:
    async with ScriptedServer(_silent) as server, _going_on() as session:
        with pytest.raises(whimbrel.SocketTimeoutError) as reading:
            await session.get(server.url, timeout=ClientTimeout(sock_read=SHORT))
        _says_what(reading.value, "read")
        with pytest.raises(whimbrel.RequestTimeoutError) as total:
            await session.get(server.url, timeout=ClientTimeout(SHORT))
        _says_what(total.value, "total")


def test_the_documented_fields_keep_their_order() -> None:
    assert ClientTimeout(1, 2, 3, 4, 5) == ClientTimeout(
        total=1, connect=2, sock_read=3, sock_connect=4, ceil_threshold=5
    )
    with pytest.raises(TypeError):
        ClientTimeout(1, 2, 3, 4, 5, 6)  # type: ignore[call-arg]  # the rest goes by name


async def test_waiting_for_the_pool_counts_as_connecting() -> None:
    async with ScriptedServer(_silent) as server, _going_on() as session:
        holder = asyncio.ensure_future(session.get(server.url))
        await server.connections.until(lambda: len(server.requests) == 1)
        with pytest.raises(whimbrel.ConnectionTimeoutError, match="pool"):
            await session.get(server.url, timeout=ClientTimeout(connect=SHORT))
        holder.cancel()
        with pytest.raises(asyncio.CancelledError):
            await holder


@pytest.mark.parametrize("script", [_silent, _silent_in_the_body])
async def test_silence_is_limited_before_the_head_and_in_the_body(script: object) -> None:
    async with ScriptedServer(script) as server, _going_on() as session:  # type: ignore[arg-type]  # a script
        with pytest.raises(whimbrel.SocketTimeoutError, match=r"0\.2 s") as caught:
            async with session.get(server.url, timeout=ClientTimeout(sock_read=SHORT)) as resp:
                await resp.read()
        assert isinstance(caught.value, (whimbrel.ServerTimeoutError, asyncio.TimeoutError))


async def test_silence_is_not_counted_while_the_reader_is_the_slow_one() -> None:
    """The server keeps trying; it is this side that holds it back for longer than the limit."""
    body = bytes(8 << 20)

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        await peer.send(body)

    async with ScriptedServer(script) as server, _going_on() as session:
        async with session.get(server.url, timeout=ClientTimeout(sock_read=3 * SHORT)) as resp:
            assert await resp.content.read(1)
            await asyncio.sleep(4 * SHORT)  # the clock is what this scene is about
            assert len(await resp.content.read()) == len(body) - 1


@pytest.mark.parametrize("timeout", [None, 0, ClientTimeout(), ClientTimeout(0, 0, 0, 0)])
async def test_none_and_zero_set_no_limit(timeout: ClientTimeout | float | None) -> None:
    """S252, S253: the session's own limit has long passed when the answer comes."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(0.02)  # the clock is what this scene is about
        await peer.send(OK)

    async with ScriptedServer(script) as server, ClientSession(timeout=0.001) as session:
        async with session.get(server.url, timeout=timeout) as resp:
            assert await resp.read() == b"ok"
        with pytest.raises(whimbrel.ServerTimeoutError):
            await session.get(server.url)


async def test_a_request_within_asyncio_timeout_leaves_nothing() -> None:
    """S254, S255."""
    async with ScriptedServer(_silent_in_the_body) as server, _going_on() as session:

        async def read() -> None:
            async with session.get(server.url) as r:
                await r.text()

        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(read(), SHORT)
        await server.connections.until(lambda: not server.connections.open)


@pytest.mark.parametrize(("timeout", "refusal"), [(-1, ValueError), ("60", TypeError), (True, TypeError)])
async def test_what_is_no_time_is_refused(timeout: float, refusal: type[Exception]) -> None:
    async with ClientSession() as session:
        with pytest.raises(refusal, match="timeout"):
            await session.get("http://127.0.0.1:1/", timeout=timeout)


async def test_a_timeout_over_tls_leaves_nothing(authority: Authority) -> None:
    async with ScriptedServer(_silent_in_the_body, ssl=authority.server("127.0.0.1")) as server:
        async with _going_on() as session:
            with pytest.raises(whimbrel.ServerTimeoutError):
                async with session.get(server.url, ssl=authority.client(), timeout=SHORT) as resp:
                    await resp.read()
            await server.connections.until(lambda: not server.connections.open)
