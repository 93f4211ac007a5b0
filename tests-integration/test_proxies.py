"""Proxies: who is told what, by which way each hop goes, and what is used again."""

import asyncio
import pickle
import ssl
from collections.abc import AsyncIterator

import pytest
from peers.bin import Bin
from peers.certificates import Authority
from peers.programs import held_port
from peers.proxy import RecordingProxy, skip_without_tls_in_tls
from peers.scripted import OK, Peer, ScriptedServer, always, response
from yarl import URL

import whimbrel as aiohttp
from whimbrel import BasicAuth, ClientSession, ClientTimeout, TCPConnector
from whimbrel_connector import Proxy, TlsPolicy

USER = BasicAuth("user", "pass")
USER_VALUE = "Basic dXNlcjpwYXNz"
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy", "no_proxy", "request_method")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def site() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer(always(OK)) as server:
        yield server


@pytest.fixture
async def secure(authority: Authority) -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer(always(OK), ssl=authority.server("127.0.0.1", "shore.example")) as server:
        yield server


def trusting(authority: Authority) -> TCPConnector:
    return TCPConnector(ssl=authority.client())


# What each side sees.


async def test_http_goes_to_the_proxy_in_absolute_form(site: ScriptedServer) -> None:
    """S204, S207, S208."""
    async with RecordingProxy({80: site.port}) as proxy, ClientSession() as session:
        async with session.get("http://shore.example/a?b#c", proxy=proxy.url, proxy_auth=USER) as resp:
            assert (resp.status, await resp.text()) == (200, "ok")
            assert "Proxy-Authorization" not in resp.request_info.headers
        assert proxy.lines == ["GET http://shore.example/a?b"]
        assert proxy.requests[0].get("host") == "shore.example"
        assert proxy.requests[0].get("proxy-authorization") == USER_VALUE
    assert site.requests[0].target == "/a?b"


async def test_https_goes_through_a_tunnel_and_neither_side_sees_too_much(
    secure: ScriptedServer, authority: Authority
) -> None:
    """S205, S209."""
    headers = {"Proxy-Authorization": "Basic bWlzcGxhY2Vk", "Authorization": "Bearer secret"}
    async with (
        RecordingProxy({443: secure.port}) as proxy,
        ClientSession(connector=trusting(authority)) as session,
    ):
        for path in ("one", "two"):
            async with session.get(
                f"https://shore.example/{path}",
                proxy=URL(proxy.url),
                proxy_auth=USER,
                proxy_headers={"X-Tunnel": "deep"},
                headers=headers,
                cookies={"tide": "low"},
            ) as resp:
                assert await resp.text() == "ok"
        assert proxy.connections.accepted == 1
        (connect,) = proxy.requests
        assert (connect.method, connect.target) == ("CONNECT", "shore.example:443")
        assert connect.fields == (
            ("host", "shore.example:443"),
            ("proxy-authorization", USER_VALUE),
            ("x-tunnel", "deep"),
        )
        assert proxy.heard
        for secret in (b"secret", b"tide", b"GET"):
            assert secret not in proxy.heard
    assert [request.target for request in secure.requests] == ["/one", "/two"]
    for request in secure.requests:
        assert request.get("cookie") == "tide=low"
        assert request.get("authorization") == "Bearer secret"
        assert not [name for name, _ in request.fields if name.startswith(("proxy-", "x-tunnel"))]


async def test_proxy_headers_go_with_forwarded_requests_too(site: ScriptedServer) -> None:
    async with RecordingProxy() as proxy, ClientSession(proxy=proxy.url) as session:
        async with session.get(site.url, proxy_headers=[("X-Tunnel", "1"), ("X-Tunnel", "2")]) as resp:
            assert resp.status == 200
        assert [value for name, value in proxy.requests[0].fields if name == "x-tunnel"] == ["1", "2"]


async def test_a_direct_request_tells_no_origin_what_is_meant_for_proxies(site: ScriptedServer) -> None:
    """R-03: NO_PROXY or no variable at all."""
    async with ClientSession(trust_env=True) as session:
        await session.get(site.url, headers=[("Proxy-Authorization", "a"), ("proxy-authorization", "b")])
    assert site.requests[0].get("proxy-authorization") is None


