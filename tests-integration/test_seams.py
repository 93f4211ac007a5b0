"""Other people's parts in the session: each is an object that fits, and nothing is registered or subclassed."""

import asyncio
import email.message
import http.cookiejar
import socket
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from http.cookies import BaseCookie, Morsel, SimpleCookie
from typing import Any

import pytest
from peers.bin import Bin, pattern
from peers.detour import Detour
from peers.parsers import H11Parser, HttptoolsParser
from peers.scripted import OK, Peer, ScriptedServer, always, response
from yarl import URL

import whimbrel
from whimbrel import ClientSession, Payload, TCPConnector, get_payload
from whimbrel.client import ConnectorLike
from whimbrel_connector import (
    Closing,
    Exchange,
    ExchangeOptions,
    Http1Connection,
    Proxy,
    Route,
    StaticResolver,
    Timeouts,
    TlsPolicy,
)
from whimbrel_connector import Request as WireRequest
from whimbrel_cookies import LooseCookies


class StandardJar:
    """A jar over the standard library's `http.cookiejar`: two methods for the session, four for its users."""

    def __init__(self) -> None:
        self.jar = http.cookiejar.CookieJar()

    def update_cookies(self, cookies: LooseCookies, response_url: URL, /) -> None:
        fields = email.message.Message()
        for morsel in cookies.values() if isinstance(cookies, BaseCookie) else ():
            fields["Set-Cookie"] = morsel.OutputString()
        self.jar.extract_cookies(_Answer(fields), urllib.request.Request(str(response_url)))  # type: ignore[arg-type]  # all it asks is info()

    def filter_cookies(self, request_url: URL, /) -> "BaseCookie[str]":
        request = urllib.request.Request(str(request_url))
        self.jar.add_cookie_header(request)
        return SimpleCookie(request.get_header("Cookie", ""))

    def __iter__(self) -> "Iterator[Morsel[str]]":
        for cookie in self.jar:
            yield SimpleCookie({cookie.name: cookie.value or ""})[cookie.name]

    def __len__(self) -> int:
        return len(self.jar)

    def clear(self) -> None:
        self.jar.clear()

    def clear_domain(self, domain: str, /) -> None:
        self.jar.clear(domain)


class _Answer:
    def __init__(self, fields: email.message.Message) -> None:
        self._fields = fields

    def info(self) -> email.message.Message:
        return self._fields


async def test_a_jar_over_the_standard_library_keeps_the_cookies(httpbin: Bin) -> None:
    """S146."""
    jar = StandardJar()
    connector = TCPConnector(resolver=Detour({80: httpbin.port}))
    async with ClientSession(cookie_jar=jar, connector=connector) as session:
        assert session.cookie_jar is jar
        async with session.get("http://httpbin.org/cookies/set?tide=low&wind=nw") as resp:
            assert await resp.json() == {"cookies": {"tide": "low", "wind": "nw"}}
        async with session.get("http://sea.example/cookies") as resp:
            assert await resp.json() == {"cookies": {}}
        async with session.get("http://httpbin.org/cookies", cookies={"once": "1"}) as resp:
            assert await resp.json() == {"cookies": {"tide": "low", "wind": "nw", "once": "1"}}
        assert sorted(cookie.value for cookie in session.cookie_jar) == ["low", "nw"]
    assert {cookie.name for cookie in jar.jar} == {"tide", "wind"}


async def test_a_static_table_resolves(httpbin: Bin) -> None:
    resolver = StaticResolver({"shore.example": ["127.0.0.1"]})
    async with ClientSession(connector=TCPConnector(resolver=resolver)) as session:
        async with session.get(f"http://shore.example:{httpbin.port}/headers") as resp:
            assert (await resp.json())["headers"]["Host"] == f"shore.example:{httpbin.port}"
        with pytest.raises(whimbrel.ClientConnectorDNSError, match=r"sea\.example"):
            await session.get("http://sea.example/")


async def test_a_resolver_is_any_object_with_resolve_and_is_asked_once_for_many(httpbin: Bin) -> None:
    """S164, S165."""
    resolver = Detour({80: httpbin.port})
    async with ClientSession(connector=TCPConnector(resolver=resolver, limit=5)) as session:

        async def fetch() -> None:
            async with session.get("http://shore.example/") as resp:
                await resp.read()

        await asyncio.gather(*(fetch() for _ in range(20)))
    assert resolver.asked == ["shore.example"]


class ParsingConnector:
    """A connector that fits, and has every answer read by another parser."""

    def __init__(self, parser: Any) -> None:
        self._parser = parser
        self._behind = TCPConnector()

    @property
    def closed(self) -> bool:
        return self._behind.closed

    async def connect(
        self,
        url: URL,
        *,
        tls: TlsPolicy | None = None,
        proxy: Proxy | None = None,
        timeouts: Timeouts = Timeouts(),  # noqa: B008  an immutable value
        options: ExchangeOptions = ExchangeOptions(),  # noqa: B008  an immutable value
        request: WireRequest | None = None,
    ) -> Exchange:
        options = replace(options, parser=self._parser)
        return await self._behind.connect(url, tls=tls, proxy=proxy, timeouts=timeouts, options=options)

    def close(self) -> Closing:
        return self._behind.close()


