"""Requests that are cancelled at random moments, over few connections, with the number of each in its answer.

    python -m torture.randomly --count 100000 --loop uvloop

Ends with what was seen, and with 1 as its status where an answer was foreign or something was left.
"""

import argparse
import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from peers.scripted import ScriptedServer
from scenes.loops import new_loop

from torture.site import Site
from torture.stage import Stage
from whimbrel import ClientSession, TCPConnector

__all__ = ["Outcome", "cancel_randomly", "main"]

CONNECTIONS = 50
AT_ONCE = 200
USUAL_TURNS = 60
ROUTES = ("plain", "chunked", "gzip", "large", "interim", "close", "hop1", "empty")


@dataclass
class Outcome:
    """What was seen.

    Attributes:
        cancelled: Requests that ended by their cancellation.
        answered: Those that were answered before it.
        failed: What else they ended with, each of them a defect.
        left: What was still there in the end, each a defect too.
    """

    cancelled: int = 0
    answered: int = 0
    failed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


async def cancel_randomly(count: int, seed: int) -> Outcome:
    """Cancel `count` requests, and see that the others get their own answers and nothing is left."""
    dice, outcome, site = random.Random(seed), Outcome(), Site()
    async with ScriptedServer(site.script):
        pass  # the loop has all of its own descriptors now
    before = _descriptors()
    async with ScriptedServer(site.script) as server:
        connector = TCPConnector(limit=CONNECTIONS)
        async with ClientSession(connector=connector) as session:
            stage = Stage(session, site, server.url.rstrip("/"))
            watch = _Watch(connector)
            await asyncio.gather(*(_keep_busy(stage, dice, outcome, count, watch) for _ in range(AT_ONCE)))
            _see(outcome, watch.most <= CONNECTIONS, f"{watch.most} connections at once")
            _see(outcome, connector.statistics.waiting == 0, f"waiting: {connector.statistics}")
            # Every place in the pool still works.
            await asyncio.gather(*(stage.get("plain") for _ in range(2 * CONNECTIONS)))
        _see(outcome, connector.statistics.open == 0, f"open: {connector.statistics}")
        await server.until_idle()
        _see(outcome, len(set(site.executed)) == len(site.executed), "a POST was executed twice")
    others = asyncio.all_tasks() - {asyncio.current_task()}
    _see(outcome, not others, f"tasks: {others}")
    for _ in range(200):  # a socket goes a turn or two after its end was told
        if _descriptors() > before:
            await asyncio.sleep(0.01)
    _see(outcome, _descriptors() <= before, f"{_descriptors()} descriptors, {before} before")
    return outcome


class _Watch:
    """The most connections that the pool had when somebody looked."""

    def __init__(self, connector: TCPConnector) -> None:
        self._connector = connector
        self.most = 0

    def look(self) -> None:
        self.most = max(self.most, self._connector.statistics.open)


async def _keep_busy(stage: Stage, dice: random.Random, outcome: Outcome, count: int, watch: _Watch) -> None:
    """Make one request after another, each with a cancellation on its way."""
    loop = asyncio.get_running_loop()
    while outcome.cancelled < count:
        request = loop.create_task(_request(stage, dice))
        if dice.random() < 0.8:
            _after_turns(int(dice.expovariate(1 / USUAL_TURNS)), request.cancel)
        else:
            loop.call_later(dice.random() / 10, request.cancel)
        await asyncio.wait([request])
        watch.look()
        if request.cancelled():
            outcome.cancelled += 1
        elif (fault := request.exception()) is None:
            outcome.answered += 1
        else:
            outcome.failed.append(repr(fault))


async def _request(stage: Stage, dice: random.Random) -> None:
    if dice.random() < 0.3:
        url, number = stage.target("echo")
        data: Any = b"cargo" if dice.random() < 0.5 else _pieces()
        async with stage.session.post(url, data=data) as response:
            await stage.check(response, number, f"{number} 5")
    else:
        await stage.get(dice.choice(ROUTES))


async def _pieces() -> AsyncIterator[bytes]:
    for piece in (b"ca", b"rgo"):
        yield piece
        await asyncio.sleep(0)


def _after_turns(turns: int, callback: Callable[[], object]) -> None:
    """Call back after so many turns of the loop."""
    if turns:
        asyncio.get_running_loop().call_soon(_after_turns, turns - 1, callback)
    else:
        callback()


def _see(outcome: Outcome, holds: bool, otherwise: str) -> None:
    if not holds:
        outcome.left.append(otherwise)


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0


def main(arguments: list[str]) -> int:
    """Run as the arguments say, print what was seen, and return 1 for defects."""
    parser = argparse.ArgumentParser(description="Cancel requests at random moments.")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    loop = new_loop(chosen.loop)
    complaints: list[str] = []
    loop.set_exception_handler(lambda _loop, context: complaints.append(str(context)))
    began = time.monotonic()
    try:
        outcome = loop.run_until_complete(cancel_randomly(chosen.count, chosen.seed))
    finally:
        loop.close()
    defects = outcome.failed + outcome.left + complaints
    sys.stdout.write(
        f"{chosen.loop}: {outcome.cancelled} cancelled, {outcome.answered} answered with their own numbers, "
        f"{len(outcome.failed)} failed, {len(outcome.left)} left, {len(complaints)} complaints of the loop, "
        f"in {time.monotonic() - began:.0f} s with seed {chosen.seed}\n"
    )
    for defect in defects[:20]:
        sys.stdout.write(f"  {defect}\n")
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
