"""What one task waits for, and is woken by at once."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import importlib.util
import weakref
from collections.abc import Callable

import pytest

from whimbrel_connector import TCPConnector
from whimbrel_connector._waiter import Waiter

from .conftest import get

Factory = Callable[[], asyncio.AbstractEventLoop]

tide: contextvars.ContextVar[str] = contextvars.ContextVar("tide", default="low")


def news() -> asyncio.Future[None]:
    """Return what tells a task that something has come."""
    come: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    come.set_result(None)
    return come


class Shore:
    """A task that waits, and what it has come to know."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.waiter: Waiter[str] = Waiter(self.loop)
        self.seen: list[str] = []

    async def watch(self) -> str:
        tide.set("high")
        try:
            await self.waiter
            self.seen.append(self.waiter.result())
        except BaseException as fault:
            self.seen.append(type(fault).__name__)
            raise
        self.seen.append(tide.get())
        return "ebb"

    async def wake_from_the_loop(self) -> list[str]:
        """Let the value come in a callback of the loop; return what the task knew when it had come."""
        told: asyncio.Future[list[str]] = self.loop.create_future()

        def come() -> None:
            self.waiter.set_result("wader")
            self.waiter.wake(news())
            told.set_result(list(self.seen))

        self.loop.call_soon(come)
        return await told


async def started(shore: Shore) -> asyncio.Task[str]:
    task = asyncio.ensure_future(shore.watch())
    await asyncio.sleep(0)
    return task


async def test_a_callback_of_the_loop_wakes_the_task_at_once_and_in_its_context() -> None:
    shore = Shore()
    task = await started(shore)
    assert await shore.wake_from_the_loop() == ["wader", "high"]
    assert await task == "ebb"
    assert tide.get() == "low"


@pytest.mark.parametrize("in_a_task", [False, True])
async def test_what_a_task_had_in_its_context_goes_with_it(*, in_a_task: bool) -> None:
    class Cargo:
        pass

    cargo: contextvars.ContextVar[Cargo] = contextvars.ContextVar("cargo")
    waiter: Waiter[str] = Waiter(asyncio.get_running_loop())

    async def carry() -> weakref.ref[Cargo]:
        cargo.set(Cargo())
        await waiter
        return weakref.ref(cargo.get())

    task = asyncio.ensure_future(carry())
    await asyncio.sleep(0)
    waiter.set_result("wader")
    if in_a_task:
        waiter.wake(news())
    else:
        asyncio.get_running_loop().call_soon(waiter.wake, news())
    left = await task
    del task
    await asyncio.sleep(0)  # what has woken this task is the other one
    gc.collect()
    assert left() is None
    assert waiter.result() == "wader"


async def test_another_task_wakes_it_in_the_next_turn() -> None:
    shore = Shore()
    task = await started(shore)
    shore.waiter.set_result("wader")
    shore.waiter.wake(news())
    assert shore.seen == []
    assert await task == "ebb"


async def test_what_has_come_before_somebody_waits_is_there() -> None:
    shore = Shore()
    assert await shore.wake_from_the_loop() == []
    assert await shore.watch() == "ebb"


async def test_waking_before_anything_has_come_wakes_nobody() -> None:
    shore = Shore()
    task = await started(shore)
    shore.loop.call_soon(shore.waiter.wake, news())
    await asyncio.sleep(0)
    assert not task.done()
    assert await shore.wake_from_the_loop() == ["wader", "high"]
    await task


async def test_an_error_comes_in_the_next_turn() -> None:
    shore = Shore()
    task = await started(shore)
    shore.waiter.set_exception(ConnectionError("storm"))
    assert shore.seen == []
    with pytest.raises(ConnectionError, match="storm"):
        await task


async def test_a_task_that_waits_can_be_cancelled() -> None:
    shore = Shore()
    task = await started(shore)
    task.cancel("tired")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert shore.seen == ["CancelledError"]
    assert shore.waiter.done()


async def test_what_has_come_outlives_a_cancellation_that_comes_later() -> None:
    shore = Shore()
    task = await started(shore)
    shore.waiter.set_result("wader")
    task.cancel()  # the task waits still, and hears of it at its next step
    shore.waiter.wake(news())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert shore.seen == ["CancelledError"]
    assert shore.waiter.result() == "wader"


async def test_a_task_written_in_python_may_wait_too() -> None:
    shore = Shore()
    task = asyncio.tasks._PyTask(shore.watch(), loop=shore.loop)  # type: ignore[attr-defined]  # unlisted
    await asyncio.sleep(0)
    assert await shore.wake_from_the_loop() == ["wader", "high"]
    assert await task == "ebb"


def loops() -> list[Factory]:
    if importlib.util.find_spec("uvloop") is None:
        return [asyncio.new_event_loop]
    import uvloop  # noqa: PLC0415  may be absent

    return [asyncio.new_event_loop, uvloop.new_event_loop]


@pytest.mark.parametrize("make_loop", loops(), ids=lambda made: made.__module__.partition(".")[0])
@pytest.mark.parametrize("stop", [SystemExit, KeyboardInterrupt])
def test_what_ends_the_program_ends_it_from_a_task_that_was_woken(
    make_loop: Factory, stop: type[BaseException]
) -> None:
    """No transport may take it for an error of its protocol."""

    async def fetch(connector: TCPConnector, port: int) -> None:
        exchange = await connector.connect(f"http://127.0.0.1:{port}/")
        await exchange.send(get())
        raise stop(7)

    async def serve() -> asyncio.Server:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwhim")
            await reader.read()
            writer.close()
            await writer.wait_closed()
            left.set()

        return await asyncio.start_server(answer, "127.0.0.1", 0)

    async def close(connector: TCPConnector, server: asyncio.Server) -> None:
        await connector.close()
        await left.wait()
        server.close()
        await server.wait_closed()

    loop, left = make_loop(), asyncio.Event()
    complaints: list[object] = []
    loop.set_exception_handler(lambda _loop, context: complaints.append(context))
    try:
        connector, server = TCPConnector(), loop.run_until_complete(serve())
        with pytest.raises(stop):
            loop.run_until_complete(fetch(connector, server.sockets[0].getsockname()[1]))
        loop.run_until_complete(close(connector, server))
    finally:
        loop.close()
    assert not complaints
