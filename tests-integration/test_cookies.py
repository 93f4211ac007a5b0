"""Cookies between requests, through redirects, and where they must not go."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from peers.certificates import Authority
from peers.detour import Detour
from peers.scripted import OK, Peer, ScriptedServer, response

from whimbrel import ClientSession, CookieJar, TCPConnector


@dataclass
class Shore:
    """One host name that is served in plain text and over TLS, and what each was asked."""

    plain: ScriptedServer
    secure: ScriptedServer
    connector: TCPConnector


async def _answer(peer: Peer) -> None:
    """Set what the query says, go where the path says."""
    while True:
        request = await peer.request()
        path, _, query = request.target.partition("?")
        fields = [f"Set-Cookie: {query.replace('&', '; ')}"] if query else []
        if path.startswith("/to/"):
            await peer.send(response(b"", f"Location: /{path[4:]}", *fields, status="302 Found"))
        else:
            await peer.send(response(b"", *fields))


@pytest.fixture
async def shore(authority: Authority) -> AsyncIterator[Shore]:
    certificate = authority.server("shore.example", "www.shore.example", "127.0.0.1")
    async with ScriptedServer(_answer) as plain, ScriptedServer(_answer, ssl=certificate) as secure:
        ports = {80: plain.port, 443: secure.port}
        yield Shore(plain, secure, TCPConnector(resolver=Detour(ports), ssl=authority.client()))


async def _visit(session: ClientSession, *urls: str) -> None:
    for url in urls:
        async with session.get(url) as resp:
            await resp.read()


def _sent(server: ScriptedServer) -> list[str | None]:
    return [request.get("cookie") for request in server.requests]


async def test_a_cookie_comes_back_to_its_host_and_path_only(shore: Shore) -> None:
    """S132."""
    async with ClientSession(connector=shore.connector) as session:
        await _visit(
            session,
            "http://shore.example/?tide=low",
            "http://shore.example/tides/?wind=nw&Path=/tides/",
            "http://shore.example/tides/today",
            "http://shore.example/",
            "http://www.shore.example/",
            "http://sea.example/",
        )
    assert _sent(shore.plain) == [None, "tide=low", "wind=nw; tide=low", "tide=low", None, None]


async def test_a_domain_cookie_comes_back_to_all_its_hosts(shore: Shore) -> None:
    async with ClientSession(connector=shore.connector) as session:
        await _visit(
            session,
            "http://www.shore.example/?tide=low&Domain=shore.example",
            "http://www.shore.example/?evil=1&Domain=sea.example",
            "http://shore.example/",
            "http://sea.example/",
        )
    assert _sent(shore.plain) == [None, "tide=low", "tide=low", None]


async def test_every_response_of_a_redirect_chain_sets_its_cookies(shore: Shore) -> None:
    """S226, S227."""
    async with ClientSession(connector=shore.connector) as session:
        async with session.get("http://shore.example/to/to/end?tide=low&Path=/") as resp:
            assert "tide" not in resp.cookies
            assert resp.history[0].cookies["tide"].value == "low"
        assert {morsel.key for morsel in session.cookie_jar} == {"tide"}
    assert _sent(shore.plain) == [None, "tide=low", "tide=low"]


async def test_a_secure_cookie_goes_over_tls_only(shore: Shore) -> None:
    async with ClientSession(connector=shore.connector) as session:
        await _visit(
            session,
            "https://shore.example/?tide=low&Secure",
            "http://shore.example/",
            "https://shore.example/",
            "http://shore.example/?tide=high",
            "https://shore.example/",
        )
    assert _sent(shore.secure) == [None, "tide=low", "tide=low"]
    assert _sent(shore.plain) == [None, None]


async def test_plain_text_sets_no_secure_cookie(shore: Shore) -> None:
    async with ClientSession(connector=shore.connector) as session:
        await _visit(session, "http://shore.example/?tide=low&Secure", "https://shore.example/")
    assert _sent(shore.secure) == [None]


async def test_an_expired_cookie_goes_away(shore: Shore) -> None:
    async with ClientSession(connector=shore.connector) as session:
        await _visit(
            session,
            "http://shore.example/?tide=low",
            "http://shore.example/?tide=&Max-Age=0",
            "http://shore.example/",
        )
    assert _sent(shore.plain) == [None, "tide=low", None]


@pytest.mark.parametrize("unsafe", [False, True])
async def test_hosts_that_are_addresses_have_cookies_only_in_an_unsafe_jar(unsafe: bool) -> None:
    """S139, S141."""
    async with (
        ScriptedServer(_answer) as server,
        ClientSession(cookie_jar=CookieJar(unsafe=unsafe)) as session,
    ):
        await _visit(session, f"{server.url}?tide=low", server.url)
        assert _sent(server) == [None, "tide=low" if unsafe else None]


async def test_cookies_of_the_constructor_go_everywhere_and_those_of_a_request_once(shore: Shore) -> None:
    """S079."""
    async with ClientSession(cookies={"always": "1"}, connector=shore.connector) as session:
        async with session.get("http://shore.example/", cookies={"once": "2"}) as resp:
            assert resp.status == 200
        await _visit(session, "http://sea.example/")
    assert _sent(shore.plain) == ["always=1; once=2", "always=1"]


@pytest.mark.parametrize("value", ["a=b", "a/b", 'say "tide"', "%20", '"quoted"'])
async def test_values_come_back_byte_for_byte(value: str) -> None:
    """S080."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(response(b"", f"Set-Cookie: tide={value}"))
        await peer.request()
        await peer.send(OK)

    async with ScriptedServer(script) as server, ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        await _visit(session, server.url, server.url)
        assert _sent(server) == [None, f"tide={value}"]


async def test_two_cookies_of_one_name_both_reach_the_jar() -> None:
    """S228."""

    async def script(peer: Peer) -> None:
        await peer.request()
        lines = ("Set-Cookie: tide=low; Path=/", "Set-Cookie: tide=high; Path=/deep")
        await peer.send(response(b"", *lines))
        await peer.request()
        await peer.send(OK)

    async with ScriptedServer(script) as server, ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        await _visit(session, server.url, f"{server.url}deep")
        assert _sent(server) == [None, "tide=high; tide=low"]
