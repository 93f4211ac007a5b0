"""Who observes a dialling, and for how long."""

import asyncio

import pytest

from whimbrel_connector import (
    BaseConnector,
    CachingResolver,
    ExchangeOptions,
    Request,
    StaticResolver,
    TCPConnector,
)
from whimbrel_connector.observer import dialling_for, present_observer

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Notes:
    """Notes what it is told; `spoil` names what raises."""

    def __init__(self, spoil: str = "") -> None:
        self.heard: list[str] = []
        self._spoil = spoil

    async def _note(self, what: str) -> None:
        self.heard.append(what)
        if what == self._spoil:
            raise LookupError(what)

    async def queue_entered(self) -> None:
        await self._note("queue_entered")

    async def queue_left(self) -> None:
        await self._note("queue_left")

    async def opening(self) -> None:
        await self._note("opening")

    async def opened(self) -> None:
        await self._note("opened")

    async def reused(self) -> None:
        await self._note("reused")

    async def resolving(self, host: str) -> None:
        await self._note(f"resolving {host}")

    async def resolved(self, host: str) -> None:
        await self._note(f"resolved {host}")

    async def address_known(self, host: str) -> None:
        await self._note(f"known {host}")

    async def address_unknown(self, host: str) -> None:
        await self._note(f"unknown {host}")


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def opened_server() -> tuple[asyncio.Server, str]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, f"http://shore.example:{server.sockets[0].getsockname()[1]}"


def connector() -> TCPConnector:
    return TCPConnector(limit=1, resolver=StaticResolver({"shore.example": ["127.0.0.1"]}))


async def exchange_with(connector: BaseConnector, url: str, notes: Notes) -> None:
    exchange = await connector.connect(url, options=ExchangeOptions(observer=notes))
    await exchange.send(Request("GET", "/", [("Host", "shore.example")]))


async def test_an_observer_hears_how_a_connection_is_come_by() -> None:
    server, url = await opened_server()
    notes = Notes()
    async with server, connector() as pool:
        await exchange_with(pool, url, notes)
        await exchange_with(pool, url, notes)
    host = "shore.example"
    assert notes.heard == [
        "opening",
        f"unknown {host}",
        f"resolving {host}",
        f"resolved {host}",
        "opened",
        "reused",
    ]


async def test_an_observer_hears_of_the_queue() -> None:
    server, url = await opened_server()
    notes = Notes()
    async with server, connector() as pool:
        held = await pool.connect(url)
        waiting = asyncio.ensure_future(exchange_with(pool, url, notes))
        for _ in range(5):
            await asyncio.sleep(0)
        await held.send(Request("GET", "/", [("Host", "shore.example")]))
        await waiting
    assert notes.heard == ["queue_entered", "queue_left", "reused"]


@pytest.mark.parametrize("spoil", ["queue_entered", "queue_left"])
async def test_an_observer_that_fails_in_the_queue_passes_its_place_on(spoil: str) -> None:
    server, url = await opened_server()
    async with server, connector() as pool:
        held = await pool.connect(url)
        waiting = asyncio.ensure_future(exchange_with(pool, url, Notes(spoil)))
        for _ in range(5):
            await asyncio.sleep(0)
        await held.send(Request("GET", "/", [("Host", "shore.example")]))
        with pytest.raises(LookupError):
            await waiting
        assert pool.statistics.idle == 1
        await exchange_with(pool, url, Notes())


@pytest.mark.parametrize("spoil", ["opening", "opened", "unknown shore.example", "resolved shore.example"])
async def test_an_observer_that_fails_leaves_no_place_taken(spoil: str) -> None:
    server, url = await opened_server()
    async with server, connector() as pool:
        with pytest.raises(LookupError):
            await exchange_with(pool, url, Notes(spoil))
        await exchange_with(pool, url, Notes())
        assert pool.statistics.open == 1


async def test_without_a_cache_nothing_is_known_or_unknown() -> None:
    cache = CachingResolver(
        StaticResolver({"shore.example": ["127.0.0.1"]}), ttl_seconds=0, clock=lambda: 0.0
    )
    notes = Notes()
    with dialling_for(notes):
        await cache.resolve("shore.example", 80)
    assert notes.heard == ["resolving shore.example", "resolved shore.example"]


async def test_a_context_copied_meanwhile_does_not_keep_the_observer() -> None:
    async def look(when: asyncio.Event) -> object:
        await when.wait()
        return present_observer()

    over = asyncio.Event()
    with dialling_for(Notes()):
        assert present_observer() is not None
        looking = asyncio.ensure_future(look(over))
        await asyncio.sleep(0)
    over.set()
    assert await looking is None
    with dialling_for(None):
        assert present_observer() is None
