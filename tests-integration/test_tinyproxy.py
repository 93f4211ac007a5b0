"""Through a proxy that nobody here has written: tinyproxy, where it is installed."""

import asyncio
from collections.abc import Iterator

import pytest
from peers.bin import Bin, pattern
from peers.certificates import Authority
from peers.programs import free_port, program, running

import whimbrel as aiohttp
from whimbrel import BasicAuth, ClientSession, TCPConnector

TINYPROXY = program("tinyproxy")
pytestmark = pytest.mark.skipif(TINYPROXY is None, reason="tinyproxy is not installed")

USER = BasicAuth("user", "pass")
CONFIGURATION = """
Port {port}
Listen 127.0.0.1
Allow 127.0.0.1
BasicAuth user pass
MaxClients 50
Timeout 30
LogLevel Critical
"""


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a tinyproxy that wants credentials."""
    port = free_port()
    configuration = tmp_path_factory.mktemp("tinyproxy") / "tinyproxy.conf"
    configuration.write_text(CONFIGURATION.format(port=port))
    with running([str(TINYPROXY), "-d", "-c", str(configuration)], ("127.0.0.1", port)):
        yield f"http://127.0.0.1:{port}"


async def test_plain_text_is_forwarded(proxy: str) -> None:
    async with Bin() as site, ClientSession(proxy=proxy, proxy_auth=USER) as session:

        async def fetch() -> bytes:
            async with session.get(f"{site.url}bytes/200000") as resp:
                return await resp.read()

        assert set(await asyncio.gather(*(fetch() for _ in range(10)))) == {pattern(200_000)}
        async with session.post(f"{site.url}post", data=bytes(100_000)) as resp:
            assert resp.status == 200


async def test_tls_goes_through_tunnels(proxy: str, authority: Authority) -> None:
    async with Bin(ssl=authority.server("127.0.0.1")) as site:
        connector = TCPConnector(ssl=authority.client(), limit=4)
        async with ClientSession(connector=connector, proxy=proxy, proxy_auth=USER) as session:

            async def fetch() -> bytes:
                async with session.get(f"{site.url}bytes/200000") as resp:
                    return await resp.read()

            assert set(await asyncio.gather(*(fetch() for _ in range(10)))) == {pattern(200_000)}
            async with session.post(f"{site.url}post", data=bytes(100_000)) as resp:
                assert resp.status == 200
        assert site.connections.accepted <= 4


@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_websockets_go_through_tunnels(proxy: str, authority: Authority, scheme: str) -> None:
    async with Bin(ssl=authority.server("127.0.0.1") if scheme == "wss" else None) as site:
        connector = TCPConnector(ssl=authority.client())
        async with ClientSession(connector=connector, proxy=proxy, proxy_auth=USER) as session:
            async with session.ws_connect(f"{scheme}://127.0.0.1:{site.port}/websocket") as ws:
                await ws.send_str("tide")
                assert "tide" in await ws.receive_str()


async def test_it_refuses_who_does_not_give_credentials(proxy: str, authority: Authority) -> None:
    async with Bin() as plain, Bin(ssl=authority.server("127.0.0.1")) as secure:
        async with ClientSession(connector=TCPConnector(ssl=authority.client()), proxy=proxy) as session:
            async with session.get(f"{plain.url}bytes/3") as resp:
                assert resp.status == 407
            with pytest.raises(aiohttp.ClientHttpProxyError) as caught:
                await session.get(f"{secure.url}bytes/3")
            assert caught.value.status == 407
            assert caught.value.headers is not None
            assert "Basic" in caught.value.headers["Proxy-Authenticate"]
            assert b"tinyproxy" in (caught.value.body or b"").lower()
        assert plain.connections.accepted == secure.connections.accepted == 0


async def test_an_origin_that_is_not_there_is_told_apart_from_the_proxy(proxy: str) -> None:
    nobody = free_port()
    async with ClientSession(proxy=proxy, proxy_auth=USER) as session:
        async with session.get(f"http://127.0.0.1:{nobody}/") as resp:
            assert resp.status == 500
        with pytest.raises(aiohttp.ClientHttpProxyError) as caught:
            await session.get(f"https://127.0.0.1:{nobody}/")
        assert caught.value.status == 500
        assert "Unable to connect" in caught.value.message
