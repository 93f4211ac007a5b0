"""The end of a transport: it comes, whoever is cancelled and whatever the peer does."""

import asyncio

import pytest

from whimbrel_websocket import _farewell
from whimbrel_websocket._farewell import Farewell
from whimbrel_websocket.testing import MemoryTransport


class Telling(asyncio.Protocol):
    """Tells the farewell that the transport is gone."""

    farewell: Farewell

    def connection_lost(self, exc: Exception | None) -> None:
        self.farewell.end()


def make() -> tuple[Farewell, MemoryTransport]:
    protocol = Telling()
    wire = MemoryTransport(protocol)
    protocol.farewell = Farewell(asyncio.get_running_loop(), wire)
    return protocol.farewell, wire


async def test_waiting_ends_with_the_transport() -> None:
    farewell, wire = make()
    waiting = asyncio.ensure_future(farewell.wait())
    await asyncio.sleep(0)
    assert not farewell.has_ended
    wire.close()
    await waiting
    assert farewell.has_ended


async def test_one_who_waits_may_be_cancelled() -> None:
    farewell, wire = make()
    first, second = (asyncio.ensure_future(farewell.wait()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    wire.close()
    await second


async def test_the_time_ends_with_an_abort() -> None:
    farewell, wire = make()
    farewell.abort_within(0.001)
    await farewell.wait()
    assert wire.was_aborted


async def test_lingering_ends_with_a_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_farewell, "_LINGER_SECONDS", 0.001)
    farewell, wire = make()
    farewell.linger()
    farewell.linger()
    await farewell.wait()
    assert wire.is_closing()
    assert not wire.was_aborted


async def test_without_a_limit_nothing_is_aborted() -> None:
    farewell, wire = make()
    farewell.abort_within(None)
    await asyncio.sleep(0)
    assert not wire.is_closing()
    wire.close()
    await farewell.wait()


async def test_a_transport_that_never_reports_its_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_farewell, "_ABORT_SECONDS", 0.001)
    farewell = Farewell(asyncio.get_running_loop(), MemoryTransport(asyncio.Protocol()))
    farewell.abort()
    assert not farewell.has_ended
    await farewell.wait()
    assert farewell.has_ended
