"""From names to addresses: the resolvers."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from whimbrel_connector import (
    AbstractResolver,
    DefaultResolver,
    StaticResolver,
    TCPConnector,
    ThreadedResolver,
)


async def test_the_table_gives_what_fits() -> None:
    resolver = StaticResolver({"Shore.example": ["2001:db8::1", "192.0.2.1"]})
    both = await resolver.resolve("shore.EXAMPLE", 80, socket.AF_UNSPEC)
    assert [result["host"] for result in both] == ["2001:db8::1", "192.0.2.1"]
    assert [result["host"] for result in await resolver.resolve("shore.example", 80)] == ["192.0.2.1"]
    with pytest.raises(OSError, match="not in the table"):
        await resolver.resolve("sea.example")
    await resolver.close()


async def test_the_system_knows_the_loopback() -> None:
    resolver = ThreadedResolver()
    assert isinstance(resolver, AbstractResolver)
    found = await resolver.resolve("127.0.0.1", 80)
    assert [(result["host"], result["port"], result["family"]) for result in found] == [
        ("127.0.0.1", 80, socket.AF_INET)
    ]
    await resolver.close()


async def test_the_table_leaves_names_it_does_not_know_to_the_fallback_and_those_alone() -> None:
    fallback = StaticResolver({"sea.example": ["192.0.2.7"], "shore.example": ["2001:db8::9"]})
    resolver = StaticResolver({"shore.example": ["192.0.2.1"]}, fallback=fallback)
    assert [result["host"] for result in await resolver.resolve("sea.example.", 80)] == ["192.0.2.7"]
    with pytest.raises(socket.gaierror, match="has no such address in the table"):
        await resolver.resolve("shore.example", 80, socket.AF_INET6)
    with pytest.raises(socket.gaierror, match="not in the table"):
        await resolver.resolve("nowhere.example", 80)


def test_a_table_holds_addresses_only() -> None:
    with pytest.raises(ValueError, match="localhost"):
        StaticResolver({"shore.example": ["localhost"]})


def test_the_default_is_as_aiohttp_says() -> None:
    try:
        import aiodns  # noqa: F401, PLC0415  may be absent
    except ImportError:
        assert DefaultResolver is ThreadedResolver
    else:
        assert DefaultResolver.__name__ == "AsyncResolver"


class SystemResolver:
    """Plays the system's resolver: one name hangs until it is let go, the others are answered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.go = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: str, *arguments: Any, flags: int = 0) -> list[tuple[Any, ...]]:
        self.asked.append((host, flags))
        if host == "hanging.example":
            self.go.wait(10)
        if host.lower().rstrip(".") in ("nowhere.example", "localhost") and flags:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 0, 0, 3)),
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (10, b"raw")),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
        ]


async def test_results_have_the_port_and_the_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    SystemResolver(monkeypatch)
    found = await ThreadedResolver().resolve("shore.example", 443, socket.AF_UNSPEC)
    assert [(result["hostname"], result["host"], result["port"]) for result in found] == [
        ("shore.example", "fe80::1%3", 443),
        ("shore.example", "127.0.0.1", 443),
    ]


async def test_localhost_has_an_address_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    system = SystemResolver(monkeypatch)
    resolver = ThreadedResolver(asyncio.get_running_loop())
    assert await resolver.resolve("localhost.", 80) != []
    assert await resolver.resolve("LOCALHOST", 80) != []
    with pytest.raises(socket.gaierror, match="unknown"):
        await resolver.resolve("nowhere.example", 80)
    wanted = socket.AI_ADDRCONFIG
    assert [flags for _host, flags in system.asked] == [wanted, 0, wanted, 0, wanted]


async def test_a_name_that_hangs_holds_up_nobody_else_and_no_close(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = await serve()
    system = SystemResolver(monkeypatch)
    connector = TCPConnector(resolver=ThreadedResolver(max_threads=2))
    hanging = [
        asyncio.ensure_future(connector.connect(f"http://hanging.example:{port}")) for port in range(80, 90)
    ]
    exchange = await connector.connect(f"http://shore.example:{peer.port}")
    exchange.close()
    # The loop's executor is as free as ever.
    await asyncio.get_running_loop().run_in_executor(None, int)
    await connector.close()
    assert all(
        isinstance(outcome, RuntimeError)
        for outcome in await asyncio.gather(*hanging, return_exceptions=True)
    )
    assert [host for host, _ in system.asked].count("hanging.example") == 1
    system.go.set()
