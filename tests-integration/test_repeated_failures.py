"""Requests that fail over and over leave nothing behind (R-35): no place, no socket, no object, no memory."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from peers.alone import run_alone
from peers.certificates import Authority
from peers.scripted import OK, Peer, ScriptedServer, always
from scenes.loops import loop_name

FAILING = Path(__file__).parent / "scenes" / "failing.py"
COUNT = 300

Server = Callable[[Authority], AbstractAsyncContextManager[str]]


@asynccontextmanager
async def untrusted(authority: Authority) -> AsyncIterator[str]:
    async with ScriptedServer(always(OK), ssl=authority.server("127.0.0.1")) as server:
        yield server.url


@asynccontextmanager
async def without_tls(_authority: Authority) -> AsyncIterator[str]:
    async def script(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.send(b"220 shore.example ESMTP\r\n")

    async with ScriptedServer(script) as server:
        yield server.url.replace("http", "https")


@asynccontextmanager
async def silent(_authority: Authority) -> AsyncIterator[str]:
    async def script(peer: Peer) -> None:
        await peer.until_gone()

    async with ScriptedServer(script) as server:
        yield server.url.replace("http", "https")


@pytest.mark.parametrize(
    ("kind", "serving"),
    [
        ("raises", untrusted),
        ("raises", without_tls),
        ("pinned", untrusted),
        ("late", silent),
        ("cancelled", silent),
    ],
)
async def test_what_fails_over_and_over_grows_nothing(
    authority: Authority, kind: str, serving: Server
) -> None:
    """What a single failure left would be there COUNT times."""
    async with serving(authority) as url:
        printed = await run_alone(FAILING, loop_name(), kind, url, str(COUNT), strict=False)
    pool, descriptors, objects, grown_bytes = map(int, printed.split())
    assert pool == 0
    assert descriptors <= 0
    if kind in ("cancelled", "late") and loop_name() == "uvloop":
        return  # its timer of a handshake that was given up as it began holds that for a minute
    assert objects < 2 * COUNT  # asyncio lets a hundred cancelled timers be, each of them three objects
    assert grown_bytes < 65536
