"""Getting there, over real addresses: resolvers, address filters, Happy Eyeballs, sockets without a host."""

import asyncio
import pickle
import socket
import sys
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from peers.alone import run_alone
from peers.bin import Bin
from peers.black_hole import black_hole
from peers.certificates import Authority
from peers.programs import held_port
from peers.proxy import RecordingProxy
from peers.scripted import OK, Peer, ScriptedServer, always, response
from scenes import hanging_lookup
from scenes.loops import loop_name
from yarl import URL

import whimbrel
from whimbrel import ClientSession, ClientTimeout, TCPConnector, UnixConnector
from whimbrel.resolver import AsyncResolver
from whimbrel_connector import (
    AddressRefused,
    ConnectFailed,
    PhaseTimeout,
    Proxy,
    Resolver,
    ResolveResult,
    StaticResolver,
    ThreadedResolver,
    TlsPolicy,
    public_addresses_only,
)
from whimbrel_connector.testing import NameServer, check_resolver

HANGING_LOOKUP = Path(hanging_lookup.__file__)
SHORT = 0.2

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse when a backlog is full")


class Places:
    """Answers every name with the same addresses, each with a port of its own."""

    def __init__(self, *places: tuple[str, int]) -> None:
        self._places = places

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> Sequence[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=own_port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address, own_port in self._places
        ]


class Sockets:
    """Makes sockets, and knows which are open."""

    def __init__(self) -> None:
        self.made: list[socket.socket] = []

    def __call__(self, address: whimbrel.AddrInfoType) -> socket.socket:
        self.made.append(socket.socket(*address[:3]))
        return self.made[-1]

    async def all_closed(self) -> None:
        while any(made.fileno() != -1 for made in self.made):  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0)


@pytest.fixture
def refused() -> Iterator[int]:
    """A port on which nobody listens."""
    with held_port() as port:
        yield port


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probing:
            probing.bind(("::1", 0))
    except OSError:
        return False
    return True


async def fetched(session: ClientSession, url: str) -> str:
    async with session.get(url) as resp:
        return await resp.text()


# IPv6, and Happy Eyeballs.


@asynccontextmanager
async def saying_where(**where: Any) -> AsyncIterator[int]:
    """Answer every request with the address at which it came; give the port."""
    open_now: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            while await reader.readline() != b"\r\n":
                pass
            host: str = writer.get_extra_info("sockname")[0]
            writer.write(response(host.encode()))
        writer.close()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(answer(reader, writer))
        open_now.add(task)

    server = await asyncio.start_server(begin, **where)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await asyncio.gather(*open_now)


async def test_a_server_on_ipv6_alone_is_reached_by_address_and_by_name() -> None:
    if not has_ipv6():
        pytest.skip("there is no IPv6 here")
    resolver = StaticResolver({"shore.example": ["127.0.0.1", "::1"]})
    async with saying_where(host="::1", port=0) as port:
        async with ClientSession(connector=TCPConnector(resolver=resolver)) as session:
            assert await fetched(session, f"http://[::1]:{port}/") == "::1"
            assert await fetched(session, f"http://shore.example:{port}/") == "::1"
        four = TCPConnector(resolver=resolver, family=socket.AF_INET)
        async with ClientSession(connector=four) as session:
            with pytest.raises(whimbrel.ClientConnectorError):
                await session.get(f"http://shore.example:{port}/")


@on_linux
@pytest.mark.parametrize("hole", ["127.0.0.1", "::1"])
async def test_an_address_that_does_not_answer_is_overtaken_by_the_next(hole: str) -> None:
    if ":" in hole and not has_ipv6():
        pytest.skip("there is no IPv6 here")
    sockets = Sockets()
    async with ScriptedServer(always(OK)) as server:
        with black_hole(hole) as nowhere:
            resolver = Places((hole, nowhere), ("127.0.0.1", server.port))
            connector = TCPConnector(resolver=resolver, happy_eyeballs_delay=0.01, socket_factory=sockets)
            async with ClientSession(connector=connector) as session:
                assert await fetched(session, "http://shore.example/") == "ok"
            await sockets.all_closed()
    assert len(sockets.made) == 2


