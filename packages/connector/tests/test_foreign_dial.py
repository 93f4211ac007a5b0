"""Connectors written against aiohttp, which open connections in `_wrap_create_connection`."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from yarl import URL

from whimbrel_connector import (
    AddressNotFound,
    AddressRefused,
    FingerprintMismatch,
    Http1Connection,
    Proxy,
    ProxyFailed,
    Request,
    ResolveResult,
    StaticResolver,
    TCPConnector,
    TlsFailed,
    public_addresses_only,
)
from whimbrel_connector._addresses import literal_address

from .conftest import get

if TYPE_CHECKING:
    from .conftest import Authority, Serve


class Foreign(TCPConnector):
    """Opens connections as aiohttp-socks does, to a port of its own choice."""

    def __init__(self, port: int, *, tls: bool = True, **options: Any) -> None:
        options.setdefault("resolver", StaticResolver({"shore.example": ["127.0.0.1"]}))
        super().__init__(**options)
        self.told: list[dict[str, Any]] = []
        self.opened: list[asyncio.StreamWriter] = []
        self._port = port
        self._with_tls = tls

    async def _wrap_create_connection(self, *args: Any, addr_infos: Any, **options: Any) -> Any:
        self.told.append({"factories": len(args), "addr_infos": addr_infos, **options})
        tls = options["ssl"] if self._with_tls else None
        name = options["server_hostname"] if tls else None
        _, writer = await asyncio.open_connection("127.0.0.1", self._port, ssl=tls, server_hostname=name)
        self.opened.append(writer)
        made = Http1Connection(asyncio.get_running_loop())
        writer.transport.set_protocol(made)
        made.connection_made(writer.transport)
        return writer.transport, made


async def fetch(connector: TCPConnector, url: str) -> bool:
    """Make one exchange, and tell whether its connection had served before."""
    exchange = await connector.connect(url)
    await exchange.send(Request("GET", "/", [("Host", "shore.example")]))
    await exchange.content.read()
    return exchange.reused


async def test_the_subclass_is_told_the_addresses_and_opens_the_connection(serve: Serve) -> None:
    peer = await serve()
    async with Foreign(peer.port) as connector:
        assert [await fetch(connector, "http://shore.example:81/") for _ in range(2)] == [False, True]
        (told,) = connector.told
    assert told["factories"] == 1
    assert [info[4] for info in told["addr_infos"]] == [("127.0.0.1", 81)]
    assert (told["ssl"], told["server_hostname"], told["timeout"].sock_connect) == (None, None, None)


@pytest.mark.parametrize("host", ["shore.example", "127.0.0.1"])
async def test_what_the_address_filter_refuses_is_not_told_to_the_subclass(host: str) -> None:
    async with Foreign(1, address_filter=public_addresses_only) as connector:
        with pytest.raises(AddressRefused):
            await connector.connect(f"http://{host}/")
        assert connector.told == []


async def test_what_the_address_filter_allows_is_told_and_so_are_names(serve: Serve) -> None:
    class Mixed:
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
            hosts = ("127.0.0.2", host, "127.0.0.1")
            return [{**literal_address(host, "127.0.0.1", port), "host": each} for each in hosts]

    def first_refused(host: str, address: object, port: int, /) -> str | None:
        return "not ours" if str(address) == "127.0.0.2" else None

    peer = await serve()
    async with Foreign(peer.port, address_filter=first_refused, resolver=Mixed()) as connector:
        await fetch(connector, "http://shore.example:81/")
        assert [info[4][0] for info in connector.told[0]["addr_infos"]] == ["shore.example", "127.0.0.1"]


async def test_tls_is_asked_of_it_and_checked(serve: Serve, authority: Authority) -> None:
    peer = await serve(context=authority.server("shore.example"))
    digest = hashlib.sha256(authority.certificate).digest()
    async with Foreign(peer.port, ssl_context=authority.client(), fingerprint=digest) as connector:
        await fetch(connector, "https://shore.example/")
        assert connector.told[0]["server_hostname"] == "shore.example"
    async with Foreign(peer.port, ssl_context=authority.client(), fingerprint=bytes(32)) as connector:
        with pytest.raises(FingerprintMismatch):
            await connector.connect("https://shore.example/")
        assert connector.opened[0].transport.is_closing()


async def test_tls_that_was_left_out_is_noticed(serve: Serve) -> None:
    peer = await serve()
    async with Foreign(peer.port, tls=False) as connector:
        with pytest.raises(TlsFailed, match="left TLS out"):
            await connector.connect("https://shore.example/")
        assert connector.opened[0].transport.is_closing()


async def test_its_errors_pass_as_they_are_and_free_the_place(serve: Serve) -> None:
    peer = await serve()

    class Failing(Foreign):
        async def _wrap_create_connection(self, *args: Any, **options: Any) -> Any:
            raise LookupError("no way")

    async with Failing(peer.port, limit=1) as connector:
        for _ in range(2):
            with pytest.raises(LookupError, match="no way"):
                await connector.connect("http://shore.example/")
        with pytest.raises(AddressNotFound):
            await connector.connect("http://desert.example/")


async def test_what_it_returns_must_be_a_connection(serve: Serve) -> None:
    peer = await serve()

    class Odd(Foreign):
        async def _wrap_create_connection(self, *args: Any, **options: Any) -> Any:
            loop = asyncio.get_running_loop()
            return await loop.create_connection(asyncio.Protocol, "127.0.0.1", self._port)

    async with Odd(peer.port) as connector:
        with pytest.raises(TypeError, match="ResponseHandler"):
            await connector.connect("http://shore.example/")


def test_steps_that_are_never_called_cannot_be_overridden() -> None:
    with pytest.raises(TypeError, match="_create_connection"):

        class _Unheard(TCPConnector):
            async def _create_connection(self) -> None:
                """It would not be called: if it leads through a proxy, requests would pass that by."""


class LikeAiobotocore(TCPConnector):
    """Gives the way to the proxy a TLS context of its own, as aiobotocore does."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self._context = context
        self.told: list[object] = []

    def _update_proxy_auth_header_and_build_proxy_req(self, req: SimpleNamespace) -> SimpleNamespace:
        proxy_req = super()._update_proxy_auth_header_and_build_proxy_req(req)
        self.told.append(proxy_req.url)
        proxy_req._ssl = self._context
        return proxy_req


