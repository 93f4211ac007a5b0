"""What a crowd costs: 10,000 tasks against a limit of 100 connections, beside 64 tasks that take turns.

Run as `python benches/crowd.py [requests] [rounds]`. The server runs in a process of its own, each client in
one of its own; aiohttp, and whimbrel's session over this connector, are measured where they are installed.
The best round counts for CPU; memory is what the process held at most, less what it held before the crowd.
Once each task of the crowd makes one request, so that most of the difference is the making of tasks; once it
makes ten in a row, each of which waits.
The first row asks nobody anything: its tasks wait for one of a hundred places, then for the next turn of
the loop. What a crowd costs it, it costs every client.
"""

import asyncio
import gc
import resource
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import NamedTuple

from whimbrel_connector import Request, TCPConnector

FEW = 64
LIMIT = 100
IN_A_ROW = 10
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nshore"
_KIB = 1024 if sys.platform == "darwin" else 1  # what getrusage counts in

Fetch = Callable[[], Awaitable[bytes]]


class Cost(NamedTuple):
    """What one client took.

    Attributes:
        few: Microseconds of CPU per request, 64 tasks at a time.
        crowd: The same, all requests at once.
        row: The same, as many tasks, each with `IN_A_ROW` requests one after another.
        memory: KiB held at most by each task of the crowd.
    """

    few: float
    crowd: float
    row: float
    memory: float


class Answering(asyncio.Protocol):
    """Answers each request, whatever it says."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(ANSWER * data.count(b"\r\n\r\n"))


def run_server(pipe: Connection) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Answering, "127.0.0.1", 0, backlog=1024)
        pipe.send(server.sockets[0].getsockname()[1])
        await loop.run_in_executor(None, pipe.recv)
        server.close()

    asyncio.run(serve())


@asynccontextmanager
async def tasks_alone(url: str) -> AsyncIterator[Fetch]:  # noqa: ARG001  it needs none
    loop, waiting, free = asyncio.get_running_loop(), deque[asyncio.Future[None]](), LIMIT

    async def fetch() -> bytes:
        nonlocal free
        if free:
            free -= 1
        else:
            place = loop.create_future()
            waiting.append(place)
            await place
        answer = loop.create_future()
        loop.call_soon(answer.set_result, b"shore")
        content: bytes = await answer
        if waiting:
            waiting.popleft().set_result(None)
        else:
            free += 1
        return content

    yield fetch


@asynccontextmanager
async def connector_alone(url: str) -> AsyncIterator[Fetch]:
    async with TCPConnector(limit=LIMIT) as connector:

        async def fetch() -> bytes:
            exchange = await connector.connect(url)
            await exchange.send(Request("GET", "/", [("Host", "127.0.0.1")]))
            return await exchange.content.read()

        yield fetch


@asynccontextmanager
async def whimbrel_session(url: str) -> AsyncIterator[Fetch]:
    import whimbrel  # noqa: PLC0415  may be absent

    async with whimbrel.ClientSession(connector=TCPConnector(limit=LIMIT)) as session:

        async def fetch() -> bytes:
            async with session.get(url) as response:
                return await response.read()

        yield fetch


@asynccontextmanager
async def aiohttp_session(url: str) -> AsyncIterator[Fetch]:
    import aiohttp  # noqa: PLC0415  may be absent

    connector = aiohttp.TCPConnector(limit=LIMIT)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def fetch() -> bytes:
            async with session.get(url) as response:
                return await response.read()

        yield fetch


CLIENTS = {
    "tasks alone": tasks_alone,
    "connector": connector_alone,
    "whimbrel": whimbrel_session,
    "aiohttp": aiohttp_session,
}


def run_client(pipe: Connection, name: str, url: str, requests: int, rounds: int) -> None:
    pipe.send(asyncio.run(measure(name, url, requests, rounds)))


async def measure(name: str, url: str, requests: int, rounds: int) -> Cost:
    few: list[float] = []
    crowd: list[float] = []
    row: list[float] = []
    async with CLIENTS[name](url) as fetch:

        async def fetch_some(count: int) -> None:
            for _ in range(count):
                assert await fetch() == b"shore"

        async def take(tasks: int, each: int) -> float:
            gc.collect()
            start = time.process_time()
            await asyncio.gather(*(fetch_some(each) for _ in range(tasks)))
            return (time.process_time() - start) / (each * tasks) * 1e6

        await take(LIMIT, 10)
        few.append(await take(FEW, requests // FEW))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        crowd.append(await take(requests, 1))
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * _KIB / requests
        row.append(await take(requests, IN_A_ROW))
        for _ in range(rounds - 1):
            few.append(await take(FEW, requests // FEW))
            crowd.append(await take(requests, 1))
            row.append(await take(requests, IN_A_ROW))
    return Cost(min(few), min(crowd), min(row), memory)


def main() -> None:
    requests, rounds = (int(given) for given in (*sys.argv[1:], *("10000", "5")[len(sys.argv) - 1 :]))
    context = get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=run_server, args=(there,))
    server.start()
    url = f"http://127.0.0.1:{here.recv()}/"
    crowd = f"{requests} tasks"
    print(f"{'':11}{'64 tasks':>12}{crowd:>14}{'ratio':>8}{'ten each':>12}{'ratio':>8}{'memory':>16}")
    for name in CLIENTS:
        if name in ("whimbrel", "aiohttp") and not find_spec(name):
            continue
        mine, its = context.Pipe()
        client = context.Process(target=run_client, args=(its, name, url, requests, rounds))
        client.start()
        cost: Cost = mine.recv()
        client.join()
        print(
            f"{name:11}{cost.few:9.1f} us{cost.crowd:11.1f} us{cost.crowd / cost.few:8.2f}"
            f"{cost.row:9.1f} us{cost.row / cost.few:8.2f}{cost.memory:9.2f} KiB each"
        )
    here.send("done")
    server.join()


if __name__ == "__main__":
    main()
