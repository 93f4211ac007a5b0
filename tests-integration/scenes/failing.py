"""Let requests fail, ten at a time, and print by how much all but the first hundred grew what there is.

python failing.py LOOP KIND URL COUNT

KIND is how they fail: an entry of `KINDS`. What is printed: connections of the pool, descriptors, objects that
the garbage collector knows, and bytes that Python has allocated.
"""

import asyncio
import gc
import os
import ssl
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import suppress

import whimbrel
from scenes.loops import new_loop

AT_ONCE = 10
FIRST = 100
TURNS = 17  # a prime: cancellations meet each step of connecting

Failing = Callable[[whimbrel.ClientSession, str, int], Awaitable[None]]


async def _raises(session: whimbrel.ClientSession, url: str, _number: int) -> None:
    """Fail by what the server does."""
    try:
        await session.get(url)
    except whimbrel.ClientConnectionError:
        return
    raise AssertionError("a request succeeded")


async def _pinned(session: whimbrel.ClientSession, url: str, _number: int) -> None:
    """Fail because the server shows another certificate."""
    try:
        await session.get(url, ssl=whimbrel.Fingerprint(bytes(32)))
    except whimbrel.ServerFingerprintMismatch:
        return
    raise AssertionError("a request succeeded")


async def _late(session: whimbrel.ClientSession, url: str, _number: int) -> None:
    """Wait for a handshake that does not end."""
    try:
        await session.get(url, timeout=whimbrel.ClientTimeout(tls=0.01))
    except whimbrel.TLSTimeoutError:
        return
    raise AssertionError("a request succeeded")


async def _cancelled(session: whimbrel.ClientSession, url: str, number: int) -> None:
    """Give up somewhere on the way to a server that does not answer the handshake."""
    task = asyncio.ensure_future(_raises(session, url, number))
    for _ in range(number % TURNS):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


KINDS: dict[str, Failing] = {"raises": _raises, "pinned": _pinned, "late": _late, "cancelled": _cancelled}


async def fail(kind: str, url: str, count: str) -> None:
    session = whimbrel.ClientSession(connector=whimbrel.TCPConnector(ssl=ssl.create_default_context()))
    async with session:
        await _in_turn(KINDS[kind], session, url, FIRST)
        before = await _holdings(session)
        await _in_turn(KINDS[kind], session, url, int(count))
        after = await _holdings(session)
    grown = (str(now - then) for now, then in zip(after[1:], before[1:], strict=True))
    sys.stdout.write(" ".join([str(after[0]), *grown]) + "\n")


async def _in_turn(failing: Failing, session: whimbrel.ClientSession, url: str, count: int) -> None:
    for first in range(0, count, AT_ONCE):
        await asyncio.gather(*(failing(session, url, first + number) for number in range(AT_ONCE)))


async def _holdings(session: whimbrel.ClientSession) -> tuple[int, int, int, int]:
    connector = session.connector
    assert isinstance(connector, whimbrel.TCPConnector)
    for _ in range(1000):  # a connection that closes in order has its two seconds
        if not connector.statistics.open:
            break
        await asyncio.sleep(0.01)
    for _ in range(20):  # what was beneath it goes in the loop's next turns
        await asyncio.sleep(0.01)
        gc.collect()
    pool = connector.statistics.open
    descriptors = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    return pool, descriptors, len(gc.get_objects()), tracemalloc.get_traced_memory()[0]


def main(loop_name: str, *arguments: str) -> None:
    loop = new_loop(loop_name)
    loop.set_debug(False)  # in which it keeps where everything was made
    tracemalloc.start()
    loop.run_until_complete(fail(*arguments))
    loop.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
