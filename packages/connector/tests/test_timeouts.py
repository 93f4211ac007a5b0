"""`Deadline`: one clock for a block, and for what comes after it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

import pytest

from whimbrel_connector import AlarmClock, Deadline


class TooLateError(Exception):
    """What the inner deadlines of these tests raise."""


class MuchTooLateError(Exception):
    """What the outer ones raise."""


SOON = 0.01
NEVER = 3600.0
CLOCK = AlarmClock()


async def for_ever() -> None:
    await asyncio.get_running_loop().create_future()


async def nested(outer: float, inner: float) -> None:
    with Deadline(CLOCK, outer, MuchTooLateError):
        with Deadline(CLOCK, inner, TooLateError):
            await for_ever()


async def test_a_block_that_takes_too_long_ends_with_the_error() -> None:
    with pytest.raises(TooLateError) as caught:
        with Deadline(CLOCK, SOON, TooLateError):
            await for_ever()
    limit, elapsed = caught.value.args
    assert limit == SOON <= elapsed
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)


async def test_a_block_that_is_quick_is_left_alone() -> None:
    with Deadline(CLOCK, NEVER, TooLateError):
        await asyncio.sleep(0)
        done = True
    await asyncio.sleep(0)
    assert done


async def test_it_starts_and_ends_without_a_block() -> None:
    deadline = Deadline(CLOCK, SOON, TooLateError)
    deadline.start()
    with pytest.raises(asyncio.CancelledError) as caught:
        await for_ever()
    too_late = deadline.end(caught.value)
    assert isinstance(too_late, TooLateError)
    assert too_late.__cause__ is caught.value


async def test_what_ends_otherwise_has_no_error_of_the_deadline() -> None:
    deadline = Deadline(CLOCK, NEVER, TooLateError)
    deadline.start()
    assert deadline.end(ValueError()) is None
    deadline.start()
    assert deadline.end() is None


async def test_none_is_no_limit_and_zero_is_no_time() -> None:
    with Deadline(CLOCK, None, TooLateError):
        await asyncio.sleep(0)
    with pytest.raises(TooLateError):
        with Deadline(CLOCK, 0, TooLateError):
            await for_ever()


async def test_an_error_of_the_block_passes_through() -> None:
    with pytest.raises(KeyError):
        with Deadline(CLOCK, NEVER, TooLateError):
            raise KeyError


async def test_a_foreign_cancellation_passes_through() -> None:
    begun = asyncio.Event()

    async def work() -> None:
        with Deadline(CLOCK, NEVER, TooLateError):
            begun.set()
            await for_ever()

    task = asyncio.ensure_future(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 does not count cancellations")
async def test_a_foreign_cancellation_in_the_same_turn_is_seen() -> None:
    async def work() -> None:
        with Deadline(CLOCK, NEVER, TooLateError) as deadline:
            loop.call_soon(deadline.ring, 0.0)
            loop.call_soon(task.cancel)
            await for_ever()

    loop = asyncio.get_running_loop()
    task = loop.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_of_two_deadlines_the_one_that_expires_speaks() -> None:
    with pytest.raises(TooLateError):
        await nested(NEVER, SOON)
    with pytest.raises(MuchTooLateError):
        await nested(SOON, NEVER)


async def test_of_two_deadlines_that_expire_together_one_speaks() -> None:
    with pytest.raises((TooLateError, MuchTooLateError)):
        await nested(0, 0)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 does not count cancellations")
@pytest.mark.parametrize("ending", ["the error", "another error", "no error"])
async def test_the_cancellation_is_taken_back_however_the_block_ends(ending: str) -> None:
    task = asyncio.current_task()
    assert task is not None
    with suppress(TooLateError, KeyError):
        with Deadline(CLOCK, 0, TooLateError):
            try:
                await for_ever()
            except asyncio.CancelledError:
                if ending == "the error":
                    raise
                if ending == "another error":
                    raise KeyError from None
    assert task.cancelling() == 0  # type: ignore[attr-defined]  # since Python 3.11


async def test_a_clock_that_goes_on_tells_another() -> None:
    told: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
    with Deadline(CLOCK, SOON, TooLateError) as deadline:
        deadline.go_on(told.set_result)
    assert isinstance(await told, TooLateError)
    deadline.stop()


async def test_a_clock_that_goes_on_can_be_stopped() -> None:
    told: list[Exception] = []
    with Deadline(CLOCK, SOON, TooLateError) as deadline:
        deadline.go_on(told.append)
    deadline.stop()
    with Deadline(CLOCK, None, TooLateError) as unlimited:
        unlimited.go_on(told.append)
    later = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(2 * SOON, later.set_result, None)
    await later
    assert told == []


async def test_a_clock_does_not_go_on_after_a_failed_block() -> None:
    told: list[Exception] = []
    deadline = Deadline(CLOCK, SOON, TooLateError)

    async def work() -> None:
        with deadline:
            deadline.go_on(told.append)
            raise KeyError

    with pytest.raises(KeyError):
        await work()
    assert deadline._row is None


async def test_a_block_that_overhears_its_cancellation_is_told_when_it_goes_on() -> None:
    told: list[Exception] = []
    with Deadline(CLOCK, 0, TooLateError) as deadline:
        with suppress(asyncio.CancelledError):
            await for_ever()
        deadline.go_on(told.append)
    assert [type(fault) for fault in told] == [TooLateError]


async def test_a_deadline_inside_the_block_that_went_on_does_not_cancel_it() -> None:
    told: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
    with Deadline(CLOCK, SOON, TooLateError) as deadline:
        deadline.go_on(told.set_result)
        assert isinstance(await told, TooLateError)
