"""The guide on sharing a session: cookies, default headers, jars, connectors, UNIX sockets."""

import asyncio
from pathlib import Path

import pytest
from peers.bin import Bin
from peers.detour import Detour
from peers.scripted import OK, Peer, ScriptedServer, always, response

import whimbrel as aiohttp


async def test_cookies_are_shared_between_requests(httpbin: Bin) -> None:
    """S132 to S135."""
    connector = aiohttp.TCPConnector(resolver=Detour({80: httpbin.port}))
    async with aiohttp.ClientSession(connector=connector) as session:
        await session.get("http://httpbin.org/cookies/set?my_cookie=my_value")
        filtered = session.cookie_jar.filter_cookies("http://httpbin.org")  # type: ignore[arg-type]  # S134: a str
        assert filtered["my_cookie"].value == "my_value"
        async with session.get("http://httpbin.org/cookies") as r:
            json_body = await r.json()
            assert json_body["cookies"]["my_cookie"] == "my_value"


async def test_default_headers_go_with_every_request(httpbin: Bin) -> None:
    """S136."""
    async with aiohttp.ClientSession(headers={"Authorization": "Basic bG9naW46cGFzcw=="}) as session:
        for _ in range(2):
            async with session.get(f"{httpbin.url}headers") as r:
                json_body = await r.json()
                assert json_body["headers"]["Authorization"] == "Basic bG9naW46cGFzcw=="


async def test_a_header_of_the_request_takes_the_place_of_the_default() -> None:
    """S136."""
    async with ScriptedServer(always(OK)) as server:
        async with aiohttp.ClientSession(headers={"Authorization": "Basic bG9naW46cGFzcw=="}) as session:
            async with session.get(server.url, headers={"authorization": "mine"}) as r:
                assert r.status == 200
        assert server.requests[0].get("authorization") == "mine"


async def test_keep_alive_is_on_and_shared(httpbin: Bin) -> None:
    """S017, S138."""
    async with aiohttp.ClientSession() as session:
        for path in ("get", "events", "bytes/70000", "coded/gzip", "status/404"):
            async with session.get(httpbin.url + path) as r:
                await r.read()
        async with session.post(f"{httpbin.url}post", data={"a": "b"}) as r:
            await r.read()
        assert httpbin.connections.accepted == 1


async def test_the_strict_jar_takes_nothing_from_addresses_and_the_unsafe_one_does(httpbin: Bin) -> None:
    """S139, S141, S142."""
    url = f"{httpbin.url}cookies/set?tide=low"
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as r:
            assert await r.json() == {"cookies": {}}

    jar = aiohttp.CookieJar(unsafe=True)
    session = aiohttp.ClientSession(cookie_jar=jar)
    async with session:
        assert session.cookie_jar is jar
        async with session.get(url) as r:
            assert await r.json() == {"cookies": {"tide": "low"}}


async def test_the_dummy_jar_keeps_nothing_and_responses_show_their_cookies() -> None:
    """S143, S144."""
    jar = aiohttp.DummyCookieJar()
    session = aiohttp.ClientSession(cookie_jar=jar)
    async with ScriptedServer(always(response(b"", "Set-Cookie: tide=low"))) as server, session:
        for _ in range(2):
            async with session.get(server.url, cookies={"once": "1"}) as r:
                assert r.cookies["tide"].value == "low"
        assert [request.get("cookie") for request in server.requests] == ["once=1", "once=1"]
        assert len(jar) == 0
        assert list(jar) == []


async def test_a_connector_of_ones_own_is_used_and_owned(httpbin: Bin) -> None:
    """S148 to S150, S156, S159."""
    conn = aiohttp.TCPConnector()
    assert (conn.limit, conn.limit_per_host) == (100, 0)
    session = aiohttp.ClientSession(connector=conn)
    assert session.connector is conn
    async with session, session.get(httpbin.url) as r:
        assert r.status == 200
    assert conn.closed
    async with aiohttp.ClientSession(connector=conn) as late:
        with pytest.raises(RuntimeError, match="Session is closed"):
            await late.get(httpbin.url)


async def test_a_borrowed_connector_outlives_the_session(httpbin: Bin) -> None:
    """S151."""
    async with aiohttp.TCPConnector() as conn:
        for _ in range(2):
            async with aiohttp.ClientSession(connector=conn, connector_owner=False) as session:
                async with session.get(httpbin.url) as r:
                    await r.read()
        assert not conn.closed
        assert httpbin.connections.accepted == 1


@pytest.mark.parametrize("limit", [0, None])
async def test_without_a_limit_all_go_at_once(limit: int | None) -> None:
    """S157."""
    gate = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await gate.wait()
        await peer.send(OK)

    connector = aiohttp.TCPConnector(limit=limit)
    async with ScriptedServer(script) as server, aiohttp.ClientSession(connector=connector) as session:
        fetches = [asyncio.ensure_future(session.get(server.url)) for _ in range(150)]
        await server.connections.until(lambda: len(server.requests) == 150)
        gate.set()
        assert server.connections.open == 150
        for response in await asyncio.gather(*fetches):
            response.release()


async def test_the_limit_per_host_holds_for_each_port() -> None:
    """S158."""
    gate = asyncio.Event()

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await gate.wait()
            await peer.send(OK)

    conn = aiohttp.TCPConnector(limit_per_host=3)
    async with ScriptedServer(script) as one, ScriptedServer(script) as two:
        async with aiohttp.ClientSession(connector=conn) as session:

            async def fetch(url: str) -> None:
                async with session.get(url) as r:
                    await r.read()

            fetches = [asyncio.ensure_future(fetch(server.url)) for server in (one, two) for _ in range(10)]
            for server in (one, two):
                await server.connections.until(lambda server=server: len(server.requests) == 3)  # type: ignore[misc]  # bound early
            assert conn.statistics.waiting == 14
            gate.set()
            await asyncio.gather(*fetches)
            assert one.connections.most == two.connections.most == 3


async def test_a_unix_socket_is_asked_like_any_server(tmp_path: Path) -> None:
    """S202, S203."""
    path = str(tmp_path / "s")
    async with Bin(path=path) as site:
        conn = aiohttp.UnixConnector(path=path)
        session = aiohttp.ClientSession(connector=conn)
        assert conn.path == path
        async with session:
            for _ in range(2):
                async with session.get("http://shore.example/headers") as r:
                    assert (await r.json())["headers"]["Host"] == "shore.example"
        assert site.connections.accepted == 1


async def test_a_missing_unix_socket_is_a_connector_error(tmp_path: Path) -> None:
    """S203."""
    conn = aiohttp.UnixConnector(path=str(tmp_path / "nobody"))
    async with aiohttp.ClientSession(connector=conn) as session:
        with pytest.raises(aiohttp.UnixClientConnectorError) as caught:
            await session.get("http://shore.example/")
        assert isinstance(caught.value, aiohttp.ClientConnectorError)
        assert isinstance(caught.value, FileNotFoundError) or caught.value.errno == 2
        assert "nobody" in str(caught.value)
