"""What a session says about itself, and what becomes of it when it is closed or detached."""

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest
from scripted_peer import Serve, answer
from yarl import URL

import whimbrel
from whimbrel import (
    BasicAuth,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    HttpVersion,
    HttpVersion10,
    HttpVersion11,
    TCPConnector,
    TraceConfig,
)
from whimbrel.testing import MemoryConnector, Site
from whimbrel_http1 import Limits, ResponseParser


async def test_a_session_tells_what_it_was_made_of() -> None:
    """S078."""
    connector, jar, tracer, auth = TCPConnector(), DummyCookieJar(), TraceConfig(), BasicAuth("user")
    async with ClientSession(
        connector=connector,
        cookie_jar=jar,
        auth=auth,
        headers={"X-Bird": "whimbrel"},
        skip_auto_headers=["User-Agent"],
        json_serialize=str,
        timeout=ClientTimeout(total=7),
        raise_for_status=True,
        trust_env=True,
        auto_decompress=False,
        requote_redirect_url=False,
        trace_configs=[tracer],
        connector_owner=True,
    ) as session:
        assert (session.connector, session.cookie_jar, session.auth) == (connector, jar, auth)
        assert session.headers["x-bird"] == "whimbrel"
        assert session.skip_auto_headers == {"User-Agent"}
        assert session.json_serialize is str
        assert session.timeout == ClientTimeout(total=7)
        assert (session.raise_for_status, session.trust_env, session.connector_owner) == (True, True, True)
        assert (session.auto_decompress, session.requote_redirect_url) == (False, False)
        assert session.trace_configs == [tracer]
        assert session.version == HttpVersion11
        assert session.loop is asyncio.get_running_loop()
        session.requote_redirect_url = True
        assert session.requote_redirect_url


async def test_what_aiohttp_calls_it_inside_is_what_libraries_ask_for(serve: Serve) -> None:
    peer = await serve(answer())
    async with ClientSession(timeout=7) as session:
        assert session._default_headers is session.headers
        assert session._response_class is whimbrel.ClientResponse
        session._loop = asyncio.get_running_loop()
        assert session._loop is asyncio.get_running_loop()
        await session.get(peer.url)
        session._default_headers = {"X-Bird": "whimbrel"}
        session._default_auth = BasicAuth("user", "pass")
        assert session._default_auth == session.auth
        await session.get(peer.url)
        await session.get(peer.url)
    assert all(b"X-Bird: whimbrel\r\n" in head and b"Authorization" in head for head in peer.heads[1:])


async def test_limits_may_be_set_from_inside(serve: Serve) -> None:
    peer = await serve(b"HTTP/1.1 200 ")  # and no more
    async with ClientSession() as session:
        session._timeout = ClientTimeout(sock_read=0.01)
        assert session.timeout == ClientTimeout(sock_read=0.01)
        with pytest.raises(whimbrel.SocketTimeoutError):
            await session.get(peer.url)
        session._timeout = ClientTimeout(total=0.01)
        with pytest.raises(whimbrel.RequestTimeoutError):
            await session.get(peer.url)


