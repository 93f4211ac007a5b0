"""Happy Eyeballs: which of several attempts succeeds first (RFC 8305 sections 4 and 5).

An attempt is never given up because another one begins: it may just be slow.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain, zip_longest
from typing import TypeVar

from whimbrel_connector._addresses import Candidate

__all__ = ["first_success", "interleaved"]

_T = TypeVar("_T")
_A = TypeVar("_A")


async def first_success(
    choices: Sequence[_A],
    attempt: Callable[[_A], Awaitable[_T | None]],
    delay: float | None,
    discard: Callable[[_T], object],
) -> _T | None:
    """Return what the first attempt to succeed gives, or None where each one has failed.

    Args:
        choices: What is tried, in order.
        attempt: Tries one of them; returns None where it failed.
        delay: Seconds after which the next is tried beside those under way. It is tried at once when one
            of them fails. None tries one after another.
        discard: Called with what another attempt gave that succeeded at the same moment, or after this
            was cancelled.
    """
    if delay is None or len(choices) == 1:
        for choice in choices:
            if (gained := await attempt(choice)) is not None:
                return gained
        return None
    return await _race(deque(choices), attempt, delay, discard)


async def _race(
    waiting: "deque[_A]",
    attempt: Callable[[_A], Awaitable[_T | None]],
    delay: float,
    discard: Callable[[_T], object],
) -> _T | None:
    running: set[asyncio.Task[_T | None]] = set()
    winner: _T | None = None

    def forget(task: "asyncio.Task[_T | None]") -> None:
        if not task.cancelled() and task.exception() is None and (gained := task.result()) is not None:
            discard(gained)

    try:
        while winner is None and (waiting or running):
            if waiting:
                running.add(asyncio.ensure_future(_started(attempt, waiting.popleft())))
            done, _ = await asyncio.wait(
                running, timeout=delay if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                if winner is None:
                    running.discard(task)
                    winner = task.result()
    finally:
        for task in running:
            task.cancel()
            task.add_done_callback(forget)
    return winner


async def _started(attempt: Callable[[_A], Awaitable[_T | None]], choice: _A) -> _T | None:
    return await attempt(choice)


def interleaved(addresses: Iterable[Candidate], first: int) -> list[Candidate]:
    """Return `addresses` with their families in turn (RFC 8305 section 4).

    The other families come after `first` addresses of the first one.
    """
    families: dict[int, deque[Candidate]] = {}
    for address in addresses:
        families.setdefault(address.family, deque()).append(address)
    queues = list(families.values())
    ahead = [queues[0].popleft() for _ in range(min(first - 1, len(queues[0])))] if queues else []
    rounds = chain.from_iterable(zip_longest(*queues))
    return [*ahead, *(address for address in rounds if address is not None)]
