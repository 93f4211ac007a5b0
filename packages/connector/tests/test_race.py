"""Happy Eyeballs: the order of attempts, and that nothing is left of those that lose."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest

from whimbrel_connector._addresses import Candidate
from whimbrel_connector._race import first_success, interleaved

FAR = 3600.0


class Attempts:
    """Attempts that end when they are told to."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.given_up: list[str] = []
        self.discarded: list[str | None] = []
        self.ends: dict[str, asyncio.Future[str | None]] = {}

    async def __call__(self, name: str) -> str | None:
        self.begun.append(name)
        self.ends[name] = asyncio.get_running_loop().create_future()
        try:
            return await self.ends[name]
        except asyncio.CancelledError:
            self.given_up.append(name)
            raise

    def race(self, names: str, delay: float | None) -> asyncio.Task[str | None]:
        return asyncio.get_running_loop().create_task(
            first_success(list(names), self, delay, self.discarded.append)
        )

    async def running(self, names: str) -> None:
        while "".join(self.begun) != names:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize("delay", [None, FAR])
async def test_the_next_is_tried_as_soon_as_one_fails(delay: float | None) -> None:
    attempts = Attempts()
    race = attempts.race("abc", delay)
    await attempts.running("a")
    attempts.ends["a"].set_result(None)
    await attempts.running("ab")
    attempts.ends["b"].set_result("b")
    assert await race == "b"
    assert attempts.begun == ["a", "b"]


@pytest.mark.parametrize("delay", [None, 0.0, FAR])
async def test_that_all_fail_is_nothing(delay: float | None) -> None:
    attempts = Attempts()
    race = attempts.race("abc", delay)
    for names in ("a", "ab", "abc"):
        while len(attempts.begun) < len(names):  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0)
        attempts.ends[names[-1]].set_result(None)
    assert await race is None


async def test_a_slow_attempt_goes_on_beside_those_that_begin_later() -> None:
    attempts = Attempts()
    race = attempts.race("abc", 0.0)
    await attempts.running("abc")
    assert attempts.given_up == []
    attempts.ends["b"].set_result(None)
    attempts.ends["a"].set_result("a")
    assert await race == "a"
    await settled()
    assert (attempts.given_up, attempts.discarded) == (["c"], [])


async def test_of_two_that_succeed_at_once_one_is_discarded() -> None:
    attempts = Attempts()
    race = attempts.race("ab", 0.0)
    await attempts.running("ab")
    for name in "ab":
        attempts.ends[name].set_result(name)
    winner = await race
    await settled()
    assert {winner, *attempts.discarded} == {"a", "b"}


async def test_cancelling_gives_up_all_and_keeps_nothing() -> None:
    for succeeded in ("", "a", "ab"):
        attempts = Attempts()
        race = attempts.race("ab", 0.0)
        await attempts.running("ab")
        for name in succeeded:
            attempts.ends[name].set_result(name)
        race.cancel()
        await asyncio.wait([race])
        await settled()
        assert race.cancelled()
        assert sorted(attempts.given_up) == list("ab")[len(succeeded) :]
        assert sorted(map(str, attempts.discarded)) == list(succeeded)


async def test_whatever_else_an_attempt_raises_ends_the_race() -> None:
    attempts = Attempts()
    race = attempts.race("ab", 0.0)
    await attempts.running("ab")
    attempts.ends["a"].set_exception(LookupError("a bug"))
    with pytest.raises(LookupError):
        await race
    await settled()
    assert attempts.given_up == ["b"]


@pytest.mark.parametrize(
    ("first", "order"),
    [(1, "646444"), (2, "664444"), (3, "664444")],
)
def test_families_take_turns(first: int, order: str) -> None:
    addresses = [Candidate(ip_address(f"2001:db8::{number}"), 80) for number in (1, 2)]
    addresses += [Candidate(ip_address(f"192.0.2.{number}"), 80) for number in (1, 2, 3, 4)]
    mixed = interleaved(addresses, first)
    assert "".join(str(each.address.version) for each in mixed) == order
    assert sorted(mixed, key=addresses.index) == addresses
    assert interleaved([], first) == []
