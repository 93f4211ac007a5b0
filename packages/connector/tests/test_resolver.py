"""From names to addresses, and the cache before the resolver."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import pytest

from whimbrel_connector import (
    AbstractResolver,
    CachingResolver,
    ResolveResult,
    StaticResolver,
    ThreadedResolver,
)
from whimbrel_connector.resolver import _host_of, is_address, literal_address


class Scripted:
    """Answers when told to, and counts."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []
        self.answers: list[asyncio.Future[Sequence[ResolveResult]]] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> Sequence[ResolveResult]:
        self.asked.append((host, port, family))
        answer: asyncio.Future[Sequence[ResolveResult]] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        return await answer

    async def wanted(self, count: int) -> None:
        while len(self.answers) < count:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0)


ANSWER = [literal_address("shore.example", "192.0.2.1", 80)]


class Clock:
    """A clock that is turned by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_many_who_ask_at_once_share_one_lookup() -> None:
    scripted = Scripted()
    cache = CachingResolver(scripted, ttl_seconds=10, clock=Clock())
    asking = [asyncio.ensure_future(cache.resolve("shore.example", 80)) for _ in range(20)]
    await scripted.wanted(1)
    scripted.answers[0].set_result(ANSWER)
    assert await asyncio.gather(*asking) == [ANSWER] * 20
    assert scripted.asked == [("shore.example", 80, socket.AF_INET)]


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    scripted = Scripted()
    cache = CachingResolver(scripted, ttl_seconds=10, clock=Clock())
    first, second = (asyncio.ensure_future(cache.resolve("shore.example", 80)) for _ in range(2))
    await scripted.wanted(1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    scripted.answers[0].set_result(ANSWER)
    assert await second == ANSWER


@pytest.mark.parametrize(("ttl", "lookups"), [(10, 2), (None, 1), (0, 3)])
async def test_answers_are_kept_for_a_while(ttl: float | None, lookups: int) -> None:
    scripted, clock = Scripted(), Clock()
    cache = CachingResolver(scripted, ttl_seconds=ttl, clock=clock)
    for now in (0.0, 9.9, 10.0):
        clock.now = now
        asking = asyncio.ensure_future(cache.resolve("shore.example", 80))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if scripted.answers and not scripted.answers[-1].done():
            scripted.answers[-1].set_result(ANSWER)
        assert await asking == ANSWER
        await asyncio.sleep(0)
    assert len(scripted.asked) == lookups


async def test_failures_reach_all_who_wait_and_are_not_kept() -> None:
    scripted = Scripted()
    cache = CachingResolver(scripted, ttl_seconds=None, clock=Clock())
    asking = [asyncio.ensure_future(cache.resolve("shore.example", 80)) for _ in range(3)]
    await scripted.wanted(1)
    scripted.answers[0].set_exception(OSError("no such host"))
    assert [str(fault) for fault in await asyncio.gather(*asking, return_exceptions=True)] == [
        "no such host"
    ] * 3
    again = asyncio.ensure_future(cache.resolve("shore.example", 80))
    await scripted.wanted(2)
    scripted.answers[1].set_result(ANSWER)
    assert await again == ANSWER


async def test_a_failure_that_nobody_waits_for_is_nobodys() -> None:
    scripted = Scripted()
    cache = CachingResolver(scripted, ttl_seconds=None, clock=Clock())
    asking = asyncio.ensure_future(cache.resolve("shore.example", 80))
    await scripted.wanted(1)
    asking.cancel()
    await asyncio.wait([asking])
    scripted.answers[0].set_exception(OSError("no such host"))
    await asyncio.sleep(0)


async def test_the_cache_is_bounded() -> None:
    resolver = StaticResolver({f"{number}.example": ["192.0.2.1"] for number in range(50)})
    cache = CachingResolver(resolver, ttl_seconds=None, clock=Clock(), most=10)
    for number in range(50):
        await cache.resolve(f"{number}.example", 80)
    assert len(cache._answers) == 10


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


async def test_stopping_ends_lookups() -> None:
    cache = CachingResolver(Scripted(), ttl_seconds=None, clock=Clock())
    asking = asyncio.ensure_future(cache.resolve("shore.example", 80))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    stopped = cache.stop()
    assert len(stopped) == 1
    await asyncio.wait([*stopped, asking])
    assert asking.cancelled()
    assert cache.stop() == []


async def test_the_table_gives_what_fits() -> None:
    resolver = StaticResolver({"Shore.example": ["2001:db8::1", "192.0.2.1"]})
    both = await resolver.resolve("shore.EXAMPLE", 80, socket.AF_UNSPEC)
    assert [result["host"] for result in both] == ["2001:db8::1", "192.0.2.1"]
    assert [result["host"] for result in await resolver.resolve("shore.example", 80)] == ["192.0.2.1"]
    with pytest.raises(OSError, match="not in the table"):
        await resolver.resolve("sea.example")
    await resolver.close()


async def test_the_system_knows_the_loopback() -> None:
    resolver = ThreadedResolver()
    assert isinstance(resolver, AbstractResolver)
    found = await resolver.resolve("127.0.0.1", 80)
    assert [(result["host"], result["port"], result["family"]) for result in found] == [
        ("127.0.0.1", 80, socket.AF_INET)
    ]
    await resolver.close()


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("fe80::1%2", True),
        ("127.1", False),
        ("shore.example", False),
        ("0x7f.0.0.1", False),
        ("", False),
    ],
)
def test_addresses_are_told_from_names(host: str, known: bool) -> None:
    assert is_address(host) is known


def test_a_zone_stays_with_its_address() -> None:
    assert _host_of(("fe80::1", 80, 0, 3)) == "fe80::1%3"
    assert _host_of(("2001:db8::1", 80, 0, 0)) == "2001:db8::1"
    assert _host_of(("192.0.2.1", 80)) == "192.0.2.1"
    with pytest.raises(OSError, match="IPv6"):
        _host_of((10, b"raw"))
