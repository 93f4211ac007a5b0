"""Who makes transports: a stranger's, and the module aiofastnet as it is."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from whimbrel_connector import (
    CertificateRejected,
    Fingerprint,
    FingerprintMismatch,
    TCPConnector,
    TlsFailed,
    Transports,
    UnixConnector,
)
from whimbrel_connector.transports import LOOP_TRANSPORTS

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Authority, Line, Serve


class Counting:
    """The loop's own transports, counted."""

    def __init__(self) -> None:
        self.made = 0

    async def create_connection(self, loop: Any, factory: Any, /, **options: Any) -> Any:
        self.made += 1
        return await LOOP_TRANSPORTS.create_connection(loop, factory, **options)

    async def start_tls(self, *arguments: Any, **options: Any) -> Any:
        return await LOOP_TRANSPORTS.start_tls(*arguments, **options)


async def test_whoever_fits_makes_the_transports(serve: Serve, tmp_path: Path) -> None:
    counting = Counting()
    peer = await serve()
    async with TCPConnector(transports=counting) as connector:
        for _ in range(3):
            await peer.fetch(connector)
    path = str(tmp_path / "shore.sock")
    peer = await serve(path=path)
    async with UnixConnector(path, transports=counting) as unix:
        await peer.fetch(unix)
    assert counting.made == 2


@pytest.fixture
def fast() -> Transports:
    module: Transports = pytest.importorskip("aiofastnet")
    return module


def kind_of(transport: object) -> str:
    return type(transport).__module__.partition(".")[0]


async def test_aiofastnet_makes_plain_transports(serve: Serve, fast: Transports, tmp_path: Path) -> None:
    peer = await serve()
    async with TCPConnector(transports=fast) as connector:
        exchange = await connector.connect(peer.url)
        assert kind_of(exchange.transport) == "aiofastnet"
        exchange.close()
        for number in range(5):
            assert await peer.fetch(connector, f"/{number}") == (200, f"/{number}".encode(), number > 0)
    path = str(tmp_path / "shore.sock")
    peer = await serve(path=path)
    async with UnixConnector(path, transports=fast) as unix:
        assert (await peer.fetch(unix)).body == b"/"


async def test_a_large_body_passes_through_its_tls(
    serve: Serve, authority: Authority, fast: Transports
) -> None:
    async def large(line: Line) -> None:
        await line.request()
        line.answer(body)
        await line.end()

    body = bytes(range(256)) * 8192
    peer = await serve(large, context=authority.server("127.0.0.1"))
    async with TCPConnector(ssl=authority.client(), transports=fast) as connector:
        assert (await peer.fetch(connector)).body == body
        assert connector.statistics.idle == 1


async def test_its_tls_is_as_strict(serve: Serve, authority: Authority, fast: Transports) -> None:
    peer = await serve(context=authority.server("127.0.0.1"))
    digest = hashlib.sha256(authority.certificate).digest()
    async with TCPConnector(ssl=Fingerprint(digest), transports=fast) as connector:
        assert (await peer.fetch(connector)).body == b"/"
    wrong = Fingerprint(hashlib.sha256(b"another").digest())
    async with TCPConnector(ssl=wrong, transports=fast) as connector:
        with pytest.raises(FingerprintMismatch):
            await connector.connect(peer.url)
    async with TCPConnector(transports=fast) as connector:
        with pytest.raises(CertificateRejected):
            await connector.connect(peer.url)
        assert connector.statistics.open == 0
    elsewhere = await serve(context=authority.server("elsewhere.example"))
    async with TCPConnector(ssl=authority.client(), transports=fast) as connector:
        with pytest.raises(CertificateRejected):
            await connector.connect(elsewhere.url)


async def test_its_handshake_with_who_speaks_no_tls_is_an_error(serve: Serve, fast: Transports) -> None:
    async def plain(line: Line) -> None:
        line.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await line.end()

    peer = await serve(plain)
    async with TCPConnector(transports=fast) as connector:
        with pytest.raises(TlsFailed):
            await connector.connect(peer.url.replace("http:", "https:"))


async def test_its_idle_connections_that_the_server_ends_are_not_taken(
    serve: Serve, authority: Authority, fast: Transports
) -> None:
    async def once(line: Line) -> None:
        await line.request()
        line.answer()

    for context in (None, authority.server("127.0.0.1")):
        peer = await serve(once, context=context)
        async with TCPConnector(ssl=authority.client(), transports=fast) as connector:
            for _ in range(5):
                assert not (await peer.fetch(connector)).reused
                await peer.until(lambda peer=peer: not peer.open)  # type: ignore[misc]  # mypy knows no such lambda
                for _turn in range(10):
                    await asyncio.sleep(0)
        assert peer.accepted == 5


@pytest.mark.parametrize("name", ["asyncio", "aiofastnet"])
@pytest.mark.parametrize("turns", range(30))
async def test_one_that_is_cancelled_leaves_nothing(
    serve: Serve, authority: Authority, name: str, turns: int
) -> None:
    made = LOOP_TRANSPORTS if name == "asyncio" else pytest.importorskip(name)
    peer = await serve(context=authority.server("127.0.0.1"))
    async with TCPConnector(ssl=authority.client(), transports=made) as connector:
        connecting = asyncio.ensure_future(connector.connect(peer.url))
        for _ in range(turns):
            await asyncio.sleep(0)
        connecting.cancel()
        await asyncio.wait([connecting])
        if not connecting.cancelled():
            connecting.result().close()
    assert connector.statistics.open == 0
    await peer.until(lambda: not peer.open)
