"""Writing: whole frames, senders that wait, and at most one answer owed."""

import asyncio
from functools import partial

import pytest

from whimbrel_websocket._outflow import Outflow
from whimbrel_websocket.testing import MemoryTransport, ServerSide

PING, PONG = (ServerSide.frame(opcode, b"", key=b"mask") for opcode in (9, 10))


def make() -> tuple[Outflow, MemoryTransport]:
    wire = MemoryTransport(asyncio.Protocol())
    return Outflow(wire, 1234), wire


def test_the_limit_is_the_transports() -> None:
    _, wire = make()
    assert wire.high_bytes == 1234


def test_an_answer_is_written_at_once_when_there_is_room() -> None:
    outflow, wire = make()
    outflow.owe(lambda: PONG)
    assert [frame.opcode for frame in wire.frames] == [10]


def test_only_the_last_answer_is_owed() -> None:
    outflow, wire = make()
    outflow.pause()
    for number in range(1000):
        outflow.owe(partial(ServerSide.frame, 10, str(number).encode()))
    assert wire.frames == []
    outflow.resume()
    assert [frame.payload for frame in wire.frames] == [b"999"]
    outflow.resume()
    assert len(wire.frames) == 1


def test_nothing_is_owed_after_the_end() -> None:
    outflow, wire = make()
    outflow.pause()
    outflow.owe(lambda: PONG)
    outflow.stop()
    outflow.resume()
    assert wire.frames == []


async def test_senders_wait_while_the_transport_is_full() -> None:
    outflow, _ = make()
    await outflow.ready()
    outflow.pause()
    waiting = [asyncio.ensure_future(outflow.ready()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]
    assert not any(sender.done() for sender in waiting[1:])
    outflow.resume()
    await asyncio.gather(*waiting[1:])


async def test_a_sender_that_wakes_to_a_full_transport_waits_again() -> None:
    outflow, _ = make()
    outflow.pause()
    waiting = asyncio.ensure_future(outflow.ready())
    await asyncio.sleep(0)
    outflow.resume()
    outflow.pause()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    outflow.stop()
    await waiting


async def test_nothing_is_written_to_a_closing_transport() -> None:
    outflow, wire = make()
    wire.close()
    outflow.write(PING)
    assert wire.frames == []