@pytest.mark.filterwarnings("ignore::whimbrel_connector.UnverifiedTlsWarning")
@pytest.mark.parametrize("forwarded", [True, False], ids=["forwarded", "tunnelled"])
async def test_the_way_to_the_proxy_may_be_secured(
    site: ScriptedServer, secure: ScriptedServer, authority: Authority, forwarded: bool
) -> None:
    """S206: the proxy's TLS policy is its own."""
    if not forwarded:
        skip_without_tls_in_tls()
    url = site.url if forwarded else secure.url
    trust = TlsPolicy(context=authority.client())
    async with RecordingProxy(ssl=authority.server("127.0.0.1")) as server, ClientSession() as session:
        proxy = Proxy(URL(server.url), tls=trust)
        for _ in range(2):
            async with session.get(url, proxy=proxy, ssl=authority.client() if forwarded else False) as resp:
                assert await resp.text() == "ok"
        assert server.connections.accepted == 1
        with pytest.raises(aiohttp.ClientProxyConnectionError) as caught:
            await session.get(url, proxy=server.url, ssl=False)
        assert isinstance(caught.value.os_error, ssl.SSLError)
        assert (caught.value.host, caught.value.port, caught.value.ssl) == ("127.0.0.1", server.port, True)
    if not forwarded:
        async with RecordingProxy(ssl=authority.server("127.0.0.1")) as server, ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorCertificateError) as rejected:
                await session.get(url, proxy=Proxy(URL(server.url), tls=trust))
            assert rejected.value.port == secure.port


async def test_a_large_body_passes_tls_within_tls(authority: Authority) -> None:
    skip_without_tls_in_tls()
    async with Bin(ssl=authority.server("127.0.0.1")) as site:
        async with RecordingProxy(ssl=authority.server("127.0.0.1")) as server:
            async with ClientSession(connector=trusting(authority)) as session:
                proxy = Proxy(URL(server.url), tls=TlsPolicy(context=authority.client()))
                async with session.get(f"{site.url}bytes/3000000", proxy=proxy) as resp:
                    assert len(await resp.read()) == 3_000_000
                async with session.post(f"{site.url}post", data=b"x" * 500_000, proxy=proxy) as resp:
                    assert resp.status == 200


# Credentials.


async def test_credentials_in_the_proxys_url_are_decoded_and_sent(site: ScriptedServer) -> None:
    """S210."""
    async with RecordingProxy(authorization="Basic dTpwQHc=") as proxy, ClientSession() as session:
        url = f"http://u:p%40w@127.0.0.1:{proxy.port}"
        async with session.get(site.url, proxy=url) as resp:
            assert resp.status == 200
        with pytest.raises(ValueError, match="twice"):
            await session.get(site.url, proxy=url, proxy_auth=USER)
        with pytest.raises(ValueError, match="twice"):
            ClientSession(proxy=url, proxy_auth=USER)


async def test_the_sessions_credentials_are_for_the_sessions_proxy(site: ScriptedServer) -> None:
    async with RecordingProxy() as usual, RecordingProxy() as other:
        async with ClientSession(proxy=usual.url, proxy_auth=USER, proxy_headers={"X-P": "1"}) as session:
            await session.get(site.url)
            await session.get(site.url, proxy=other.url)
        assert usual.requests[0].get("proxy-authorization") == USER_VALUE
        assert (other.requests[0].get("proxy-authorization"), other.requests[0].get("x-p")) == (None, None)


async def test_a_proxy_that_wants_credentials_is_heard(secure: ScriptedServer, site: ScriptedServer) -> None:
    async with RecordingProxy(authorization=USER_VALUE) as proxy, ClientSession(proxy=proxy.url) as session:
        async with session.get(site.url) as resp:
            assert resp.status == 407
        with pytest.raises(aiohttp.ClientHttpProxyError) as caught:
            await session.get(secure.url)
        assert session.connector.statistics.open == 1  # type: ignore[union-attr]  # the default connector has them
    fault = caught.value
    assert (fault.status, fault.message) == (407, "Authentication Required")
    assert fault.headers is not None
    assert fault.headers["proxy-authenticate"] == 'Basic realm="p"'
    assert (fault.request_info.method, str(fault.request_info.url)) == ("CONNECT", secure.url)
    assert fault.history == ()
    assert fault.body == b"who are you?"
    assert str(fault).endswith(", body=b'who are you?'")
    copy = pickle.loads(pickle.dumps(fault))
    assert (copy.status, copy.body, str(copy)) == (407, fault.body, str(fault))
    assert not secure.requests


