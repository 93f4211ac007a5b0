"""Threads for calls that may hang."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from whimbrel_connector._lookup_threads import LookupThreads

PATIENCE_SECONDS = 60


class Hanging:
    """A call that hangs until it is let go, and counts how often it was made."""

    def __init__(self, result: str = "shore") -> None:
        self.calls = 0
        self._result = result
        self._go = threading.Event()
        self._begun = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def __call__(self) -> str:
        self.calls += 1
        self._loop.call_soon_threadsafe(self._begun.set)
        assert self._go.wait(PATIENCE_SECONDS)
        return self._result

    async def begun(self) -> None:
        await asyncio.wait_for(self._begun.wait(), PATIENCE_SECONDS)

    def let_go(self) -> None:
        self._go.set()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    for thread in workers():
        thread.join(PATIENCE_SECONDS)
    assert not workers()


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "whimbrel-lookup"]


def asked(threads: LookupThreads[str], function: Callable[[], str], key: str = "shore") -> asyncio.Task[str]:
    return asyncio.get_running_loop().create_task(threads.call(key, function))


async def test_what_is_returned_and_what_is_raised_reach_the_caller() -> None:
    def failing() -> str:
        raise LookupError("no tide")

    threads: LookupThreads[str] = LookupThreads(1)
    assert await threads.call("shore", lambda: "high") == "high"
    with pytest.raises(LookupError, match="no tide"):
        await threads.call("shore", failing)


async def test_there_are_never_more_threads_than_allowed() -> None:
    threads: LookupThreads[str] = LookupThreads(2)
    first, second, third = Hanging("1"), Hanging("2"), Hanging("3")
    asking = [asked(threads, call, str(number)) for number, call in enumerate((first, second, third))]
    await first.begun()
    await second.begun()
    assert (len(workers()), third.calls) == (2, 0)
    first.let_go()
    await third.begun()
    for call in (second, third):
        call.let_go()
    assert await asyncio.gather(*asking) == ["1", "2", "3"]


async def test_equal_questions_share_a_call() -> None:
    threads: LookupThreads[str] = LookupThreads(8)
    hanging = Hanging()
    asking = [asked(threads, hanging) for _ in range(20)]
    await hanging.begun()
    asking += [asked(threads, hanging) for _ in range(20)]
    await asyncio.sleep(0)
    hanging.let_go()
    assert await asyncio.gather(*asking) == ["shore"] * 40
    assert hanging.calls == 1


async def test_what_hangs_takes_one_thread_however_many_give_up_on_it() -> None:
    threads: LookupThreads[str] = LookupThreads(2)
    hanging = Hanging()
    for _ in range(10):
        given_up = asked(threads, hanging)
        await hanging.begun()
        given_up.cancel()
        await asyncio.wait([given_up])
    assert await threads.call("sea", lambda: "low") == "low"
    assert hanging.calls == 1
    hanging.let_go()


async def test_what_is_given_up_before_its_turn_is_never_called() -> None:
    threads: LookupThreads[str] = LookupThreads(1)
    hanging, never = Hanging(), Hanging()
    first = asked(threads, hanging)
    await hanging.begun()
    second = asked(threads, never, "sea")
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([second])
    hanging.let_go()
    assert await first == "shore"
    assert never.calls == 0


async def test_closing_turns_away_who_waits() -> None:
    threads: LookupThreads[str] = LookupThreads(1)
    hanging, never = Hanging(), Hanging()
    asking = [asked(threads, hanging), asked(threads, never, "sea")]
    await hanging.begun()
    threads.close()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert [(type(outcome), str(outcome)) for outcome in outcomes] == [
        (OSError, "the resolver was closed")
    ] * 2
    hanging.let_go()
    threads.close()
    assert never.calls == 0


def test_a_call_that_outlives_its_loop_disturbs_nobody() -> None:
    async def give_up() -> Hanging:
        hanging = Hanging()
        asking = asked(threads, hanging)
        await hanging.begun()
        asking.cancel()
        return hanging

    threads: LookupThreads[str] = LookupThreads(1)
    hanging = asyncio.run(give_up())
    hanging.let_go()
    for thread in workers():
        thread.join(PATIENCE_SECONDS)
    assert asyncio.run(threads.call("shore", lambda: "again")) == "again"


async def test_a_system_without_threads_is_an_error_and_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threads: LookupThreads[str] = LookupThreads(1)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(OSError, match="can't start new thread"):
            await threads.call("shore", lambda: "high")
    assert await threads.call("shore", lambda: "high") == "high"


def test_there_must_be_room_for_one() -> None:
    with pytest.raises(ValueError, match="at least one thread"):
        LookupThreads(0)
