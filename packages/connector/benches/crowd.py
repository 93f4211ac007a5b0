"""What a crowd costs: 10,000 tasks against a limit of 100 connections, beside 64 tasks at a time.

Run as `python benches/crowd.py [tasks] [rounds]`. The server runs in a process of its own, each client in
one of its own, and the clients take turns, round by round; aiohttp, and whimbrel's session over this
connector, are measured where they are installed. The best round counts for CPU; memory is what the process
held at most, less what it held before the first crowd.

Both make as many requests, and each of their tasks as many: one, or ten in a row. So they differ in how many
ask at once and in nothing else; a crowd whose tasks make one request each, held against 64 tasks that make
them all, would show what the making of tasks costs.

The first row asks nobody anything: its tasks wait for one of a hundred places, then for the next turn of
the loop. What a crowd costs it, it costs every client: "less tasks" is the ratio of what a client adds.
"""

import asyncio
import gc
import resource
import socket
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection
from selectors import EVENT_READ, DefaultSelector

from whimbrel_connector import Request, TCPConnector

FEW = 64
LIMIT = 100
IN_A_ROW = 10
GO_ON, END = "go on", "end"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nshore"
_KIB = 1024 if sys.platform == "darwin" else 1  # what getrusage counts in

Fetch = Callable[[], Awaitable[bytes]]


def run_server(pipe: Connection) -> None:
    """Answer each request, whatever it says, until told to end.

    No event loop: a server that falls behind its client makes the client ask for each answer on its own.
    """
    pipe.send(_listen(selector := DefaultSelector()))
    selector.register(pipe, EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is pipe:
                return
            key.data()


def _listen(selector: DefaultSelector) -> int:
    """Let the selector know of a listening socket; return its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)

    def accept() -> None:
        peer, _ = listener.accept()
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(peer, EVENT_READ, partial(_answer, selector, peer))

    selector.register(listener, EVENT_READ, accept)
    port: int = listener.getsockname()[1]
    return port


def _answer(selector: DefaultSelector, peer: socket.socket) -> None:
    try:
        requests = peer.recv(65536)
    except ConnectionResetError:
        requests = b""
    if requests:
        peer.sendall(ANSWER * requests.count(b"\r\n\r\n"))
    else:
        selector.unregister(peer)
        peer.close()


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
    request = Request("GET", "/", [("Host", "127.0.0.1")])
    async with TCPConnector(limit=LIMIT) as connector:

        async def fetch() -> bytes:
            exchange = await connector.connect(url, request=request)
            await exchange.send(request)
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


def run_client(pipe: Connection, name: str, url: str, tasks: int) -> None:
    asyncio.run(measure(pipe, name, url, tasks))


async def measure(pipe: Connection, name: str, url: str, tasks: int) -> None:
    """Send the memory of each task, then one round of times whenever it is told to go on."""
    async with CLIENTS[name](url) as fetch:

        async def fetch_in_a_row(count: int) -> bytes:
            for _ in range(count - 1):
                assert await fetch() == b"shore"
            return await fetch()

        async def take(at_once: int, each: int, requests: int) -> float:
            turns = max(1, requests // (at_once * each))
            task = fetch if each == 1 else partial(fetch_in_a_row, each)
            gc.collect()
            start = time.process_time()
            for _ in range(turns):
                bodies = await asyncio.gather(*(task() for _ in range(at_once)))
                assert set(bodies) == {b"shore"}
            return (time.process_time() - start) / (turns * at_once * each) * 1e6

        await take(LIMIT, 1, LIMIT)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await take(tasks, 1, tasks)
        pipe.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * _KIB / tasks)
        while pipe.recv() == GO_ON:
            await take(LIMIT, 1, LIMIT)  # what was idle while others had their turn is opened again
            one = [await take(at_once, 1, tasks) for at_once in (FEW, tasks)]
            row = [await take(at_once, IN_A_ROW, tasks * IN_A_ROW) for at_once in (FEW, tasks)]
            pipe.send((*one, *row))


@contextmanager
def running(run: Callable[..., None], *arguments: object) -> Iterator[Connection]:
    """Run this in a process of its own, which is told when to end."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=run, args=(there, *arguments))
    process.start()
    yield here
    here.send(END)
    process.join()


def main() -> None:
    tasks, rounds = (int(given) for given in (*sys.argv[1:], *("10000", "5")[len(sys.argv) - 1 :]))
    names = [name for name in CLIENTS if name not in ("whimbrel", "aiohttp") or find_spec(name)]
    with ExitStack() as stack:
        url = f"http://127.0.0.1:{stack.enter_context(running(run_server)).recv()}/"
        clients = {name: stack.enter_context(running(run_client, name, url, tasks)) for name in names}
        memory = {name: client.recv() for name, client in clients.items()}
        taken: dict[str, list[tuple[float, ...]]] = {name: [] for name in names}
        for _ in range(rounds):
            for name, client in clients.items():
                client.send(GO_ON)
                taken[name].append(client.recv())
    titles = f"{'64 tasks':>12}{f'{tasks} tasks':>14}{'ratio':>7}{'less tasks':>12}"
    print(f"{'':11}{titles}{titles}{'memory':>16}")
    alone = (0.0, 0.0, 0.0, 0.0)
    for name in names:
        best = [min(column) for column in zip(*taken[name], strict=True)]
        one, row = _columns(best[:2], alone[:2]), _columns(best[2:], alone[2:])
        print(f"{name:11}{one}{row}{memory[name]:9.2f} KiB each")
        if name == "tasks alone":
            alone = (best[0], best[1], best[2], best[3])


def _columns(cost: Sequence[float], alone: Sequence[float]) -> str:
    (few, crowd), (few_alone, crowd_alone) = cost, alone
    added = f"{(crowd - crowd_alone) / (few - few_alone):.2f}"
    return f"{few:9.1f} us{crowd:11.1f} us{crowd / few:7.2f}{added:>12}"


if __name__ == "__main__":
    main()
