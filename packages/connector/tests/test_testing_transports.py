"""The kit for transports: the loops' own pass it, and bad ones do not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from whimbrel_connector.testing import TlsPair, check_transports
from whimbrel_connector.testing.transports import _Scene
from whimbrel_connector.transports import LOOP_TRANSPORTS

if TYPE_CHECKING:
    from .conftest import Authority


@pytest.mark.usefixtures("serve")
async def test_the_transports_of_the_loop_pass() -> None:
    assert await check_transports() == []


@pytest.mark.usefixtures("serve")
async def test_the_transports_of_the_loop_pass_over_tls(authority: Authority) -> None:
    own_loop = type(asyncio.get_running_loop()).__module__.startswith("asyncio")
    if own_loop and sys.version_info < (3, 11):
        pytest.skip("asyncio's TLS in Python 3.10 tells the peer's end by connection_lost alone")
    pair = TlsPair(authority.client(), authority.server("127.0.0.1"))
    assert await check_transports(tls=pair) == []


async def test_who_is_accepted_when_the_kit_has_ended_is_turned_away() -> None:
    scene = _Scene(LOOP_TRANSPORTS, None)
    server = await scene.serve()
    scene.end()
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    assert await reader.read() == b""
    writer.close()
    server.close()


class Wrapped(asyncio.Transport):
    """A transport of which a subclass spoils something."""

    def __init__(self, beneath: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.beneath = beneath
        self.protocol = protocol

    def __getattribute__(self, name: str) -> Any:
        own = type(self).__dict__
        if name in own or name in {"beneath", "protocol", "__class__"}:
            return super().__getattribute__(name)
        return getattr(super().__getattribute__("beneath"), name)


class _Between(asyncio.Protocol):
    """Gives the protocol the wrapper in the place of the transport."""

    def __init__(self, protocol: Any, wrapper: type[Wrapped], spoil: str) -> None:
        self.protocol, self.wrapper, self.spoil = protocol, wrapper, spoil

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = self.wrapper(transport, self.protocol)  # type: ignore[arg-type]  # it is one
        self.protocol.connection_made(self.transport)

    def data_received(self, data: bytes) -> None:
        self.protocol.data_received(data)

    def eof_received(self) -> Any:
        return None if self.spoil == "eof" else self.protocol.eof_received()

    def pause_writing(self) -> None:
        if self.spoil != "pause":
            self.protocol.pause_writing()

    def resume_writing(self) -> None:
        self.protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self.protocol.connection_lost(None if self.spoil == "reset" else exc)
        if self.spoil == "twice":
            self.protocol.connection_lost(exc)


class Spoilt:
    """Makes transports that have one defect."""

    def __init__(self, wrapper: type[Wrapped] = Wrapped, spoil: str = "") -> None:
        self.wrapper, self.spoil = wrapper, spoil

    async def create_connection(
        self, loop: asyncio.AbstractEventLoop, factory: Callable[[], Any], /, **options: Any
    ) -> Any:
        between = _Between(factory(), self.wrapper, self.spoil)
        await loop.create_connection(lambda: between, **options)
        if self.spoil == "late":
            between.protocol.calls.insert(0, "data")
        return between.transport, between.protocol

    async def start_tls(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError


class Reorders(Wrapped):
    def write(self, data: Any) -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(self.beneath.write, data) if data == b"whim" else self.beneath.write(data)


class NeverPauses(Wrapped):
    def pause_reading(self) -> None:
        pass


class DropsOnClose(Wrapped):
    def close(self) -> None:
        self.beneath.abort()


class HasNoSocket(Wrapped):
    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return None


class LooksOpen(Wrapped):
    def is_closing(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (Spoilt(Reorders), "bytes arrive as they were sent: writes arrive out of order"),
        (Spoilt(NeverPauses), "reading can be paused:"),
        (Spoilt(DropsOnClose), "close sends what was written, and is told once: close loses"),
        (Spoilt(HasNoSocket), "it knows its socket: the default is not returned"),
        (Spoilt(LooksOpen), "is_closing is False after abort"),
        (Spoilt(spoil="eof"), "the peer's end is told: eof_received is not called"),
        (Spoilt(spoil="pause"), "it says when it is full, and when it is not any more: pause_writing is not"),
        (Spoilt(spoil="reset"), "a reset is told as None, which is no OSError"),
        (Spoilt(spoil="twice"), "connection_lost comes once, and last"),
        (Spoilt(spoil="late"), "the protocol has not received its transport first of all"),
    ],
)
async def test_bad_transports_are_told_which_rule_they_break(bad: Any, told: str) -> None:
    failures = await check_transports(bad)
    assert any(told in failure for failure in failures), failures