@on_linux
async def test_without_happy_eyeballs_the_next_waits_until_the_first_has_failed() -> None:
    async with ScriptedServer(always(OK)) as server:
        live = ("127.0.0.1", server.port)
        with black_hole() as nowhere:
            sockets = Sockets()
            connector = TCPConnector(
                resolver=Places(("127.0.0.1", nowhere), live),
                happy_eyeballs_delay=None,
                socket_factory=sockets,
            )
            async with ClientSession(connector=connector) as session:
                with pytest.raises(whimbrel.ConnectionTimeoutError, match=r"127\.0\.0\.1: no answer"):
                    await session.get("http://shore.example/", timeout=ClientTimeout(sock_connect=SHORT))
                await sockets.all_closed()
            assert len(sockets.made) == 1
        with held_port() as refused:
            resolver = Places(("127.0.0.1", refused), live)
            refusing = TCPConnector(resolver=resolver, happy_eyeballs_delay=None)
            async with ClientSession(connector=refusing) as session:
                assert await fetched(session, "http://shore.example/") == "ok"


@on_linux
@pytest.mark.parametrize("phase", ["sock_connect", "tcp", "connect", "total"])
async def test_a_timeout_says_what_has_become_of_each_address(phase: str) -> None:
    with black_hole() as nowhere, held_port() as first, held_port() as second:
        places = [("127.0.0.1", first), ("127.0.0.1", nowhere), ("127.0.0.2", second)]
        connector = TCPConnector(resolver=Places(*places), happy_eyeballs_delay=0)
        async with ClientSession(connector=connector) as session:
            with pytest.raises(whimbrel.ServerTimeoutError) as caught:
                await session.get("http://shore.example/", timeout=ClientTimeout(**{phase: 1}))
    for words in ("127.0.0.1: Connection refused", "127.0.0.2: Connection refused", "127.0.0.1: no answer"):
        assert words in str(caught.value)
    attempts = caught.value.attempts
    assert sorted((attempt.address, attempt.port) for attempt in attempts) == sorted(places)
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (copied.attempts, str(copied)) == (attempts, str(caught.value))
    if isinstance(cause := caught.value.__cause__, PhaseTimeout):
        assert pickle.loads(pickle.dumps(cause)).attempts == cause.attempts == attempts


async def test_who_cancels_the_connecting_sees_a_plain_cancellation() -> None:
    """Of a class of ours, asyncio's own limits would not know it for theirs."""
    with black_hole() as nowhere:
        async with ClientSession() as session:
            task = asyncio.ensure_future(session.get(f"http://127.0.0.1:{nowhere}/"))
            while session.connector.statistics.open == 0:  # type: ignore[union-attr]  # noqa: ASYNC110  ours has them
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert type(caught.value) is asyncio.CancelledError
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(session.get(f"http://127.0.0.1:{nowhere}/"), SHORT)


@pytest.mark.parametrize("phase", ["sock_connect", "connect", "total"])
async def test_a_timeout_of_tls_is_not_put_down_to_an_address(phase: str) -> None:
    async def silent(peer: Peer) -> None:
        await peer.until_gone()

    async with ScriptedServer(silent) as server, ClientSession() as session:
        with pytest.raises(whimbrel.ServerTimeoutError) as caught:
            await session.get(f"https://127.0.0.1:{server.port}/", timeout=ClientTimeout(**{phase: SHORT}))
        assert "no answer" not in str(caught.value)
        assert caught.value.attempts == ()