async def test_a_proxy_may_be_set_from_inside(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that sets it relies on it."""
    proxy = await serve(answer())
    async with ClientSession(proxy="http://127.0.0.1:1") as session:
        assert session._default_proxy == URL("http://127.0.0.1:1")
        session._default_proxy = proxy.url
        session._default_proxy_auth = BasicAuth("user", "pass")
        await session.get("http://shore.example/")
        session._default_proxy = None
        session._trust_env = True
        assert (session._default_proxy, session.trust_env) == (None, True)
        monkeypatch.setenv("http_proxy", proxy.url)
        await session.get("http://sea.example/")
    assert [head.split()[1] for head in proxy.heads] == [b"http://shore.example/", b"http://sea.example/"]
    assert all(b"Proxy-Authorization: Basic dXNlcjpwYXNz" in head for head in proxy.heads)


async def test_a_connector_and_a_jar_may_be_put_in(serve: Serve) -> None:
    peer = await serve(answer(b"", "Set-Cookie: tide=low"))
    first, second = MemoryConnector(Site()), TCPConnector()
    async with ClientSession(connector=first) as session:
        session._connector = second
        session._cookie_jar = jar = whimbrel.CookieJar(unsafe=True)
        assert (session.connector, session.cookie_jar) == (second, jar)
        for _ in range(2):
            await session.get(peer.url)
    assert (b"Cookie: tide=low" in peer.heads[1], len(jar)) == (True, 1)
    assert (first.closed, second.closed) == (False, True)
    await first.close()


def test_the_loop_of_the_first_use_is_remembered() -> None:
    """Some libraries make another session where it no longer runs."""

    async def ask() -> asyncio.AbstractEventLoop:
        with pytest.raises(whimbrel.ClientConnectorError):
            await session.get("http://127.0.0.1:1/")
        return session._loop

    session = ClientSession()
    assert asyncio.run(ask()) is session._loop
    assert session._loop.is_closed()
    session.detach()


async def test_the_defaults_are_the_documented_ones() -> None:
    async with ClientSession() as session:
        assert session.json_serialize is json.dumps
        assert session.skip_auto_headers == frozenset()
        assert (session.raise_for_status, session.trust_env, session.connector_owner) == (False, False, True)
        assert (session.auto_decompress, session.requote_redirect_url, session.auth) == (True, True, None)


async def test_a_closed_session_has_no_connector() -> None:
    session = ClientSession()
    connector = session.connector
    assert connector is not None
    await session.close()
    await session.close()
    assert (session.closed, session.connector, connector.closed) == (True, None, True)


async def test_a_detached_session_leaves_its_connector_open(serve: Serve) -> None:
    peer = await serve(answer(b"x"))
    async with TCPConnector() as connector:
        session = ClientSession(connector=connector)
        session.detach()
        assert (session.closed, session.connector, connector.closed) == (True, None, False)
        with pytest.raises(RuntimeError, match="Session is closed"):
            await session.get(peer.url)
        async with (
            ClientSession(connector=connector, connector_owner=False) as other,
            other.get(peer.url) as got,
        ):
            assert await got.text() == "x"


async def test_a_session_is_entered_asynchronously() -> None:
    async with ClientSession() as session:
        with pytest.raises(TypeError, match="async with"), session:
            pass


async def test_an_unknown_keyword_is_named(serve: Serve) -> None:
    peer = await serve(answer())
    async with ClientSession() as session:
        with pytest.raises(TypeError, match="'allow_redirect'"):
            await session.get(peer.url, allow_redirect=False)  # type: ignore[call-arg]  # the mistake under test
    assert peer.connections == 0


@pytest.mark.parametrize("serialize", [lambda given: f"[{given}]".encode(), lambda given: bytearray(b"[7]")])
async def test_json_may_be_serialised_to_bytes(serve: Serve, serialize: object) -> None:
    peer = await serve(answer())
    async with ClientSession(json_serialize_bytes=serialize, json_serialize=str) as session:  # type: ignore[arg-type]  # of either form
        await session.post(peer.url, json=7)
    assert b"Content-Length: 3" in peer.heads[0]


async def test_the_session_s_credentials_are_for_the_origin_of_its_base_url(serve: Serve) -> None:
    here, elsewhere = await serve(answer()), await serve(answer())
    async with ClientSession(here.url + "/", auth=BasicAuth("user", "pass")) as session:
        await session.get("path")
        await session.get(elsewhere.url)
    assert b"Authorization: Basic dXNlcjpwYXNz\r\n" in here.heads[0]
    assert b"Authorization" not in elsewhere.heads[0]


async def test_credentials_are_given_once(serve: Serve) -> None:
    peer = await serve(answer())
    auth = BasicAuth("user", "pass")
    async with ClientSession(auth=auth) as session:
        with pytest.raises(ValueError, match="AUTH argument"):
            await session.get(peer.url.replace("//", "//me:secret@"), auth=auth)
        with pytest.raises(ValueError, match="AUTHORIZATION"):
            await session.get(peer.url, auth=auth, headers={"authorization": "Bearer x"})
        with pytest.raises(TypeError, match="BasicAuth"):
            await session.get(peer.url, auth=("user", "pass"))  # type: ignore[arg-type]  # the mistake under test
        await session.get(peer.url, headers={"authorization": "Bearer x"})
    assert b"authorization: Bearer x" in peer.heads[0]
    assert len(peer.heads) == 1


async def test_an_http_1_0_session_speaks_it(serve: Serve) -> None:
    peer = await serve(
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx",
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.0 200 OK\r\n\r\nto the end",
    )
    async with ClientSession(version=HttpVersion10) as session:
        assert session.version == HttpVersion10
        for expected, connections in (("x", 1), ("x", 1), ("to the end", 2)):
            async with session.get(peer.url) as response:
                reading = asyncio.ensure_future(response.text())
                if expected != "x":
                    await peer.hang_up()
                assert (await reading, peer.connections) == (expected, connections)
    assert all(head.startswith(b"GET / HTTP/1.0\r\n") for head in peer.heads)
    assert all(b"Connection: keep-alive\r\n" in head for head in peer.heads)


async def test_http_1_0_has_no_chunks(serve: Serve) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"

    peer = await serve(answer())
    async with ClientSession(version=HttpVersion10) as session:
        for options in (
            {"data": pieces()},
            {"data": b"x", "chunked": True},
            {"data": b"x", "compress": True},
        ):
            with pytest.raises(ValueError, match=r"HTTP/1\.0"):
                await session.post(peer.url, **options)
    assert peer.connections == 0


async def test_a_parser_of_ones_own_reads_the_answers(serve: Serve) -> None:
    made: list[str] = []

    def parser(*, request_method: str, limits: Limits) -> ResponseParser:
        made.append(request_method)
        return ResponseParser(request_method=request_method, limits=limits)

    peer = await serve(answer(b"x"))
    async with ClientSession(parser=parser) as session, session.put(peer.url) as response:
        assert await response.read() == b"x"
    assert made == ["PUT"]


@pytest.mark.parametrize(
    ("version", "force_close", "headers", "said"),
    [
        (HttpVersion11, False, {}, None),
        (HttpVersion11, True, {}, b"close"),
        (HttpVersion11, True, {"connection": "keep-alive"}, b"keep-alive"),
        (HttpVersion10, False, {}, b"keep-alive"),
        (HttpVersion10, True, {}, None),
    ],
)
async def test_a_server_is_told_what_it_cannot_know_of_its_connection(
    serve: Serve, version: HttpVersion, force_close: bool, headers: dict[str, str], said: bytes | None
) -> None:
    peer = await serve(answer())
    connector = TCPConnector(force_close=force_close)
    async with ClientSession(connector=connector, version=version) as session:
        for _ in range(2):
            async with session.get(peer.url, headers=headers):
                pass
    for head in peer.heads:
        found = re.findall(rb"(?i)\r\nconnection: (.*)\r\n", head)
        assert found == ([] if said is None else [said])
    assert force_close is False or peer.connections == 2


async def test_a_single_request_tells_that_it_is_one(serve: Serve) -> None:
    peer = await serve(answer(b"x"))
    async with whimbrel.request("GET", peer.url) as response:
        assert await response.text() == "x"
    assert b"\r\nConnection: close\r\n" in peer.heads[0]
