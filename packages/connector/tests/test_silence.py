"""The limit on silence."""

from __future__ import annotations

import asyncio

from whimbrel_connector._silence import SilenceWatch

SOON = 0.02


async def after(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    later = loop.create_future()
    loop.call_later(seconds, later.set_result, None)
    await later


async def test_silence_is_reported_once() -> None:
    told: asyncio.Future[tuple[float, float]] = asyncio.get_running_loop().create_future()
    SilenceWatch(asyncio.get_running_loop(), SOON, lambda *facts: told.set_result(facts))
    limit, elapsed = await told
    assert limit == SOON <= elapsed
    await after(2 * SOON)


async def test_pauses_are_not_counted() -> None:
    told: list[float] = []
    watch = SilenceWatch(asyncio.get_running_loop(), SOON, lambda limit, _elapsed: told.append(limit))
    watch.pause()
    await after(4 * SOON)
    assert told == []
    watch.resume()
    await after(4 * SOON)
    assert told == [SOON]


async def test_what_was_stopped_is_silent() -> None:
    told: list[float] = []
    watch = SilenceWatch(asyncio.get_running_loop(), SOON, lambda limit, _elapsed: told.append(limit))
    watch.heard()
    watch.stop()
    await after(3 * SOON)
    assert told == []