@on_linux
async def test_a_slow_address_is_not_given_up_because_the_next_one_fails(refused: int) -> None:
    """The black hole begins to answer at last: the attempt must still be there."""
    sockets = Sockets()
    listening = socket.socket()
    listening.setblocking(False)
    listening.bind(("127.0.0.1", 0))
    listening.listen(0)
    place = listening.getsockname()
    fillers = [socket.socket() for _ in range(2)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(place)
    resolver = Places(place, ("127.0.0.1", refused))
    connector = TCPConnector(resolver=resolver, happy_eyeballs_delay=0.01, socket_factory=sockets)
    session = ClientSession(connector=connector)
    asking = asyncio.ensure_future(fetched(session, "http://shore.example/"))
    while len(sockets.made) < 2 or sockets.made[1].fileno() != -1:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    async with saying_where(sock=listening):
        assert await asking == "127.0.0.1"
        await session.close()
        for filler in fillers:
            filler.close()


@on_linux
@pytest.mark.parametrize("delay", [None, 0.0])
async def test_a_request_that_is_cancelled_on_its_way_leaves_no_socket(delay: float | None) -> None:
    sockets = Sockets()
    with black_hole() as nowhere:
        resolver = Places(("127.0.0.1", nowhere), ("127.0.0.2", nowhere), ("127.0.0.1", nowhere))
        connector = TCPConnector(resolver=resolver, happy_eyeballs_delay=delay, socket_factory=sockets)
        async with ClientSession(connector=connector) as session:
            asking = asyncio.ensure_future(session.get("http://shore.example/"))
            while not sockets.made:  # noqa: ASYNC110  no event tells
                await asyncio.sleep(0)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await sockets.all_closed()
            assert connector.statistics.open == 0


async def test_a_failure_names_every_address_with_its_reason() -> None:
    with held_port() as first, held_port() as second:
        places = [("127.0.0.1", first), ("127.0.0.2", second)]
        async with ClientSession(connector=TCPConnector(resolver=Places(*places))) as session:
            with pytest.raises(whimbrel.ClientConnectorError) as caught:
                await session.get("http://shore.example/")
    assert "127.0.0.1: Connection refused; 127.0.0.2: Connection refused" in str(caught.value)
    cause = caught.value.__cause__
    assert isinstance(cause, ConnectFailed)
    assert [(attempt.address, attempt.port) for attempt in cause.attempts] == places
    assert isinstance(caught.value.os_error, ConnectionRefusedError)


# Resolvers.


@pytest.fixture
def with_aiodns() -> None:
    pytest.importorskip("aiodns")


@pytest.mark.usefixtures("with_aiodns")
async def test_the_name_servers_of_the_guide_are_asked(httpbin: Bin) -> None:
    """S161, S162."""
    async with NameServer({"shore.example": ["127.0.0.1"]}) as name_server:
        resolver = AsyncResolver(
            nameservers=[name_server.host], udp_port=name_server.port, timeout=20.0, tries=1
        )
        async with ClientSession(connector=TCPConnector(resolver=resolver)) as session:
            async with session.get(f"http://shore.example:{httpbin.port}/get") as resp:
                assert resp.status == 200
            with pytest.raises(whimbrel.ClientConnectorDNSError, match=r"nowhere\.example"):
                await session.get("http://nowhere.example/")
        await resolver.close()
    assert name_server.asked.count("shore.example") <= 2
    assert "nowhere.example" in name_server.asked


async def test_resolvers_of_aiohttp_fit(httpbin: Bin) -> None:
    async with NameServer({"shore.example": ["127.0.0.1"]}) as name_server:
        resolvers: list[Resolver] = [aiohttp.ThreadedResolver()]
        host = "localhost"
        if sys.modules.get("aiodns") is not None:
            resolvers.append(
                aiohttp.AsyncResolver(
                    nameservers=[name_server.host], udp_port=name_server.port, timeout=20.0, tries=1
                )
            )
        for resolver in resolvers:
            async with ClientSession(connector=TCPConnector(resolver=resolver)) as session:
                async with session.get(f"http://{host}:{httpbin.port}/get") as resp:
                    assert resp.status == 200
            host = "shore.example"


@pytest.mark.usefixtures("with_aiodns")
async def test_the_kit_finds_aiohttps_resolver_fit() -> None:
    async with NameServer({"shore.example": ["192.0.2.1"]}) as name_server:

        def make() -> aiohttp.AsyncResolver:
            return aiohttp.AsyncResolver(
                nameservers=[name_server.host], udp_port=name_server.port, timeout=20.0, tries=1
            )

        assert await check_resolver(make, known="shore.example") == []


async def test_a_lookup_that_hangs_holds_up_nothing(httpbin: Bin) -> None:
    """Neither another lookup, nor closing, nor the end of the loop, nor that of the interpreter."""
    async with ScriptedServer(always(OK)) as server:
        printed = await run_alone(HANGING_LOOKUP, loop_name(), str(server.port))
    assert printed.splitlines() == ["given up"] * 3 + ["ok", "still hanging: 1", "closed"]


async def test_connections_spread_over_the_addresses_of_a_host() -> None:
    seen = set()
    resolver = StaticResolver({"shore.example": ["127.0.0.1", "127.0.0.2", "127.0.0.3"]})
    async with saying_where(host="0.0.0.0", port=0) as port:
        connector = TCPConnector(resolver=resolver, force_close=True)
        async with ClientSession(connector=connector) as session:
            for _ in range(3):
                seen.add(await fetched(session, f"http://shore.example:{port}/"))
    assert seen == {"127.0.0.1", "127.0.0.2", "127.0.0.3"}


async def test_that_a_name_is_unknown_is_remembered_for_a_moment() -> None:
    class Counting(StaticResolver):
        asked = 0

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            self.asked += 1
            return await super().resolve(host, port, family)

    for seconds, lookups in ((60, 1), (0, 3)):
        resolver = Counting({})
        connector = TCPConnector(resolver=resolver, negative_ttl_dns_cache=seconds)
        async with ClientSession(connector=connector) as session:
            for _ in range(3):
                with pytest.raises(whimbrel.ClientConnectorDNSError):
                    await session.get("http://shore.example/")
        assert resolver.asked == lookups


# Address filters.


class OnlyOnPort:
    """Public addresses, and one port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(self, host: str, address: IPv4Address | IPv6Address, port: int, /) -> str | None:
        return None if port == self._port else public_addresses_only(host, address, port)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "localhost",
        "rebound.example",
        "169.254.169.254",
    ],
)
async def test_no_redirect_leads_to_an_address_of_ones_own(host: str) -> None:
    """R-45: whatever way the address is written."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(response(b"", f"Location: http://{host}:{secret.port}/", status="302 Found"))
        await peer.until_gone()

    table = {"shore.example": ["127.0.0.1"], "rebound.example": ["127.0.0.1"]}
    resolver = StaticResolver(table, fallback=ThreadedResolver())
    async with ScriptedServer(always(OK)) as secret, ScriptedServer(script) as server:
        connector = TCPConnector(resolver=resolver, address_filter=OnlyOnPort(server.port))
        async with ClientSession(connector=connector) as session:
            with pytest.raises((whimbrel.ClientConnectorError, whimbrel.InvalidURL)) as caught:
                await session.get(f"http://shore.example:{server.port}/")
            assert connector.statistics.open <= 1
        assert len(server.requests) == 1
        assert secret.connections.accepted == 0
    if host in ("127.0.0.1", "localhost", "rebound.example"):
        assert isinstance(caught.value.__cause__, AddressRefused)
        assert "127.0.0.1: refused: loopback (127.0.0.0/8)" in str(caught.value)


async def test_a_name_that_changes_its_address_is_filtered_each_time() -> None:
    """DNS rebinding: the answer that was checked is the one that is connected to."""

    class Rebinding:
        asked = 0

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> Sequence[ResolveResult]:
            self.asked += 1
            address = "127.0.0.1" if self.asked == 1 else "127.0.0.2"
            return await Places((address, port)).resolve(host, port, family)

    def first_only(host: str, address: IPv4Address | IPv6Address, port: int, /) -> str | None:
        return None if str(address) == "127.0.0.1" else "another machine"

    async with ScriptedServer(always(OK)) as server:
        connector = TCPConnector(
            resolver=Rebinding(), use_dns_cache=False, force_close=True, address_filter=first_only
        )
        async with ClientSession(connector=connector) as session:
            url = f"http://shore.example:{server.port}/"
            assert await fetched(session, url) == "ok"
            with pytest.raises(whimbrel.ClientConnectorError, match="another machine"):
                await session.get(url)


# Sockets that no host leads to.


@pytest.fixture
def named_proxy(monkeypatch: pytest.MonkeyPatch, refused: int) -> None:
    """Let the environment name a proxy that nobody could reach."""
    for name in ("NO_PROXY", "no_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{refused}")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no UNIX sockets here")
@pytest.mark.usefixtures("named_proxy")
async def test_a_unix_socket_is_reached_whatever_proxy_the_environment_names(tmp_path: Path) -> None:
    path = str(tmp_path / "shore.sock")
    async with Bin(path=path):
        async with ClientSession(connector=UnixConnector(path), trust_env=True) as session:
            async with session.get("http://shore.example/get?a=1") as resp:
                assert (resp.status, (await resp.json())["args"]) == (200, [["a", "1"]])
            async with session.get("http://shore.example/get", trust_env=True) as resp:
                assert resp.status == 200
            with pytest.raises(whimbrel.InvalidUrlClientError, match="without a proxy"):
                await session.get("http://shore.example/get", proxy="http://127.0.0.1:1")
        async with ClientSession(trust_env=True) as session:
            with pytest.raises(whimbrel.ClientProxyConnectionError):
                await session.get("http://shore.example/get")


@on_linux
async def test_an_abstract_socket_is_reached(httpbin: Bin) -> None:
    name = f"\0whimbrel-scene-{uuid.uuid4()}"
    async with Bin(path=name), ClientSession(connector=UnixConnector(name)) as session:
        async with session.get("http://shore.example/get") as resp:
            assert resp.status == 200
    async with ClientSession(connector=UnixConnector(name)) as session:
        with pytest.raises(whimbrel.UnixClientConnectorError, match="Connection refused"):
            await session.get("http://shore.example/get")


async def test_named_pipes_need_their_loop() -> None:
    with pytest.raises(RuntimeError, match="Named Pipes only available in proactor loop under windows"):
        whimbrel.NamedPipeConnector(r"\\.\pipe\shore")


# Another's transports.


async def test_a_session_over_aiofastnet_does_all_it_does(authority: Authority, httpbin: Bin) -> None:
    aiofastnet = pytest.importorskip("aiofastnet")
    context = authority.server("127.0.0.1", "localhost")
    async with (
        Bin(ssl=context) as secured,
        RecordingProxy() as proxy,
        RecordingProxy(ssl=context) as https_proxy,
    ):
        connector = TCPConnector(ssl=authority.client(), transports=aiofastnet)
        async with ClientSession(connector=connector) as session:
            for site in (httpbin, secured):
                async with session.get(f"{site.url}bytes/1000000") as resp:
                    assert len(await resp.read()) == 1_000_000
                async with session.post(f"{site.url}post", data=bytes(3_000_000)) as resp:
                    assert resp.status == 200
                async with session.get(f"{site.url}get") as resp:
                    assert resp.status == 200
            for through in (
                proxy.url,
                Proxy(URL(https_proxy.url), tls=TlsPolicy(context=authority.client())),
            ):
                async with session.get(f"{secured.url}get", proxy=through) as resp:
                    assert resp.status == 200
        assert connector.statistics.open == 0
