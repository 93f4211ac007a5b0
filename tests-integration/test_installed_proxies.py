"""Through proxies that nobody here has written: tinyproxy and squid, where they are installed."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from peers.bin import Bin, pattern
from peers.certificates import Authority
from peers.programs import held_port, program, running
from peers.proxy import skip_without_tls_in_tls
from yarl import URL

import whimbrel as aiohttp
from whimbrel import BasicAuth, ClientSession, TCPConnector
from whimbrel_connector import Proxy, TlsPolicy

USER = BasicAuth("user", "pass")
HELPER = Path("/usr/lib/squid/basic_ncsa_auth")

TINYPROXY_CONFIGURATION = """
Port {port}
Listen 127.0.0.1
Allow 127.0.0.1
BasicAuth user pass
MaxClients 50
Timeout 30
LogLevel Critical
"""
SQUID_CONFIGURATION = """
http_port 127.0.0.1:{port}
https_port 127.0.0.1:{secure_port} tls-cert={folder}/proxy.pem tls-key={folder}/proxy.key
auth_param basic program {helper} {folder}/users
auth_param basic children 2 startup=1 idle=1
auth_param basic realm squid
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
access_log none
cache_log /dev/null
pid_filename none
pinger_enable off
max_filedescriptors 1024
shutdown_lifetime 0 seconds
visible_hostname squid.example
"""


class Installed(NamedTuple):
    """A proxy that wants credentials.

    Attributes:
        name: What it calls itself in its pages.
        url: Where it is.
        secure_url: Where it is by TLS, with a certificate of the authority's, or None.
        unreachable: The status it answers with where the origin is not there.
        unknown_user: The status it answers with where the credentials are wrong.
    """

    name: str
    url: str
    secure_url: str | None
    unreachable: int
    unknown_user: int


@contextmanager
def tinyproxy(folder: Path, _authority: Authority) -> Iterator[Installed]:
    configuration = folder / "tinyproxy.conf"
    with held_port() as port:
        configuration.write_text(TINYPROXY_CONFIGURATION.format(port=port))
        with running([str(program("tinyproxy")), "-d", "-c", str(configuration)], ("127.0.0.1", port)):
            yield Installed("tinyproxy", f"http://127.0.0.1:{port}", None, 500, 401)


@contextmanager
def squid(folder: Path, authority: Authority) -> Iterator[Installed]:
    if not HELPER.exists():
        pytest.skip(f"squid has no {HELPER}")
    configuration = folder / "squid.conf"
    (folder / "users").write_text("user:$apr1$w.JYBxeN$rBlrfBEdOQ0oqxiIi935z0\n")
    authority.write("127.0.0.1", certificate=folder / "proxy.pem", key=folder / "proxy.key")
    with held_port() as port, held_port() as secure_port:
        configuration.write_text(
            SQUID_CONFIGURATION.format(port=port, secure_port=secure_port, folder=folder, helper=HELPER)
        )
        with running([str(program("squid")), "-N", "-f", str(configuration)], ("127.0.0.1", secure_port)):
            yield Installed("squid", f"http://127.0.0.1:{port}", f"https://127.0.0.1:{secure_port}", 503, 407)


Start = Callable[[Path, Authority], AbstractContextManager[Installed]]


def _unless_absent(start: Start) -> object:
    name = start.__name__
    absent = pytest.mark.skipif(program(name) is None, reason=f"{name} is not installed")
    return pytest.param(start, id=name, marks=absent)


@pytest.fixture(scope="module", params=[_unless_absent(tinyproxy), _unless_absent(squid)])
def installed(request: pytest.FixtureRequest, authority: Authority) -> Iterator[Installed]:
    start: Start = request.param
    # Not pytest's own folder: squid reads as another user than the one that started it.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with start(folder, authority) as proxy:
            yield proxy


@pytest.fixture
def proxy(installed: Installed) -> str:
    return installed.url


async def exchange_with(site: Bin, session: ClientSession) -> None:
    """Make ten downloads at once, and an upload after them."""

    async def fetch() -> bytes:
        async with session.get(f"{site.url}bytes/200000") as resp:
            return await resp.read()

    assert set(await asyncio.gather(*(fetch() for _ in range(10)))) == {pattern(200_000)}
    async with session.post(f"{site.url}post", data=bytes(100_000)) as resp:
        assert resp.status == 200


async def test_plain_text_is_forwarded(proxy: str) -> None:
    async with Bin() as site, ClientSession(proxy=proxy, proxy_auth=USER) as session:
        await exchange_with(site, session)


async def test_tls_goes_through_tunnels(proxy: str, authority: Authority) -> None:
    async with Bin(ssl=authority.server("127.0.0.1")) as site:
        connector = TCPConnector(ssl=authority.client(), limit=4)
        async with ClientSession(connector=connector, proxy=proxy, proxy_auth=USER) as session:
            await exchange_with(site, session)
        assert site.connections.accepted <= 4


@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_websockets_go_through_tunnels(proxy: str, authority: Authority, scheme: str) -> None:
    async with Bin(ssl=authority.server("127.0.0.1") if scheme == "wss" else None) as site:
        connector = TCPConnector(ssl=authority.client())
        async with ClientSession(connector=connector, proxy=proxy, proxy_auth=USER) as session:
            async with session.ws_connect(f"{scheme}://127.0.0.1:{site.port}/websocket") as ws:
                await ws.send_str("tide")
                assert "tide" in await ws.receive_str()


@pytest.mark.parametrize("given", [None, BasicAuth("user", "wrong")], ids=["none", "wrong"])
async def test_it_refuses_who_does_not_give_its_credentials(
    installed: Installed, authority: Authority, given: BasicAuth | None
) -> None:
    refusal = 407 if given is None else installed.unknown_user
    async with Bin() as plain, Bin(ssl=authority.server("127.0.0.1")) as secure:
        connector = TCPConnector(ssl=authority.client())
        async with ClientSession(connector=connector, proxy=installed.url, proxy_auth=given) as session:
            async with session.get(f"{plain.url}bytes/3") as resp:
                assert resp.status == refusal
            with pytest.raises(aiohttp.ClientHttpProxyError) as caught:
                await session.get(f"{secure.url}bytes/3")
            assert caught.value.status == refusal
            assert caught.value.headers is not None
            assert refusal != 407 or "Basic" in caught.value.headers["Proxy-Authenticate"]
            assert installed.name.encode() in (caught.value.body or b"").lower()
        assert plain.connections.accepted == secure.connections.accepted == 0


async def test_an_origin_that_is_not_there_is_told_apart_from_the_proxy(installed: Installed) -> None:
    with held_port() as nobody:
        async with ClientSession(proxy=installed.url, proxy_auth=USER) as session:
            async with session.get(f"http://127.0.0.1:{nobody}/") as resp:
                assert resp.status == installed.unreachable
            with pytest.raises(aiohttp.ClientHttpProxyError) as caught:
                await session.get(f"https://127.0.0.1:{nobody}/")
            assert caught.value.status == installed.unreachable
            assert caught.value.message in {"Unable to connect", "Service Unavailable"}


@pytest.mark.parametrize("target", ["plain", "secure"])
async def test_the_way_to_it_may_be_secured(installed: Installed, authority: Authority, target: str) -> None:
    """S206: its TLS policy is its own, and TLS goes within TLS."""
    if installed.secure_url is None:
        pytest.skip(f"{installed.name} speaks no TLS")
    if target == "secure":
        skip_without_tls_in_tls()
    trust = TlsPolicy(context=authority.client())
    proxy = Proxy(URL(installed.secure_url), USER.encode(), tls=trust)
    async with Bin(ssl=authority.server("127.0.0.1") if target == "secure" else None) as site:
        async with ClientSession(connector=TCPConnector(ssl=authority.client(), limit=2)) as session:

            async def fetch() -> bytes:
                async with session.get(f"{site.url}bytes/200000", proxy=proxy) as resp:
                    return await resp.read()

            assert set(await asyncio.gather(*(fetch() for _ in range(6)))) == {pattern(200_000)}
        async with ClientSession() as session:
            with pytest.raises(aiohttp.ClientProxyConnectionError):
                await session.get(site.url, proxy=installed.secure_url, proxy_auth=USER)
