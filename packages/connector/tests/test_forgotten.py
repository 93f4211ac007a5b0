"""What is forgotten is missed at once: a warning that says where it was made, and nothing left behind."""

from __future__ import annotations

import asyncio
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from whimbrel_connector import BaseConnector, Exchange, ExchangeClosed, Http1Connection, Route, TCPConnector

from .conftest import get

if TYPE_CHECKING:
    from .conftest import Serve


def line_here() -> int:
    return sys._getframe(1).f_lineno


async def whole(exchange: Exchange) -> bytes:
    await exchange.send(get("/whimbrel"))
    return await exchange.content.read()


async def test_a_forgotten_connector_is_missed_at_once(serve: Serve) -> None:
    told: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, context: told.append(context))
    peer = await serve()
    connector = TCPConnector()
    made_at = f"{__file__}:{line_here() - 1}"
    await peer.fetch(connector)
    with pytest.warns(ResourceWarning, match="Unclosed connector") as caught:
        del connector
    assert str(caught[0].message) == f"Unclosed connector <TCPConnector 1 open>, made at {made_at}"
    assert isinstance(caught[0].source, TCPConnector)
    assert [context["message"] for context in told] == [str(caught[0].message)]
    await peer.until(lambda: not peer.open)
    loop.set_exception_handler(handler)
    told.clear()


async def test_a_connector_with_nothing_open_may_be_forgotten(serve: Serve) -> None:
    peer = await serve()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        TCPConnector()
        connector = TCPConnector(force_close=True)
        await peer.fetch(connector)
        await peer.until(lambda: not peer.open)
        while connector.statistics.open:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0)
        del connector
        async with TCPConnector() as closed:
            await peer.fetch(closed)
        del closed
    assert not [each for each in caught if "Unclosed" in str(each.message)]


async def test_a_connector_lives_as_long_as_an_exchange_of_its(serve: Serve) -> None:
    peer = await serve()
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, _context: None)
    exchange = await TCPConnector().connect(peer.url)
    with pytest.warns(ResourceWarning, match="Unclosed connector"):
        answer = await whole(exchange)  # and then it is missed
    assert answer == b"/whimbrel"
    await peer.until(lambda: not peer.open)
    loop.set_exception_handler(handler)


async def test_a_connector_that_is_forgotten_in_another_thread_is_closed_in_its_own(serve: Serve) -> None:
    peer = await serve()
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, _context: None)
    held = [TCPConnector()]
    await peer.fetch(held[0])
    with pytest.warns(ResourceWarning, match="Unclosed connector"), ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(held.clear).result()
    await peer.until(lambda: not peer.open)
    loop.set_exception_handler(handler)


class Wire(asyncio.Transport):
    """A transport that no loop knows, so that nothing but the connector can complain about it."""

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0


class Wired(BaseConnector):
    async def dial(self, route: Route) -> Http1Connection:
        connection = Http1Connection(asyncio.get_running_loop())
        connection.connection_made(Wire())
        return connection


def test_a_connector_that_outlives_its_loop_is_missed_all_the_same() -> None:
    async def main(connector: Wired) -> None:
        (await connector.connect("http://shore.example")).close()

    connector = Wired()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main(connector))
    loop.close()
    with pytest.warns(ResourceWarning, match=r"Unclosed connector <Wired 1 open>"):
        del connector


async def test_a_forgotten_lease_is_missed_at_once(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve()
    exchange = await connector.connect(peer.url)
    with pytest.warns(ResourceWarning, match=f"Unclosed exchange: a connection to {peer.url}") as caught:
        del exchange
    assert caught[0].source is not None
    while not connector.statistics.idle:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    assert (await peer.fetch(connector)).reused


async def test_an_exchange_that_was_closed_or_used_may_be_forgotten(
    serve: Serve, connector: TCPConnector
) -> None:
    peer = await serve()
    exchange = await connector.connect(peer.url)
    exchange.close()
    with pytest.raises(ExchangeClosed):
        await exchange.send(get())
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    await exchange.content.read()
    del exchange


async def test_a_lease_whose_connection_goes_is_over(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve()
    exchange = await connector.connect(peer.url)
    before = exchange.is_over
    exchange.transport.abort()
    assert (before, exchange.is_over) == (False, True)
    exchange.close()
