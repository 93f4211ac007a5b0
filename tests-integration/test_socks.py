"""SOCKS proxies of the whole client: who is told what, by argument and by environment; and a real server."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from peers.bin import Bin, pattern
from peers.certificates import Authority
from peers.programs import held_port, program, running
from peers.scripted import OK, ScriptedServer, always, response
from peers.socks import SocksAsked, SocksServer
from yarl import URL

import whimbrel as aiohttp
from whimbrel import BasicAuth, ClientSession, ClientTimeout, TCPConnector
from whimbrel_connector import SocksRefused, StaticResolver

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy", "no_proxy", "request_method")
SCHEMES = ("socks4", "socks4a", "socks5", "socks5h")
BY_NAME = ("socks4a", "socks5h")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def site() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer(always(OK)) as server:
        yield server


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("origin", ["http", "https", "ws", "wss"])
async def test_everything_goes_through_and_the_scheme_says_who_looks_the_name_up(
    authority: Authority, scheme: str, origin: str
) -> None:
    """R-27: where the proxy looks names up, nothing is looked up here."""
    is_tls = origin in ("https", "wss")
    version = int(scheme[5])
    by_name = scheme in BY_NAME
    expected = SocksAsked(
        version, "shore.example" if by_name else "10.0.0.7", 443 if is_tls else 80, by_name=by_name
    )
    resolver = StaticResolver({} if by_name else {"shore.example": ["10.0.0.7"]})
    connector = TCPConnector(ssl=authority.client(), resolver=resolver)
    url = URL(f"{origin}://shore.example")
    async with Bin(ssl=authority.server("shore.example") if is_tls else None) as peer:
        async with SocksServer({80: peer.port, 443: peer.port}) as proxy:
            async with ClientSession(connector=connector, proxy=proxy.url(scheme)) as session:
                if origin in ("ws", "wss"):
                    async with session.ws_connect(url / "websocket") as ws:
                        await ws.send_str("tide")
                        assert "tide" in await ws.receive_str()
                else:
                    for _ in range(2):
                        async with session.get(url / "bytes/100000") as resp:
                            assert await resp.read() == pattern(100_000)
            assert proxy.asked == [expected]


async def test_credentials_are_for_the_proxy_alone(site: ScriptedServer) -> None:
    """R-03: of the URL, as an argument, and never beyond the proxy."""
    user = BasicAuth("user", "p@ss")
    async with (
        SocksServer({80: site.port}, credentials=("user", "p@ss")) as proxy,
        ClientSession() as session,
    ):
        for given, auth in ((proxy.url(userinfo="user:p%40ss"), None), (proxy.url(), user)):
            async with session.get("http://shore.example/a", proxy=given, proxy_auth=auth) as resp:
                assert resp.status == 200
                await resp.read()
        assert proxy.asked == [SocksAsked(5, "shore.example", 80, by_name=True, user="user", password="p@ss")]
        for secret in (b"user", b"p@ss", b"Proxy"):
            assert secret not in proxy.heard
        with pytest.raises(ValueError, match="twice"):
            await session.get(site.url, proxy=proxy.url(userinfo="a:b"), proxy_auth=user)
    assert [request.target for request in site.requests] == ["/a", "/a"]


async def test_connections_are_not_shared_between_users_of_a_proxy(site: ScriptedServer) -> None:
    """R-13."""
    async with SocksServer({80: site.port}) as proxy, ClientSession() as session:
        for given in (
            proxy.url(),
            proxy.url(userinfo="a:b"),
            proxy.url(userinfo="a:c"),
            proxy.url("socks4a"),
            proxy.url(),
        ):
            await (await session.get("http://shore.example/", proxy=given)).read()
        await (await session.get("http://sea.example/", proxy=proxy.url())).read()
        assert proxy.connections.accepted == 5


@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "http_proxy"])
async def test_the_environment_names_it(
    site: ScriptedServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async with SocksServer({80: site.port}, credentials=("u", "p")) as proxy:
        monkeypatch.setenv(name, proxy.url(userinfo="u:p"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with ClientSession(trust_env=True, proxy_headers={"X-P": "1"}) as session:
            async with session.get("http://shore.example/") as resp:
                assert resp.status == 200
            async with session.get(site.url) as resp:
                assert resp.status == 200
            assert len(proxy.asked) == 1
    assert not [name for request in site.requests for name, _ in request.fields if name == "x-p"]


async def test_a_redirect_to_another_host_is_asked_for_anew(site: ScriptedServer) -> None:
    moved = response(b"", "Location: http://sea.example:81/", status="302 Found")
    async with ScriptedServer(always(moved)) as start:
        async with SocksServer({80: start.port, 81: site.port}) as proxy:
            async with ClientSession(proxy=proxy.url()) as session:
                async with session.get("http://shore.example/") as resp:
                    assert str(resp.url) == "http://sea.example:81/"
            assert [(asked.host, asked.port) for asked in proxy.asked] == [
                ("shore.example", 80),
                ("sea.example", 81),
            ]


# Failures.


async def test_a_refusal_names_proxy_and_reason() -> None:
    async with SocksServer(refusal=4) as proxy, ClientSession() as session:
        with pytest.raises(aiohttp.ClientProxyConnectionError) as caught:
            await session.get("http://shore.example/", proxy=proxy.url(userinfo="user:hush"))
        fault = caught.value
        assert (fault.host, fault.port) == ("127.0.0.1", proxy.port)
        assert isinstance(fault.os_error, SocksRefused)
        assert (fault.os_error.reply, fault.os_error.origin) == (4, "shore.example:80")
        assert f"127.0.0.1:{proxy.port}" in str(fault)
        assert "does not connect to shore.example:80: Host unreachable" in str(fault)
        assert "hush" not in str(fault)
        await proxy.connections.until(lambda: not proxy.connections.open)


async def test_wrong_credentials_are_the_proxys_error() -> None:
    async with SocksServer(credentials=("user", "right")) as proxy, ClientSession() as session:
        for userinfo in ("user:wrong", ""):
            with pytest.raises(aiohttp.ClientProxyConnectionError, match="authentication") as caught:
                await session.get("http://shore.example/", proxy=proxy.url(userinfo=userinfo))
            assert "wrong" not in str(caught.value)


@pytest.mark.parametrize("silent_after", [0, 3])
@pytest.mark.parametrize("limit", ["total", "sock_connect", "connect"])
async def test_a_proxy_that_says_nothing_meets_the_limit(silent_after: int, limit: str) -> None:
    """R-35, R-43."""
    async with SocksServer(silent_after=silent_after) as mute:
        timeout = ClientTimeout(**{limit: 0.05})
        async with ClientSession(proxy=mute.url(), timeout=timeout) as session:
            with pytest.raises(asyncio.TimeoutError):
                await session.get("https://shore.example/")
            await mute.connections.until(lambda: not mute.connections.open)
            assert session.connector.statistics.open == 0  # type: ignore[union-attr]  # the default connector has them


async def test_a_cancelled_request_takes_its_connection_along() -> None:
    async with SocksServer(silent_after=3) as mute, ClientSession(proxy=mute.url()) as session:
        task = asyncio.ensure_future(session.get("https://shore.example/"))
        await mute.connections.until(lambda: mute.connections.accepted == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await mute.connections.until(lambda: not mute.connections.open)
        assert session.connector.statistics.open == 0  # type: ignore[union-attr]  # the default connector has them


# A server that nobody here has written.

MICROSOCKS = program("microsocks")


@pytest.fixture
def microsocks() -> Iterator[str]:
    """A microsocks that wants credentials; what stands before its place in a URL."""
    if MICROSOCKS is None:
        pytest.skip("microsocks is not installed")
    with held_port() as port:
        command = [MICROSOCKS, "-i", "127.0.0.1", "-p", str(port), "-u", "user", "-P", "pass"]
        with running(command, ("127.0.0.1", port)):
            yield f"127.0.0.1:{port}"


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_microsocks_carries_plain_text_tls_and_websockets(
    microsocks: str, authority: Authority, scheme: str
) -> None:
    proxy = f"{scheme}://user:pass@{microsocks}"
    async with Bin() as plain, Bin(ssl=authority.server("localhost")) as secure:
        connector = TCPConnector(ssl=authority.client(), limit=4)
        async with ClientSession(connector=connector, proxy=proxy) as session:

            async def fetch(url: str) -> bytes:
                async with session.get(url) as resp:
                    return await resp.read()

            for url in (
                f"http://localhost:{plain.port}/bytes/300000",
                f"https://localhost:{secure.port}/bytes/300000",
            ):
                assert set(await asyncio.gather(*(fetch(url) for _ in range(8)))) == {pattern(300_000)}
            async with session.post(f"{plain.url}post", data=bytes(200_000)) as resp:
                assert resp.status == 200
            async with session.ws_connect(f"wss://localhost:{secure.port}/websocket") as ws:
                await ws.send_str("tide")
                assert "tide" in await ws.receive_str()


async def test_microsocks_says_no(microsocks: str) -> None:
    with held_port() as nobody:
        async with ClientSession() as session:
            with pytest.raises(aiohttp.ClientProxyConnectionError) as caught:
                await session.get(f"http://127.0.0.1:{nobody}/", proxy=f"socks5://user:pass@{microsocks}")
            assert isinstance(caught.value.os_error, SocksRefused)
            with pytest.raises(aiohttp.ClientProxyConnectionError, match="authentication"):
                await session.get(f"http://127.0.0.1:{nobody}/", proxy=f"socks5://user:wrong@{microsocks}")
