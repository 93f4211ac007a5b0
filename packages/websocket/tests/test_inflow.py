"""The queue of received messages: bounded in bytes, one reader."""

import asyncio

import pytest

from whimbrel_websocket import WSMessage, WSMsgType
from whimbrel_websocket._inflow import Inflow

SMALL = WSMessage(WSMsgType.TEXT, "x" * 72, "")  # counted as 200 bytes


def test_the_size_tells_when_to_stop_and_when_to_go_on() -> None:
    inflow = Inflow(1000)
    for _ in range(4):
        inflow.put(SMALL)
    assert (inflow.is_full, inflow.is_low) == (False, False)
    inflow.put(SMALL)
    assert (inflow.is_full, inflow.is_low) == (True, False)
    inflow.take()
    inflow.take()
    assert (inflow.is_full, inflow.is_low) == (False, False)
    inflow.take()
    assert (inflow.is_full, inflow.is_low, len(inflow)) == (False, True, 2)


def test_clearing_frees_the_size() -> None:
    inflow = Inflow(200)
    inflow.put(SMALL)
    inflow.clear()
    assert (len(inflow), inflow.is_full) == (0, False)


async def test_waiting_ends_with_a_message() -> None:
    inflow = Inflow(1000)
    waiting = asyncio.ensure_future(inflow.wait(None))
    await asyncio.sleep(0)
    assert not waiting.done()
    inflow.put(SMALL)
    inflow.put(SMALL)
    await waiting
    assert len(inflow) == 2
    await inflow.wait(None)


async def test_waiting_is_limited() -> None:
    inflow = Inflow(1000)
    with pytest.raises(asyncio.TimeoutError, match=r"no message came within 0\.001 s"):
        await inflow.wait(0.001)
    inflow.put(SMALL)
    await inflow.wait(0.001)


async def test_a_cancelled_wait_loses_nothing() -> None:
    inflow = Inflow(1000)
    waiting = asyncio.ensure_future(inflow.wait(None))
    await asyncio.sleep(0)
    inflow.put(SMALL)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert inflow.take() is SMALL
