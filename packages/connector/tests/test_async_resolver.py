"""DNS by aiodns, against a name server of our own."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator

import pytest

from whimbrel_connector import AsyncResolver, TCPConnector
from whimbrel_connector._async_resolver import _shared
from whimbrel_connector.testing import NameServer

HAS_AIODNS = importlib.util.find_spec("aiodns") is not None
needs_aiodns = pytest.mark.skipif(not HAS_AIODNS, reason="aiodns is not installed")

TABLE = {
    "shore.example": ["192.0.2.1", "192.0.2.2", "2001:db8::1"],
    "home.example": ["127.0.0.1"],
    "failing.example": [],
}


@pytest.fixture
async def name_server(quiet_loop: None) -> AsyncIterator[NameServer]:
    async with NameServer(TABLE) as server:
        yield server


@pytest.fixture
async def resolver(name_server: NameServer) -> AsyncIterator[AsyncResolver]:
    made = AsyncResolver(nameservers=[name_server.host], udp_port=name_server.port, timeout=20.0, tries=1)
    yield made
    await made.close()


@needs_aiodns
async def test_the_name_servers_that_are_given_are_asked(
    resolver: AsyncResolver, name_server: NameServer
) -> None:
    """S162."""
    found = await resolver.resolve("shore.example", 443)
    assert sorted(result["host"] for result in found) == ["192.0.2.1", "192.0.2.2"]
    assert {(result["hostname"], result["port"], result["family"]) for result in found} == {
        ("shore.example", 443, socket.AF_INET)
    }
    both = await resolver.resolve("shore.example", 443, socket.AF_UNSPEC)
    assert {result["host"] for result in both} == {"192.0.2.1", "192.0.2.2", "2001:db8::1"}
    assert set(name_server.asked) == {"shore.example"}


@needs_aiodns
@pytest.mark.parametrize(
    ("host", "family"),
    [
        ("nowhere.example", socket.AF_INET),
        ("nowhere.example", socket.AF_UNSPEC),
        ("home.example", socket.AF_INET6),
    ],
)
async def test_that_there_is_no_address_is_told_from_trouble(
    resolver: AsyncResolver, host: str, family: socket.AddressFamily
) -> None:
    with pytest.raises(socket.gaierror) as caught:
        await resolver.resolve(host, 80, family)
    assert caught.value.errno == socket.EAI_NONAME


@needs_aiodns
async def test_trouble_is_an_error_of_another_kind(resolver: AsyncResolver) -> None:
    for host in ("failing.example", "x" * 64 + ".example", "..", "a b.example"):
        with pytest.raises(OSError) as caught:
            await resolver.resolve(host, 80)
        if host == "failing.example":
            assert not isinstance(caught.value, socket.gaierror)


@needs_aiodns
async def test_one_that_is_cancelled_takes_nothing_from_the_others(resolver: AsyncResolver) -> None:
    asking = [asyncio.ensure_future(resolver.resolve("shore.example", 80)) for _ in range(3)]
    await asyncio.sleep(0)
    asking[0].cancel()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert all(isinstance(outcome, list) and len(outcome) == 2 for outcome in outcomes[1:])


@needs_aiodns
async def test_closing_ends_what_is_under_way(quiet_loop: None) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = AsyncResolver(nameservers=["127.0.0.1"], udp_port=silent.getsockname()[1])
        asking = asyncio.ensure_future(resolver.resolve("shore.example", 80))
        silent.settimeout(10)
        await asyncio.get_running_loop().run_in_executor(None, silent.recv, 512)
        await resolver.close()
        with pytest.raises(OSError):
            await asking
        await resolver.close()


@needs_aiodns
async def test_only_the_first_lookup_imports_anything(
    resolver: AsyncResolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await resolver.resolve("shore.example", 80)

    def refuse(_thread: threading.Thread) -> None:
        raise AssertionError

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert len(await resolver.resolve("shore.example", 80)) == 2


@needs_aiodns
async def test_those_without_arguments_share_one_on_a_loop(quiet_loop: None) -> None:
    loop = asyncio.get_running_loop()
    first, second = AsyncResolver(loop), AsyncResolver()
    for resolver in (first, second):
        assert (await resolver.resolve("localhost", 80))[0]["host"] == "127.0.0.1"
    assert _shared[loop].users == 2
    await first.close()
    assert (await second.resolve("localhost", 80))[0]["port"] == 80
    await second.close()
    assert loop not in _shared


@needs_aiodns
def test_it_belongs_to_the_loop_of_its_first_use() -> None:
    resolver = AsyncResolver()

    async def resolve() -> None:
        await resolver.resolve("localhost", 80)

    async def resolve_again() -> None:
        with pytest.raises(RuntimeError, match="another event loop"):
            await resolver.resolve("localhost", 80)
        await resolver.close()

    asyncio.run(resolve())
    asyncio.run(resolve_again())
    assert not _shared


@needs_aiodns
async def test_a_connector_resolves_by_it(serve: object, resolver: AsyncResolver) -> None:
    peer = await serve()  # type: ignore[operator]  # the fixture
    async with TCPConnector(resolver=resolver) as connector:
        exchange = await connector.connect(f"http://home.example:{peer.port}")
        assert exchange.get_extra_info("peername")[0] == "127.0.0.1"
        exchange.close()


@needs_aiodns
async def test_a_connectors_own_is_closed_with_it(quiet_loop: None) -> None:
    connector = TCPConnector()
    with pytest.raises(OSError):
        await connector.connect("http://localhost:1")
    assert asyncio.get_running_loop() in _shared
    await connector.close()
    assert asyncio.get_running_loop() not in _shared


def test_without_aiodns_the_extra_is_named() -> None:
    """S163."""
    code = (
        "import sys; sys.modules['aiodns'] = None\n"
        "from whimbrel_connector import AsyncResolver, DefaultResolver, ThreadedResolver\n"
        "assert DefaultResolver is ThreadedResolver\n"
        "try: AsyncResolver()\n"
        "except RuntimeError as fault: print(fault)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (
        'AsyncResolver requires aiodns: pip install "whimbrel-connector[aiodns]"',
        "",
    )


def test_importing_the_connector_imports_no_aiodns() -> None:
    code = "import sys, whimbrel_connector; whimbrel_connector.TCPConnector(); print('aiodns' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("False", "")
