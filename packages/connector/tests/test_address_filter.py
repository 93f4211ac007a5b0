"""Which addresses are public, and what a connector does with those that its filter refuses."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from whimbrel_connector import (
    AddressRefused,
    ConnectFailed,
    Proxy,
    ProxyFailed,
    StaticResolver,
    TCPConnector,
    public_addresses_only,
)

if TYPE_CHECKING:
    from .conftest import Serve

REFUSED = {
    "0.0.0.0": "this host",
    "0.1.2.3": "this host",
    "10.0.0.1": "private",
    "10.255.255.255": "private",
    "100.64.0.1": "carrier",
    "100.100.100.200": "carrier",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "168.63.129.16": "metadata",
    "169.254.169.254": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.192": "reserved",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmarking",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "this host",
    "::1": "loopback",
    "::7f00:1": "public part",
    "::ffff:127.0.0.1": "127.0.0.1 within it: loopback",
    "::ffff:10.0.0.1": "10.0.0.1 within it: private",
    "::ffff:0:127.0.0.1": "public part",
    "64:ff9b::127.0.0.1": "127.0.0.1 within it: loopback",
    "64:ff9b::a9fe:a9fe": "169.254.169.254 within it: link-local",
    "64:ff9b:1::1": "translation",
    "100::1": "discarded",
    "2001::1": "Teredo",
    "2001:0:c000:201::80ff:fffe": "Teredo",
    "2001:10::1": "reserved",
    "2001:db8::1": "documentation",
    "2002:7f00:1::1": "6to4",
    "2002:808:808::1": "6to4",
    "3fff::1": "documentation",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "fec0::1": "public part",
    "ff02::1": "multicast",
    "4000::1": "public part",
}
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00::1",
    "3ffe::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_public_is_refused_for_a_reason(address: str) -> None:
    reason = public_addresses_only("shore.example", ip_address(address), 80)
    assert reason is not None
    assert REFUSED[address] in reason


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_allowed(address: str) -> None:
    assert public_addresses_only("shore.example", ip_address(address), 80) is None


PRIVATE_NETWORKS = [
    IPv4Network(text) for text in ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16")
]


@given(st.sampled_from(PRIVATE_NETWORKS), st.integers(0, 2**32 - 1))
def test_no_way_to_write_a_private_address_is_public(network: IPv4Network, noise: int) -> None:
    four = int(network.network_address) | (noise & int(network.hostmask))
    ways: list[IPv4Address | IPv6Address] = [
        IPv4Address(four),
        IPv6Address(four),
        IPv6Address(0xFFFF << 32 | four),
        IPv6Address(0xFFFF << 48 | four),
        IPv6Address(0x64FF9B << 96 | four),
        IPv6Address(0x64FF9B0001 << 80 | four),
        IPv6Address(0x2002 << 112 | four << 80 | 1),
        IPv6Address(0x2001 << 112 | four ^ 0xFFFFFFFF),
    ]
    assert [way for way in ways if public_addresses_only("x", way, 80) is None] == []


# In a connector.


class Watch:
    """Allows only some addresses, and notes what it is asked."""

    def __init__(self, *allowed: str) -> None:
        self.asked: list[tuple[str, str, int]] = []
        self._allowed = allowed

    def __call__(self, host: str, address: IPv4Address | IPv6Address, port: int, /) -> str | None:
        self.asked.append((host, str(address), port))
        return None if str(address) in self._allowed else "not ours"


TABLE = StaticResolver({"shore.example": ["127.0.0.2", "127.0.0.1"]})


async def test_addresses_that_are_refused_are_not_tried(serve: Serve) -> None:
    peer = await serve()
    watch = Watch("127.0.0.1")
    async with TCPConnector(resolver=TABLE, address_filter=watch, happy_eyeballs_delay=None) as connector:
        exchange = await connector.connect(f"http://shore.example:{peer.port}")
        assert exchange.get_extra_info("peername")[0] == "127.0.0.1"
        exchange.close()
    assert watch.asked == [
        ("shore.example", "127.0.0.2", peer.port),
        ("shore.example", "127.0.0.1", peer.port),
    ]


@pytest.mark.parametrize("url", ["http://shore.example", "https://shore.example"])
async def test_a_host_of_which_no_address_is_allowed_is_not_connected_to(url: str) -> None:
    def fail(_info: object) -> socket.socket:
        raise AssertionError

    async with TCPConnector(
        resolver=TABLE, address_filter=public_addresses_only, socket_factory=fail
    ) as connector:
        with pytest.raises(AddressRefused) as caught:
            await connector.connect(url)
        assert connector.statistics.open == 0
    refusal = caught.value
    assert isinstance(refusal, ConnectFailed)
    assert (refusal.host, refusal.port) == ("shore.example", 443 if "https" in url else 80)
    assert [(attempt.address, attempt.what) for attempt in refusal.attempts] == [
        ("127.0.0.2", "refused: loopback (127.0.0.0/8)"),
        ("127.0.0.1", "refused: loopback (127.0.0.0/8)"),
    ]
    assert "shore.example" in str(refusal)
    assert "127.0.0.1: refused: loopback (127.0.0.0/8)" in str(refusal)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1%251]"]
)
async def test_literal_addresses_are_filtered_too(host: str) -> None:
    async with TCPConnector(address_filter=public_addresses_only) as connector:
        with pytest.raises(AddressRefused):
            await connector.connect(f"http://{host}:1")


async def test_failures_name_the_refused_addresses_too() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with TCPConnector(resolver=TABLE, address_filter=Watch("127.0.0.1")) as connector:
            with pytest.raises(
                ConnectFailed, match=r"127\.0\.0\.2: refused: not ours; 127\.0\.0\.1: "
            ) as caught:
                await connector.connect(f"http://shore.example:{taken.getsockname()[1]}")
    assert not isinstance(caught.value, AddressRefused)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_of_a_proxy_its_own_address_is_filtered(scheme: str) -> None:
    watch = Watch()
    async with TCPConnector(resolver=TABLE, address_filter=watch) as connector:
        with pytest.raises(ProxyFailed) as caught:
            await connector.connect(f"{scheme}://sea.example", proxy=Proxy(URL("http://shore.example:3128")))
    assert [attempt.address for attempt in caught.value.attempts] == ["127.0.0.2", "127.0.0.1"]
    assert {host for host, _, _ in watch.asked} == {"shore.example"}


@pytest.mark.parametrize("host", ["shore.example", "127.0.0.1"])
async def test_what_a_socks_proxy_is_asked_for_is_filtered_where_it_is_known(host: str) -> None:
    pytest.importorskip("python_socks")
    proxy = Proxy(URL("socks5://proxy.example:1080"))
    async with TCPConnector(resolver=TABLE, address_filter=public_addresses_only) as connector:
        with pytest.raises(AddressRefused) as caught:
            await connector.connect(f"http://{host}", proxy=proxy)
    assert caught.value.host == host


async def test_a_filter_that_raises_ends_the_request_and_nothing_else(serve: Serve) -> None:
    def broken(host: str, address: object, port: int, /) -> str | None:
        raise LookupError(host)

    async with TCPConnector(resolver=TABLE, address_filter=broken) as connector:
        with pytest.raises(LookupError):
            await connector.connect("http://shore.example")
        assert connector.statistics.open == 0
        await asyncio.sleep(0)
