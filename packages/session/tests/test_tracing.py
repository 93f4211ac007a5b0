"""What a session tells about its requests, and what callbacks that fail leave behind."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from scripted_peer import Serve, answer

from whimbrel import (
    BaseConnector,
    ClientSession,
    ClientTimeout,
    TCPConnector,
    TraceConfig,
    TraceRequestStartParams,
)
from whimbrel_connector import StaticResolver

SIGNALS = [name for name in vars(TraceConfig()) if name.startswith("on_")]
REDIRECT = answer(b"", "Location: /next", status="302 Found")


def recorder(heard: list[tuple[str, Any]], *only: str) -> TraceConfig:
    """Return a configuration that notes every signal with its parameters."""

    def noting(name: str) -> Callable[[ClientSession, SimpleNamespace, Any], Awaitable[None]]:
        async def note(_session: ClientSession, _context: SimpleNamespace, params: Any) -> None:
            heard.append((name, params))

        return note

    config = TraceConfig()
    for name in only or SIGNALS:
        getattr(config, name).append(noting(name))
    return config


def pool_of(session: ClientSession) -> tuple[int, int, int]:
    assert isinstance(session.connector, BaseConnector)
    statistics = session.connector.statistics
    return statistics.open, statistics.idle, statistics.waiting


async def test_what_goes_over_the_wire_is_told_without_the_fragment(serve: Serve) -> None:
    peer = await serve(answer(b"body"))
    heard: list[tuple[str, Any]] = []
    async with ClientSession(trace_configs=[recorder(heard)]) as session:
        async with session.post(peer.url + "/#beak", data=b"sent") as response:
            await response.read()
    fragments = {name: params.url.fragment for name, params in heard if hasattr(params, "url")}
    assert fragments == {
        "on_request_start": "beak",
        "on_request_headers_sent": "",
        "on_request_chunk_sent": "",
        "on_request_end": "beak",
        "on_response_chunk_received": "",
    }


async def test_a_request_is_told_from_start_to_end(serve: Serve) -> None:
    peer = await serve(answer(b"body"))
    heard: list[tuple[str, Any]] = []
    async with ClientSession(trace_configs=[recorder(heard)]) as session:
        for _ in range(2):
            async with session.post(peer.url, data=b"sent", params={"a": "1"}) as response:
                assert await response.read() == b"body"
    ours = [
        "on_request_headers_sent",
        "on_request_chunk_sent",
        "on_request_end",
        "on_response_chunk_received",
    ]
    first = ["on_request_start", "on_connection_create_start", "on_connection_create_end", *ours]
    assert [name for name, _ in heard] == [*first, "on_request_start", "on_connection_reuseconn", *ours]
    told = dict(heard)
    assert str(told["on_request_start"].url) == peer.url + "/?a=1"
    assert told["on_request_start"].method == "POST"
    assert told["on_request_headers_sent"].headers["Content-Length"] == "4"
    assert told["on_request_chunk_sent"].chunk == b"sent"
    assert told["on_request_end"].response.status == 200
    assert told["on_response_chunk_received"].chunk == b"body"


async def test_headers_written_at_the_start_are_sent(serve: Serve) -> None:
    peer = await serve(answer())
    config = TraceConfig()

    @config.on_request_start
    async def inject(_: ClientSession, __: SimpleNamespace, params: TraceRequestStartParams) -> None:
        params.headers["traceparent"] = "00-1"

    async with ClientSession(trace_configs=[config], headers={"X-Own": "1"}) as session:
        async with session.get(peer.url):
            pass
        assert "traceparent" not in session.headers
    assert b"traceparent: 00-1" in peer.heads[0]
    assert b"X-Own: 1" in peer.heads[0]


async def test_a_line_break_injected_at_the_start_reaches_no_wire(serve: Serve) -> None:
    peer = await serve(answer())
    config = TraceConfig()

    @config.on_request_start
    async def inject(_: ClientSession, __: SimpleNamespace, params: TraceRequestStartParams) -> None:
        params.headers["traceparent"] = "00-1\r\nX-Evil: 1"

    async with ClientSession(trace_configs=[config]) as session:
        with pytest.raises(ValueError, match="control character"):
            await session.get(peer.url)
    assert peer.connections == 0


async def test_the_context_is_the_requests_own_and_knows_what_the_caller_gave(serve: Serve) -> None:
    peer = await serve(answer())
    seen: list[SimpleNamespace] = []
    config = TraceConfig()

    @config.on_request_start
    async def begin(_: ClientSession, context: SimpleNamespace, __: object) -> None:
        seen.append(context)

    @config.on_request_end
    async def end(_: ClientSession, context: SimpleNamespace, __: object) -> None:
        assert context is seen[-1]

    async with ClientSession(trace_configs=[config]) as session:
        for given in ("a", None):
            async with session.get(peer.url, trace_request_ctx=given):
                pass
    assert [context.trace_request_ctx for context in seen] == ["a", None]
    assert seen[0] is not seen[1]


async def test_a_redirect_is_told_and_the_end_names_the_last_url(serve: Serve) -> None:
    peer = await serve(REDIRECT, answer())
    heard: list[tuple[str, Any]] = []
    only = ("on_request_redirect", "on_request_end")
    async with ClientSession(trace_configs=[recorder(heard, *only)]) as session, session.get(peer.url):
        pass
    assert [(name, params.url.path, params.response.status) for name, params in heard] == [
        ("on_request_redirect", "/", 302),
        ("on_request_end", "/next", 200),
    ]


async def test_pieces_of_a_streamed_body_are_told(serve: Serve) -> None:
    peer = await serve(answer())
    heard: list[tuple[str, Any]] = []

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    config = recorder(heard, "on_request_chunk_sent")
    async with ClientSession(trace_configs=[config]) as session, session.post(peer.url, data=pieces()):
        pass
    assert [params.chunk for _, params in heard] == [b"one", b"two"]


@pytest.mark.parametrize("raised", [ConnectionError, asyncio.TimeoutError])
async def test_a_failure_is_told_as_the_caller_gets_it(serve: Serve, raised: type[Exception]) -> None:
    peer = await serve(b"" if raised is ConnectionError else b"HTTP/1.1 103 Early Hints\r\n\r\n")
    heard: list[tuple[str, Any]] = []
    config = recorder(heard, "on_request_start", "on_request_exception", "on_request_end")
    timeout = ClientTimeout(total=None if raised is ConnectionError else 0.05)
    async with ClientSession(trace_configs=[config], timeout=timeout) as session:
        with pytest.raises(Exception) as caught:
            await session.post(peer.url)
    assert [name for name, _ in heard] == ["on_request_start", "on_request_exception"]
    assert heard[1][1].exception is caught.value


async def test_waiting_for_the_pool_is_told(serve: Serve) -> None:
    peer = await serve(answer(b"x"))
    heard: list[tuple[str, Any]] = []
    config = recorder(
        heard, "on_connection_queued_start", "on_connection_queued_end", "on_connection_reuseconn"
    )
    async with ClientSession(trace_configs=[config], connector=TCPConnector(limit=1)) as session:

        async def ask() -> bytes:
            async with session.get(peer.url) as response:
                return await response.read()

        assert set(await asyncio.gather(ask(), ask())) == {b"x"}
    assert [name for name, _ in heard] == [
        "on_connection_queued_start",
        "on_connection_queued_end",
        "on_connection_reuseconn",
    ]


async def test_address_lookups_are_told(serve: Serve) -> None:
    peer = await serve(answer())
    heard: list[tuple[str, Any]] = []
    config = recorder(heard, *(name for name in SIGNALS if "dns" in name))
    connector = TCPConnector(resolver=StaticResolver({"shore.example": ["127.0.0.1"]}), force_close=True)
    url = peer.url.replace("127.0.0.1", "shore.example")
    async with ClientSession(trace_configs=[config], connector=connector) as session:
        for _ in range(2):
            async with session.get(url):
                pass
    assert [(name, params.host) for name, params in heard] == [
        ("on_dns_cache_miss", "shore.example"),
        ("on_dns_resolvehost_start", "shore.example"),
        ("on_dns_resolvehost_end", "shore.example"),
        ("on_dns_cache_hit", "shore.example"),
    ]


class Fault(Exception):
    """What a callback raises."""


async def a_life(session: ClientSession, url: str) -> None:
    """Go through as much as a request can meet: a queue, a redirect, a body each way."""

    async def ask() -> None:
        async with session.put(url, data=b"x") as response:
            await response.read()

    results = await asyncio.gather(ask(), ask(), return_exceptions=True)
    faults = [result for result in results if result is not None]
    assert faults
    assert all(isinstance(fault, (Fault, TimeoutError, asyncio.TimeoutError)) for fault in faults)


NOT_ON_THIS_WAY = {"on_request_exception"}


@pytest.mark.parametrize("name", [name for name in SIGNALS if name not in NOT_ON_THIS_WAY])
@pytest.mark.parametrize("way", ["raises", "hangs"])
async def test_a_failing_callback_leaves_no_place_taken(serve: Serve, name: str, way: str) -> None:
    peer = await serve(REDIRECT, answer(b"body"))
    config = TraceConfig()
    spoilt = True

    async def spoil(*_: object) -> None:
        if not spoilt:
            return
        if way == "raises":
            raise Fault
        await asyncio.get_running_loop().create_future()

    getattr(config, name).append(spoil)
    connector = TCPConnector(
        resolver=StaticResolver({"shore.example": ["127.0.0.1"]}),
        limit=1,
        force_close=name == "on_dns_cache_hit",
    )
    url = peer.url.replace("127.0.0.1", "shore.example")
    async with ClientSession(trace_configs=[config], connector=connector) as session:
        if name == "on_dns_cache_hit":
            spoilt = False
            async with session.get(url) as response:
                await response.read()
            spoilt = True
        if way == "raises":
            await a_life(session, url)
        else:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(a_life(session, url), 0.1)
        spoilt = False
        async with session.get(url) as response:
            assert await response.read() == b"body"
        if not connector.force_close:
            assert pool_of(session) == (1, 1, 0)


async def test_a_session_without_tracers_makes_no_traces(serve: Serve) -> None:
    peer = await serve(answer())
    async with ClientSession() as session:
        assert session.trace_configs == []
        async with session.get(peer.url, trace_request_ctx=object()):
            pass


def test_a_session_freezes_what_it_is_given() -> None:
    config = TraceConfig()
    session = ClientSession(trace_configs=[config])
    assert all(getattr(config, name).frozen for name in SIGNALS)
    assert session.trace_configs == [config]
    session.close().close()
