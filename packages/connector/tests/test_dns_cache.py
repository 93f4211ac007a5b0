"""The cache before a resolver."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import pytest

from whimbrel_connector import CachingResolver, ResolveResult, StaticResolver
from whimbrel_connector._addresses import literal_address


class Scripted:
    """Answers when told to, and counts."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []
        self.answers: list[asyncio.Future[Sequence[ResolveResult]]] = []
        self.cancelled = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> Sequence[ResolveResult]:
        self.asked.append((host, port, family))
        answer: asyncio.Future[Sequence[ResolveResult]] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        try:
            return await answer
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def wanted(self, count: int) -> None:
        while len(self.answers) < count:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0)


ANSWER = [literal_address("shore.example", "192.0.2.1", 80)]
NO_NAME = socket.gaierror(socket.EAI_NONAME, "no such host")


class Clock:
    """A clock that is turned by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def cached(scripted: Scripted, **options: float | None) -> CachingResolver:
    return CachingResolver(scripted, **{"ttl_seconds": 10, "clock": Clock(), **options})  # type: ignore[arg-type]  # by keyword


def asked(cache: CachingResolver, host: str = "shore.example") -> asyncio.Task[Sequence[ResolveResult]]:
    return asyncio.get_running_loop().create_task(cache.resolve(host, 80))


async def test_many_who_ask_at_once_share_one_lookup() -> None:
    scripted = Scripted()
    cache = cached(scripted)
    asking = [asked(cache) for _ in range(20)]
    await scripted.wanted(1)
    scripted.answers[0].set_result(ANSWER)
    assert await asyncio.gather(*asking) == [ANSWER] * 20
    assert scripted.asked == [("shore.example", 80, socket.AF_INET)]


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    scripted = Scripted()
    cache = cached(scripted)
    first, second = asked(cache), asked(cache)
    await scripted.wanted(1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    scripted.answers[0].set_result(ANSWER)
    assert await second == ANSWER


async def test_the_last_one_who_gives_up_ends_the_lookup_and_the_next_begins_another() -> None:
    scripted = Scripted()
    cache = cached(scripted)
    asking = [asked(cache) for _ in range(3)]
    await scripted.wanted(1)
    for task in asking:
        task.cancel()
    await asyncio.wait(asking)
    again = asked(cache)
    await scripted.wanted(2)
    assert scripted.cancelled == 1
    scripted.answers[1].set_result(ANSWER)
    assert await again == ANSWER
    assert cache.stop() == []


@pytest.mark.parametrize("turns", range(6))
async def test_giving_up_at_any_moment_leaves_nothing_behind(turns: int) -> None:
    scripted = Scripted()
    cache = cached(scripted)
    asking = asked(cache)
    for _ in range(turns):
        await asyncio.sleep(0)
    if scripted.answers:
        scripted.answers[0].set_exception(OSError("no such host"))
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    await asyncio.wait({*cache.stop(), asking})
    assert cache.stop() == []


@pytest.mark.parametrize(("ttl", "lookups"), [(10, 2), (None, 1), (0, 3)])
async def test_answers_are_kept_for_a_while(ttl: float | None, lookups: int) -> None:
    scripted, clock = Scripted(), Clock()
    cache = CachingResolver(scripted, ttl_seconds=ttl, clock=clock)
    for now in (0.0, 9.9, 10.0):
        clock.now = now
        asking = asked(cache)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if scripted.answers and not scripted.answers[-1].done():
            scripted.answers[-1].set_result(ANSWER)
        assert await asking == ANSWER
    assert len(scripted.asked) == lookups


@pytest.mark.parametrize(
    ("fault", "lookups"),
    [
        (NO_NAME, 2),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), 3),
        (OSError("network is unreachable"), 3),
        (TimeoutError(), 3),
    ],
)
async def test_only_that_there_is_no_address_is_remembered(fault: OSError, lookups: int) -> None:
    scripted, clock = Scripted(), Clock()
    cache = CachingResolver(scripted, ttl_seconds=None, negative_ttl_seconds=1, clock=clock)
    for now in (0.0, 0.9, 1.0):
        clock.now = now
        asking = asked(cache)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if not scripted.answers[-1].done():
            scripted.answers[-1].set_exception(fault)
        with pytest.raises(type(fault)) as caught:
            await asking
        assert caught.value is fault
    assert len(scripted.asked) == lookups


async def test_an_empty_answer_is_remembered_as_one() -> None:
    scripted = Scripted()
    cache = cached(scripted, negative_ttl_seconds=1)
    asking = asked(cache)
    await scripted.wanted(1)
    scripted.answers[0].set_result([])
    assert await asking == await asked(cache) == []
    assert len(scripted.asked) == 1


async def test_an_error_that_is_remembered_does_not_grow() -> None:
    def depth(fault: BaseException) -> int:
        place, frames = fault.__traceback__, 0
        while place is not None:
            place, frames = place.tb_next, frames + 1
        return frames

    cache = CachingResolver(StaticResolver({}), ttl_seconds=None, negative_ttl_seconds=1, clock=Clock())
    depths = set()
    for _ in range(5):
        with pytest.raises(socket.gaierror) as caught:
            await cache.resolve("shore.example", 80)
        depths.add(depth(caught.value))
    assert max(depths) < 10


async def test_failures_reach_all_who_wait_and_are_not_kept() -> None:
    scripted = Scripted()
    cache = cached(scripted)
    asking = [asked(cache) for _ in range(3)]
    await scripted.wanted(1)
    scripted.answers[0].set_exception(OSError("no such host"))
    assert [str(fault) for fault in await asyncio.gather(*asking, return_exceptions=True)] == [
        "no such host"
    ] * 3
    again = asked(cache)
    await scripted.wanted(2)
    scripted.answers[1].set_result(ANSWER)
    assert await again == ANSWER


async def test_whatever_else_a_resolver_raises_reaches_all_who_wait() -> None:
    scripted = Scripted()
    cache = cached(scripted)
    asking = [asked(cache) for _ in range(2)]
    await scripted.wanted(1)
    scripted.answers[0].set_exception(LookupError("a bug"))
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [LookupError] * 2


async def test_addresses_take_turns_within_their_family() -> None:
    table = {"shore.example": ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "192.0.2.3"]}
    cache = CachingResolver(StaticResolver(table), ttl_seconds=None, clock=Clock())
    orders = []
    for _ in range(3):
        answer = await cache.resolve("shore.example", 80, socket.AF_UNSPEC)
        orders.append([result["host"].rpartition(".")[2].rpartition(":")[2] for result in answer])
    assert orders == [["1", "1", "2", "2", "3"], ["2", "2", "1", "3", "1"], ["1", "3", "2", "1", "2"]]


async def test_the_cache_is_bounded_and_forgets_what_nobody_asked_for_lately() -> None:
    resolver = StaticResolver({f"{number}.example": ["192.0.2.1"] for number in range(50)})
    cache = CachingResolver(resolver, ttl_seconds=None, clock=Clock(), most=10)
    for number in range(50):
        await cache.resolve("0.example", 80)
        await cache.resolve(f"{number}.example", 80)
    assert len(cache._answers) == 10
    assert ("0.example", 80, socket.AF_INET) in cache._answers


async def test_the_cache_tells_families_and_ports_apart() -> None:
    resolver = StaticResolver({"shore.example": ["192.0.2.1", "2001:db8::1"]})
    cache = CachingResolver(resolver, ttl_seconds=None, clock=Clock())
    four = await cache.resolve("shore.example", 80, socket.AF_INET)
    six = await cache.resolve("shore.example", 443, socket.AF_INET6)
    assert [(result["host"], result["port"]) for result in (*four, *six)] == [
        ("192.0.2.1", 80),
        ("2001:db8::1", 443),
    ]
    cache.clear("shore.example", 80)
    assert len(cache._answers) == 1
    cache.clear()
    assert not cache._answers


async def test_what_is_looked_up_while_the_cache_is_cleared_is_not_kept() -> None:
    scripted = Scripted()
    cache = cached(scripted)
    before = asked(cache)
    await scripted.wanted(1)
    cache.clear()
    after = asked(cache)
    await scripted.wanted(2)
    newer = [literal_address("shore.example", "192.0.2.2", 80)]
    scripted.answers[1].set_result(newer)
    assert await after == newer
    scripted.answers[0].set_result(ANSWER)
    assert await before == ANSWER
    assert await asked(cache) == newer


async def test_a_resolver_that_is_cancelled_within_cancels_nobody_who_asked() -> None:
    scripted = Scripted()
    cache = cached(scripted)
    asking = asked(cache)
    await scripted.wanted(1)
    scripted.answers[0].cancel()
    with pytest.raises(OSError, match="gave the lookup up"):
        await asking


@pytest.mark.parametrize("turns", [1, 2, 3])
async def test_stopping_ends_lookups(turns: int) -> None:
    cache = cached(Scripted())
    asking = asked(cache)
    for _ in range(turns):
        await asyncio.sleep(0)
    stopped = cache.stop()
    assert len(stopped) == 1
    await asyncio.wait([*stopped, asking])
    assert asking.cancelled()
    assert cache.stop() == []
