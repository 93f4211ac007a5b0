"""The kit for connectors: ours pass it, and bad ones do not."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from yarl import URL

from whimbrel_connector import (
    BaseConnector,
    Closing,
    Exchange,
    ExchangeOptions,
    Http1Connection,
    ReadTimeout,
    Route,
    ServerDisconnected,
    TCPConnector,
)
from whimbrel_connector.testing import Origin, check_connector

OPTIONS = ExchangeOptions()


@pytest.mark.usefixtures("serve")
@pytest.mark.parametrize("options", [{}, {"limit": 1}, {"limit_per_host": 2}, {"force_close": True}])
async def test_tcp_connectors_pass(options: Any) -> None:
    assert await check_connector(lambda _: TCPConnector(**options)) == []


class Pipe(asyncio.Transport):
    """One end of a pipe in memory: what is written here is heard by the other end in a later turn."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__({})
        self.protocol = protocol
        self.other: Pipe | None = None
        self.loop = asyncio.get_running_loop()
        self.paused, self.held = False, deque[bytes]()

    def write(self, data: Any) -> None:
        if self.other is not None:
            self.other.held.append(bytes(data))
            self.loop.call_soon(self.other.hear)

    def hear(self) -> None:
        while self.held and not self.paused:
            self.protocol.data_received(self.held.popleft())

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False
        self.loop.call_soon(self.hear)

    def is_closing(self) -> bool:
        return self.other is None

    def close(self) -> None:
        other, self.other = self.other, None
        if other is not None:
            self.loop.call_soon(self.protocol.connection_lost, None)
            self.loop.call_soon(other.end)

    abort = close

    def end(self) -> None:
        self.hear()
        if self.other is not None:
            self.protocol.eof_received()
            self.close()


class PipedConnector(BaseConnector):
    """One without sockets: what the pool dials is one end of a pipe."""

    def __init__(self, origin: Origin) -> None:
        super().__init__()
        self._origin = origin

    async def dial(self, route: Route) -> Http1Connection:
        made = Http1Connection(asyncio.get_running_loop())
        here, there = Pipe(made), Pipe(self._origin.protocol())
        here.other, there.other = there, here
        for end in (there, here):
            end.protocol.connection_made(end)
        return made


@pytest.mark.usefixtures("serve")
async def test_a_connector_with_a_dial_of_its_own_passes() -> None:
    assert await check_connector(PipedConnector) == []


class Wrapped:
    """A connector around ours, of which a subclass spoils something."""

    def __init__(self, _origin: Origin) -> None:
        self.behind = TCPConnector()

    @property
    def closed(self) -> bool:
        return self.behind.closed

    async def connect(self, url: URL, *, options: ExchangeOptions = OPTIONS, **more: Any) -> Exchange:
        return await self.behind.connect(url, options=options, **more)

    def close(self) -> Closing:
        return self.behind.close()


async def test_a_wrapper_that_spoils_nothing_passes() -> None:
    assert await check_connector(Wrapped) == []


class LosesPlaces(Wrapped):
    """Has a limit of its own, and forgets it when a request is cancelled."""

    def __init__(self, origin: Origin) -> None:
        super().__init__(origin)
        self.turn = asyncio.Lock()

    async def connect(self, url: URL, *, options: ExchangeOptions = OPTIONS, **more: Any) -> Exchange:
        await self.turn.acquire()
        exchange = await super().connect(url, options=options, **more)
        self.turn.release()
        return exchange


class ForgetsOptions(Wrapped):
    async def connect(self, url: URL, *, options: ExchangeOptions = OPTIONS, **more: Any) -> Exchange:
        return await super().connect(url, options=replace(options, parser=OPTIONS.parser), **more)


class TakesWhatIsThere(Wrapped):
    async def connect(self, url: URL, *, options: ExchangeOptions = OPTIONS, **more: Any) -> Exchange:
        return await super().connect(url, options=replace(options, fresh=False), **more)


class SwallowsCancellation(Wrapped):
    async def connect(self, url: URL, *, options: ExchangeOptions = OPTIONS, **more: Any) -> Exchange:
        with suppress(asyncio.CancelledError):
            return await super().connect(url, options=options, **more)
        return await super().connect(url, options=options, **more)


class NeverClosed(Wrapped):
    @property
    def closed(self) -> bool:
        return False


class OutlivesItsEnd(Wrapped):
    """Goes on with another connector when the first is closed."""

    has_ended = False

    @property
    def closed(self) -> bool:
        return self.has_ended

    async def connect(self, url: URL, *, options: ExchangeOptions = OPTIONS, **more: Any) -> Exchange:
        if self.behind.closed:
            self.behind = TCPConnector()
        return await super().connect(url, options=options, **more)

    def close(self) -> Closing:
        self.has_ended = True
        return super().close()


class LeavesTasks(Wrapped):
    async def connect(self, url: URL, *, options: ExchangeOptions = OPTIONS, **more: Any) -> Exchange:
        self.task = asyncio.ensure_future(asyncio.Event().wait())
        return await super().connect(url, options=options, **more)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (LosesPlaces, "a request that is cancelled ends, and no other with it: takes longer than"),
        (ForgetsOptions, "answers are read as the options say: the parser of the options is not used"),
        (TakesWhatIsThere, "a fresh connection is one that carried nothing: the options ask for a fresh"),
        (SwallowsCancellation, "a request that is cancelled ends, and no other with it: a request that was"),
        (NeverClosed, "close ends everything: closed is False after close was called"),
        (OutlivesItsEnd, "close ends everything: it connects though it is closed"),
        (LeavesTasks, "an exchange brings the answer to its own request: leaves tasks behind"),
    ],
)
async def test_a_bad_connector_is_told_which_rule_it_breaks(
    bad: Callable[[Origin], Wrapped], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if bad is LosesPlaces:  # a rule that waits for what does not come
        monkeypatch.setattr("whimbrel_connector.testing._judging.RULE_SECONDS", 0.5)
    failures = await check_connector(bad)
    assert any(told in failure for failure in failures), failures


async def test_the_origin_answers_as_its_table_says() -> None:
    async with Origin() as origin, TCPConnector() as connector:
        from whimbrel_connector import Request  # noqa: PLC0415  beside its only use

        async def ask(target: str, read_seconds: float | None = None) -> bytes:
            options = ExchangeOptions(read_seconds=read_seconds)
            exchange = await connector.connect(origin.url, options=options)
            try:
                await exchange.send(Request("GET", target, [("Host", origin.host)]))
                return await exchange.content.read()
            finally:
                exchange.close()

        assert await ask("/plain/1") == await ask("/chunked/1") == await ask("/closing/1") == b"1"
        assert await ask("/large/1") == b"1" + bytes(300_000)
        assert await ask("/echo/1") == b"1 0"
        for target in ("/mute/1", "/endless/1"):
            with pytest.raises(ReadTimeout):
                await ask(target, read_seconds=0.05)
        with pytest.raises(ServerDisconnected):
            await ask("/hangup/1")