# The environment.


async def test_the_environment_is_heeded_only_when_trusted(
    site: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S211, S212, S214."""
    async with RecordingProxy() as proxy:
        monkeypatch.setenv("http_proxy", f"http://user:pass@127.0.0.1:{proxy.port}")
        async with ClientSession() as session:
            await session.get(site.url)
            assert not proxy.requests
            await session.get(site.url, trust_env=True)
            assert len(proxy.requests) == 1
        async with ClientSession(trust_env=True) as session:
            await session.get(site.url)
            await session.get(site.url, trust_env=None)
            assert len(proxy.requests) == 3
            await session.get(site.url, trust_env=False)
            assert len(proxy.requests) == 3
        assert {request.get("proxy-authorization") for request in proxy.requests} == {USER_VALUE}


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "Http_Proxy"])
async def test_letter_case_of_variables_is_free_but_not_under_cgi(
    site: ScriptedServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """S213."""
    async with RecordingProxy() as proxy, ClientSession(trust_env=True) as session:
        monkeypatch.setenv(name, proxy.url)
        await session.get(site.url)
        assert len(proxy.requests) == 1
        monkeypatch.setenv("REQUEST_METHOD", "GET")
        await session.get(site.url)
        assert len(proxy.requests) == (2 if name == "http_proxy" else 1)


async def test_no_proxy_is_honoured(site: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """S215."""
    async with RecordingProxy() as proxy, ClientSession(trust_env=True) as session:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.0/8")
        await session.get(site.url)
        assert not proxy.requests


async def test_a_useless_variable_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ClientSession(trust_env=True) as session:
        monkeypatch.setenv("http_proxy", "http://user:hush@host:0")
        with pytest.raises(aiohttp.InvalidURL, match="http_proxy names no usable proxy") as caught:
            await session.get("http://shore.example/")
        assert "hush" not in str(caught.value)


# Redirects.


async def test_each_hop_asks_the_environment_anew(
    secure: ScriptedServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a proxied host to a direct one, and back through a tunnel."""
    answers: dict[str, str] = {}

    async def script(peer: Peer) -> None:
        request = await peer.request()
        await peer.send(response(b"", f"Location: {answers[request.target]}", status="302 Found"))

    async with ScriptedServer(script) as plain:
        ports = {80: plain.port, 443: secure.port}
        async with RecordingProxy(ports, authorization=USER_VALUE) as proxy:
            answers["/start"] = f"{plain.url}direct"
            answers["/direct"] = "https://shore.example/end"
            monkeypatch.setenv("http_proxy", f"http://user:pass@127.0.0.1:{proxy.port}")
            monkeypatch.setenv("https_proxy", f"http://user:pass@127.0.0.1:{proxy.port}")
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            async with ClientSession(connector=trusting(authority), trust_env=True) as session:
                async with session.get(
                    "http://shore.example/start", headers={"Proxy-Authorization": USER_VALUE}
                ) as resp:
                    assert str(resp.url) == "https://shore.example/end"
                    assert len(resp.history) == 2
            assert proxy.lines == ["GET http://shore.example/start", "CONNECT shore.example:443"]
    assert [request.target for request in plain.requests] == ["/start", "/direct"]
    for request in (*plain.requests, *secure.requests):
        assert request.get("proxy-authorization") is None


async def test_an_upgrade_to_https_leaves_the_proxys_credentials_behind(
    secure: ScriptedServer, authority: Authority
) -> None:
    redirect = response(b"", "Location: https://shore.example/", status="301 Moved")
    async with ScriptedServer(always(redirect)) as plain:
        async with RecordingProxy({80: plain.port, 443: secure.port}) as proxy:
            async with ClientSession(connector=trusting(authority), proxy=proxy.url) as session:
                async with session.get(
                    "http://shore.example/", headers={"Proxy-Authorization": "mine", "Authorization": "kept"}
                ) as resp:
                    assert resp.status == 200
            assert proxy.requests[0].get("proxy-authorization") == "mine"
            assert proxy.requests[1].get("authorization") is None
    assert secure.requests[0].get("proxy-authorization") is None
    assert secure.requests[0].get("authorization") == "kept"


# WebSockets.


@pytest.mark.parametrize("scheme", ["http", "ws", "https", "wss"])
async def test_websockets_go_through_a_tunnel(authority: Authority, scheme: str) -> None:
    """S216."""
    is_tls = scheme in ("https", "wss")
    async with Bin(ssl=authority.server("127.0.0.1") if is_tls else None) as site:
        async with RecordingProxy(authorization=USER_VALUE) as proxy:
            async with ClientSession(connector=trusting(authority)) as session:
                url = URL(site.url).with_scheme(scheme) / "websocket"
                async with session.ws_connect(
                    url, proxy=proxy.url, proxy_auth=USER, proxy_headers={"X-P": "1"}
                ) as ws:
                    await ws.send_str("tide")
                    assert "tide" in await ws.receive_str()
            assert proxy.lines == [f"CONNECT 127.0.0.1:{site.port}"]
            assert proxy.requests[0].get("x-p") == "1"


# The pool.


async def test_forwarded_requests_share_connections_only_where_the_proxy_is_equal(
    site: ScriptedServer,
) -> None:
    async with RecordingProxy({80: site.port}) as proxy, ClientSession(proxy=proxy.url) as session:
        for host in ("shore", "sea", "shore"):
            await (await session.get(f"http://{host}.example/")).read()
        assert proxy.connections.accepted == 1
        await (await session.get("http://sea.example/", proxy_auth=USER)).read()
        assert proxy.connections.accepted == 2
        await (await session.get("http://sea.example/", proxy_headers={"A": "1"})).read()
        assert proxy.connections.accepted == 3
        for _ in range(2):
            await (await session.get("http://sea.example/", proxy_auth=USER)).read()
        assert proxy.connections.accepted == 3


@pytest.mark.filterwarnings("ignore::whimbrel_connector.UnverifiedTlsWarning")
async def test_tunnels_are_used_again_for_their_origin_alone(secure: ScriptedServer) -> None:
    async with RecordingProxy({443: secure.port, 444: secure.port}) as proxy:
        async with ClientSession(connector=TCPConnector(ssl=False), proxy=proxy.url) as session:
            for url in (
                "https://a.example/",
                "https://b.example/",
                "https://a.example:444/",
                "https://a.example/",
            ):
                await (await session.get(url)).read()
            await (await session.get("https://a.example/", proxy_auth=USER)).read()
        assert proxy.lines == [
            "CONNECT a.example:443",
            "CONNECT b.example:443",
            "CONNECT a.example:444",
            "CONNECT a.example:443",
        ]


@pytest.mark.filterwarnings("ignore::whimbrel_connector.UnverifiedTlsWarning")
async def test_direct_connections_are_no_ones_tunnels(secure: ScriptedServer) -> None:
    async with RecordingProxy() as proxy, ClientSession(connector=TCPConnector(ssl=False)) as session:
        await (await session.get(secure.url)).read()
        await (await session.get(secure.url, proxy=proxy.url)).read()
        await (await session.get(secure.url)).read()
        assert (len(proxy.requests), secure.connections.accepted) == (1, 2)


# Failures.


async def test_a_proxy_that_is_not_there_is_the_documented_error() -> None:
    with held_port() as port:
        async with ClientSession(proxy=f"http://127.0.0.1:{port}") as session:
            for url in ("http://shore.example/", "https://shore.example/"):
                with pytest.raises(aiohttp.ClientProxyConnectionError) as caught:
                    await session.get(url)
                fault = caught.value
                assert (fault.host, fault.port, fault.ssl) == ("127.0.0.1", port, True)
                assert isinstance(fault.os_error, ConnectionRefusedError)


@pytest.mark.parametrize("limit", ["total", "sock_connect", "connect"])
async def test_a_proxy_that_says_nothing_meets_the_limit(limit: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.until_gone()

    async with ScriptedServer(script) as mute:
        timeout = ClientTimeout(**{limit: 0.05})
        async with ClientSession(proxy=mute.url, timeout=timeout) as session:
            with pytest.raises(asyncio.TimeoutError):
                await session.get("https://shore.example/")
            await mute.connections.until(lambda: not mute.connections.open)


async def test_a_cancelled_request_takes_the_tunnel_along() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        await peer.until_gone()

    async with ScriptedServer(script) as mute, ClientSession(proxy=mute.url) as session:
        task = asyncio.ensure_future(session.get("https://shore.example/"))
        await mute.connections.until(lambda: bool(mute.requests))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await mute.connections.until(lambda: not mute.connections.open)
        assert session.connector.statistics.open == 0  # type: ignore[union-attr]  # the default connector has them