async def test_a_subclass_gives_the_proxy_a_context_of_its_own(serve: Serve, authority: Authority) -> None:
    peer = await serve(context=authority.server("127.0.0.1"))
    proxy = Proxy(URL(peer.url))
    async with TCPConnector() as connector:
        with pytest.raises(ProxyFailed):
            await connector.connect("http://shore.example", proxy=proxy)
    async with LikeAiobotocore(authority.client()) as connector:
        exchange = await connector.connect("http://shore.example", proxy=proxy)
        await exchange.send(get("http://shore.example/nest"))
        assert await exchange.content.read() == b"http://shore.example/nest"
        assert connector.told == [proxy.url]


class Kept(Exception):
    """What aiohttp's cookbook raises to keep requests away from somewhere."""


class Keeping(TCPConnector):
    """Refuses a private address, as aiohttp's cookbook has it."""

    async def _resolve_host(self, host: str, port: int, traces: object = None) -> list[ResolveResult]:
        found = await super()._resolve_host(host, port, traces)
        if any(result["host"] == "127.0.0.2" for result in found):
            raise Kept(host)
        return found


@pytest.mark.parametrize("url", ["http://shore.example/", "http://127.0.0.2/"])
async def test_a_lookup_of_the_subclass_has_the_last_word_on_names_and_addresses(url: str) -> None:
    resolver = StaticResolver({"shore.example": ["127.0.0.2"]})
    async with Keeping(resolver=resolver) as connector:
        with pytest.raises(Kept):
            await connector.connect(url)


@pytest.mark.parametrize("host", ["shore.example", "127.0.0.1"])
async def test_where_it_has_nothing_to_say_all_is_as_usual(serve: Serve, host: str) -> None:
    peer = await serve()
    resolver = StaticResolver({"shore.example": ["127.0.0.1"]})
    async with Keeping(resolver=resolver, local_addr=("127.0.0.2", 0)) as connector:
        assert not await fetch(connector, f"http://{host}:{peer.port}/")


async def test_it_may_be_another_place_and_whoever_connects_is_told(serve: Serve) -> None:
    class Elsewhere(Foreign):
        async def _resolve_host(self, host: str, port: int, traces: object = None) -> list[ResolveResult]:
            return [literal_address(host, "127.0.0.3", 99)]

    peer = await serve()
    async with Elsewhere(peer.port) as connector:
        await fetch(connector, "http://127.0.0.1/")
        assert [info[4] for info in connector.told[0]["addr_infos"]] == [("127.0.0.3", 99)]


async def test_a_lookup_that_is_put_in_later_counts(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lookup(_self: TCPConnector, host: str, port: int) -> list[ResolveResult]:
        return [literal_address(host, "127.0.0.1", port)]

    monkeypatch.setattr(TCPConnector, "_resolve_host", lookup)
    peer = await serve()
    async with TCPConnector() as connector:
        assert not await fetch(connector, f"http://nowhere.invalid:{peer.port}/")