@pytest.mark.parametrize("parser", [HttptoolsParser, H11Parser])
async def test_another_parser_reads_the_answers(httpbin: Bin, parser: Any) -> None:
    connector = ParsingConnector(parser)
    async with ClientSession(connector=connector) as session:
        assert session.connector is connector
        for _ in range(3):
            async with session.get(f"{httpbin.url}events") as resp:
                assert resp.headers["content-type"] == "application/json; charset=utf-8"
                assert len(await resp.json()) == 1
        async with session.get(f"{httpbin.url}bytes/300000") as resp:
            assert await resp.read() == pattern(300_000)
        async with session.get(f"{httpbin.url}coded/gzip") as resp:
            assert await resp.text() == "the tide " * 4000
        async with session.post(f"{httpbin.url}post", data=b"data") as resp:
            assert (await resp.json())["data"] == "data"
        assert httpbin.connections.accepted == 1
        async with session.head(f"{httpbin.url}some/redirect/") as resp:
            assert resp.status == 301


@pytest.mark.parametrize("parser", [HttptoolsParser, H11Parser])
async def test_another_parsers_refusal_is_the_documented_error(parser: Any) -> None:
    async with ScriptedServer(always(b"SMTP ready\r\n\r\n")) as server:
        async with ClientSession(connector=ParsingConnector(parser)) as session:
            with pytest.raises(whimbrel.ClientResponseError):
                await session.get(server.url)


class _MemoryTransport(asyncio.Transport):
    """One end of a pipe in memory: what is written here is heard by the other end in a later turn."""

    def __init__(self, heard_by: asyncio.Protocol, own: asyncio.Protocol) -> None:
        super().__init__({})
        self._loop = asyncio.get_running_loop()
        self._peer = heard_by
        self._own = own
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._loop.call_soon(self._peer.data_received, bytes(data))

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._own.connection_lost, None)

    abort = close

    def pause_reading(self) -> None:
        """Nothing arrives that was not asked for."""

    def resume_reading(self) -> None:
        """Nothing waits."""


class _Answerer(asyncio.Protocol):
    """The other end: answers each whole head with the same bytes."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._heard = b""
        self.transport: asyncio.Transport | None = None
        self.heads: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            head, _, self._heard = self._heard.partition(b"\r\n\r\n")
            self.heads.append(head)
            if self.transport is not None:
                self.transport.write(self._answer)


class MemoryConnector:
    """Every origin is an answerer in this process; there is no socket and no pool."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self.answerers: list[_Answerer] = []
        self.closed = False

    async def connect(
        self,
        url: URL,
        *,
        tls: TlsPolicy | None = None,
        proxy: Proxy | None = None,
        timeouts: Timeouts = Timeouts(),  # noqa: B008  an immutable value
        options: ExchangeOptions = ExchangeOptions(),  # noqa: B008  an immutable value
        request: WireRequest | None = None,
    ) -> Exchange:
        loop = asyncio.get_running_loop()
        connection, answerer = Http1Connection(loop), _Answerer(self._answer)
        connection.connection_made(_MemoryTransport(answerer, connection))
        answerer.transport = _MemoryTransport(connection, answerer)
        self.answerers.append(answerer)
        return Exchange(connection, Route.to(url), options, loop)

    def close(self) -> Closing:
        self.closed = True
        return Closing([])


async def test_a_connector_in_memory_needs_no_socket() -> None:
    """S152."""
    connector: ConnectorLike = MemoryConnector(response(b'{"tide": "low"}', "Content-Type: application/json"))
    async with ClientSession(connector=connector) as session:
        for path in ("one", "two"):
            async with session.get(f"http://shore.example/{path}") as resp:
                assert await resp.json() == {"tide": "low"}
    assert connector.closed
    assert isinstance(connector, MemoryConnector)
    assert [answerer.heads[0].split(b"\r\n")[0] for answerer in connector.answerers] == [
        b"GET /one HTTP/1.1",
        b"GET /two HTTP/1.1",
    ]


async def test_a_connector_is_of_use_without_a_session(httpbin: Bin) -> None:
    async with TCPConnector() as connector:
        for _ in range(2):
            exchange = await connector.connect(httpbin.url)
            head = await exchange.send(WireRequest("GET", "/bytes/5", [("Host", "shore.example")]))
            assert (head.status, await exchange.content.read()) == (200, pattern(5))
        assert connector.statistics.idle == 1
    assert httpbin.connections.accepted == 1


async def test_a_payload_class_of_ones_own_is_sent() -> None:
    class Tide:
        pass

    class TidePayload(Payload):
        async def write(self, writer: Any) -> None:
            await writer.write(b"flood")
            await writer.write(b"ebb")

        def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
            return "floodebb"

    whimbrel.PAYLOAD_REGISTRY.register(TidePayload, Tide)
    assert isinstance(get_payload(Tide()), TidePayload)
    async with ScriptedServer(always(OK)) as server, ClientSession() as session:
        async with session.post(server.url, data=Tide()) as resp:
            assert resp.status == 200
        assert server.requests[0].body == b"floodebb"
        assert server.requests[0].get("transfer-encoding") == "chunked"


async def test_a_response_class_of_ones_own_is_returned() -> None:
    class Answer(whimbrel.ClientResponse):
        async def shout(self) -> str:
            return (await self.text()).upper()

    async with ScriptedServer(always(OK)) as server, ClientSession(response_class=Answer) as session:
        async with session.get(server.url) as resp:
            assert isinstance(resp, Answer)
            assert await resp.shout() == "OK"


@pytest.fixture
async def gentle() -> AsyncIterator[ScriptedServer]:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.until_gone()

    async with ScriptedServer(script) as server:
        yield server


async def test_the_socket_may_be_made_by_the_caller(gentle: ScriptedServer) -> None:
    made: list[socket.socket] = []

    def make(address: Any) -> socket.socket:
        made.append(socket.socket(address[0], address[1], address[2]))
        return made[-1]

    async with ClientSession(connector=TCPConnector(socket_factory=make)) as session:
        async with session.get(gentle.url) as resp:
            assert resp.status == 200
    assert len(made) == 1
