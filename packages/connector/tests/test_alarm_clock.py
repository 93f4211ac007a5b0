"""`AlarmClock`: who is rung when, and how few timers that takes."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextvars import ContextVar

from whimbrel_connector import AlarmClock

SOON = 0.01
NEVER = 3600.0


class Sleeper:
    """Notes that it was rung."""

    def __init__(self, rung: list[str], name: str) -> None:
        self.rung = rung
        self.name = name
        self.woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def ring(self, late: float) -> None:
        """Note it."""
        self.rung.append(self.name)
        self.woken.set_result(None)


class CountingLoop(asyncio.SelectorEventLoop):
    """Counts its timers."""

    timers = 0

    def call_at(self, *arguments: object, **more: object) -> asyncio.TimerHandle:
        """Count one more."""
        self.timers += 1
        return super().call_at(*arguments, **more)  # type: ignore[arg-type]  # handed on as they came


async def test_they_are_rung_in_the_order_of_their_times() -> None:
    clock, rung = AlarmClock(), list[str]()
    sleepers = [Sleeper(rung, name) for name in ("late", "first", "second")]
    for seconds, sleeper in zip((50 * SOON, SOON, SOON), sleepers, strict=True):
        clock.set(seconds, sleeper)
    await asyncio.gather(*(sleeper.woken for sleeper in sleepers))
    assert rung == ["first", "second", "late"]


async def test_who_is_discarded_sleeps_on() -> None:
    clock, rung = AlarmClock(), list[str]()
    early, late = Sleeper(rung, "early"), Sleeper(rung, "late")
    row = clock.set(SOON, early)
    clock.set(SOON, late)
    row.discard(early)
    row.discard(early)
    await late.woken
    assert rung == ["late"]


async def test_what_one_raises_does_not_keep_the_others_asleep() -> None:
    class Broken(Sleeper):
        def ring(self, late: float) -> None:
            raise KeyError(self.name)

    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))
    clock, rung = AlarmClock(), list[str]()
    clock.set(SOON, Broken(rung, "broken"))
    sound = Sleeper(rung, "sound")
    clock.set(SOON, sound)
    await sound.woken
    assert [repr(fault) for fault in told] == ["KeyError('broken')"]


def test_many_that_are_called_off_cost_one_timer() -> None:
    async def scene() -> int:
        clock = AlarmClock()
        for _ in range(100):
            sleeper = Sleeper([], "")
            clock.set(NEVER, sleeper).discard(sleeper)
        return loop.timers

    loop = CountingLoop()
    try:
        assert loop.run_until_complete(scene()) == 1
    finally:
        loop.close()


def test_lengths_that_nobody_waits_for_do_not_pile_up() -> None:
    async def scene() -> int:
        clock = AlarmClock()
        for number in range(1000):
            sleeper = Sleeper([], "")
            clock.set(NEVER + number, sleeper).discard(sleeper)
        return sum(not handle.cancelled() for handle in loop._scheduled)  # type: ignore[attr-defined]  # asyncio's own

    loop = asyncio.SelectorEventLoop()
    try:
        assert loop.run_until_complete(scene()) < 20
    finally:
        loop.close()


def test_at_rest_it_leaves_no_timer_but_those_that_are_waited_for() -> None:
    async def scene() -> int:
        clock = AlarmClock()
        idle, waiting = Sleeper([], ""), Sleeper([], "")
        clock.set(NEVER, idle).discard(idle)
        clock.set(2 * NEVER, waiting)
        clock.rest()
        return sum(not handle.cancelled() for handle in loop._scheduled)  # type: ignore[attr-defined]  # asyncio's own

    loop = asyncio.SelectorEventLoop()
    try:
        assert loop.run_until_complete(scene()) == 1
    finally:
        loop.close()


def test_it_follows_to_another_loop() -> None:
    async def scene(name: str) -> None:
        sleeper = Sleeper(rung, name)
        clock.set(SOON, sleeper)
        await sleeper.woken

    clock, rung = AlarmClock(), list[str]()
    asyncio.run(scene("here"))
    asyncio.run(scene("there"))
    assert rung == ["here", "there"]


async def test_the_context_of_who_sets_an_alarm_is_not_kept() -> None:
    class Luggage:
        """What a context variable holds."""

    carried: ContextVar[Luggage] = ContextVar("carried")

    async def scene() -> weakref.ref[Luggage]:
        luggage = Luggage()
        carried.set(luggage)
        sleeper = Sleeper([], "")
        clock.set(NEVER, sleeper).discard(sleeper)
        return weakref.ref(luggage)

    clock = AlarmClock()
    luggage = await asyncio.get_running_loop().create_task(scene())
    await asyncio.sleep(0)
    gc.collect()
    assert luggage() is None
    clock.rest()
