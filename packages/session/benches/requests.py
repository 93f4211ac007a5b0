"""Measure what a session adds to a request: microseconds of CPU for each kind of request, beside aiohttp's.

Run `python benches/requests.py`. The server is a process of its own and answers the same to everything. A
session remembers what it was asked of late without keywords, so the second kind asks for something new each
time, as a crawler does. Rounds are interleaved; the figure is the median of the rounds.
"""

import asyncio
import importlib
import importlib.util
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

ROUNDS = 5
REQUESTS = 1000
CLIENTS = ("whimbrel", "aiohttp")

_BODY = b'{"bird": "whimbrel", "shore": "north"}'
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
_numbers = count()

Request = Callable[[Any, str], Any]

KINDS: dict[str, Request] = {
    "the same URL": lambda session, url: session.get(url + "/small"),
    "a new URL": lambda session, url: session.get(f"{url}/small/{next(_numbers)}"),
    "params": lambda session, url: session.get(url, params={"page": str(next(_numbers))}),
    "own headers": lambda session, url: session.get(url, headers={"X-Request-Id": str(next(_numbers))}),
    "own timeout": lambda session, url: session.get(url, timeout=session.timeout),
    "JSON to send": lambda session, url: session.post(url, json={"bird": "whimbrel"}),
    "a cookie": lambda session, url: session.get(url, cookies={"shore": "north"}),
}


class Server(asyncio.Protocol):
    """Answers each request when its head, and a body of the announced size, have come."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's is not derived from asyncio's

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        _, _, announced = head.partition(b"Content-Length: ")
        if end and len(body) >= int(announced.partition(b"\r\n")[0] or b"0"):
            self._received = b""
            self._transport.write(_HEAD + _BODY)


async def serve() -> None:
    """Listen, print the port, and end with the standard input."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def running_server() -> Iterator[str]:
    """Run the server; yield its URL."""
    command = [sys.executable, __file__, "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.stdin.close()


async def measure(library: Any, request: Request, url: str) -> float:
    """Return the seconds of CPU of one request."""

    async def make(requests: int) -> None:
        for _ in range(requests):
            async with request(session, url) as response:
                await response.read()

    async with library.ClientSession() as session:
        await make(REQUESTS // 10)
        began = time.process_time()
        await make(REQUESTS)
        return (time.process_time() - began) / REQUESTS


def main(run: Callable[[Awaitable[float]], float]) -> None:
    """Measure every kind with every client, and print a table."""
    libraries = {name: importlib.import_module(name) for name in CLIENTS if importlib.util.find_spec(name)}
    print(f"| microseconds of CPU | {' | '.join(libraries)} |\n|---|{'--:|' * len(libraries)}")
    with running_server() as url:
        for kind, request in KINDS.items():
            found: dict[str, list[float]] = defaultdict(list)
            for _ in range(ROUNDS):
                for name, library in libraries.items():
                    found[name].append(run(measure(library, request, url)))
            cells = (f"{statistics.median(found[name]) * 1e6:.0f}" for name in libraries)
            print(f"| {kind} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    else:
        main(asyncio.run)  # type: ignore[arg-type]  # what is handed over is a coroutine
