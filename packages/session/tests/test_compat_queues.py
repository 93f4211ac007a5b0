"""`DataQueue`, for programs that use it by itself."""

import asyncio

import pytest

from whimbrel import EMPTY_PAYLOAD, DataQueue, EofStream


async def test_things_come_out_in_order_until_the_end() -> None:
    queue: DataQueue[int] = DataQueue(asyncio.get_running_loop())
    queue.feed_data(1, 8)
    queue.feed_data(2)
    queue.feed_eof()
    assert (len(queue), queue.is_eof(), queue.at_eof()) == (2, True, False)
    assert [thing async for thing in queue] == [1, 2]
    assert queue.at_eof()
    with pytest.raises(EofStream):
        await queue.read()


async def test_a_reader_waits_and_may_give_up() -> None:
    queue: DataQueue[str] = DataQueue()
    reader = asyncio.ensure_future(queue.read())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="already waiting"):
        await queue.read()
    reader.cancel()
    await asyncio.wait([reader])
    reader = asyncio.ensure_future(queue.read())
    await asyncio.sleep(0)
    queue.feed_data("tide")
    assert await reader == "tide"


async def test_an_error_comes_after_what_was_fed_before_it() -> None:
    queue: DataQueue[str] = DataQueue()
    queue.feed_data("tide")
    fault, cause = ValueError("storm"), OSError()
    queue.set_exception(fault, cause)
    assert queue.exception() is fault
    assert fault.__cause__ is cause
    assert await queue.read() == "tide"
    with pytest.raises(ValueError, match="storm"):
        await queue.read()


async def test_the_empty_payload_is_at_its_end() -> None:
    assert EMPTY_PAYLOAD.at_eof()
    assert await EMPTY_PAYLOAD.read() == b""
