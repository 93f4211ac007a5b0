"""New TLS connections: time and CPU of one that carries one request, as multiples of asyncio's own streams.

Run as `python benches/tls_connections.py [rounds] [connections]`. The server runs in a process of its own
and closes after each answer; rounds are interleaved; what is printed are medians of the ratios. It needs
trustme, for certificates; uvloop and aiohttp are measured too where they are installed.
"""

import asyncio
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import trustme

from whimbrel_connector import Request, TCPConnector

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
KEYS = {"ECDSA": trustme.KeyType.ECDSA, "RSA": trustme.KeyType.RSA}
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

Fetch = Callable[[], Awaitable[None]]
Client = Callable[[int, ssl.SSLContext], AbstractAsyncContextManager[Fetch]]


def run_server(pipe: Connection, chain: bytes, version: ssl.TLSVersion) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.pem"
        path.write_bytes(chain)
        context.load_cert_chain(path)
    asyncio.run(serve(pipe, context))


async def serve(pipe: Connection, context: ssl.SSLContext) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    pipe.send(server.sockets[0].getsockname()[1])
    await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
    server.close()


@asynccontextmanager
async def bare(port: int, context: ssl.SSLContext) -> AsyncIterator[Fetch]:
    async def fetch() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        writer.write(REQUEST)
        assert (await reader.read()).endswith(b"ok")
        writer.close()
        await writer.wait_closed()

    yield fetch


@asynccontextmanager
async def whimbrel(port: int, context: ssl.SSLContext, *, resumes: bool = True) -> AsyncIterator[Fetch]:
    url = f"https://127.0.0.1:{port}"
    async with TCPConnector(ssl=context, resume_tls=resumes) as connector:

        async def fetch() -> None:
            exchange = await connector.connect(url)
            await exchange.send(Request("GET", "/", [("Host", "127.0.0.1")]))
            assert await exchange.content.read() == b"ok"

        yield fetch


def whimbrel_whole(port: int, context: ssl.SSLContext) -> AbstractAsyncContextManager[Fetch]:
    return whimbrel(port, context, resumes=False)


@asynccontextmanager
async def aiohttp_client(port: int, context: ssl.SSLContext) -> AsyncIterator[Fetch]:
    import aiohttp  # noqa: PLC0415 -- optional

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:

        async def fetch() -> None:
            async with session.get(f"https://127.0.0.1:{port}/") as response:
                assert await response.read() == b"ok"

        yield fetch


CLIENTS: dict[str, Client] = {"bare": bare, "whimbrel": whimbrel, "resume_tls=False": whimbrel_whole}
if find_spec("aiohttp"):
    CLIENTS["aiohttp"] = aiohttp_client


async def measure(port: int, context: ssl.SSLContext, rounds: int, connections: int) -> list[str]:
    """Return for each client its time and CPU, as multiples of the bare one's and in microseconds."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in CLIENTS}
    for _ in range(rounds):
        for name, client in CLIENTS.items():
            async with client(port, context) as fetch:
                for _ in range(4):
                    await fetch()
                wall, cpu = time.perf_counter(), time.process_time()
                for _ in range(connections):
                    await fetch()
                spent[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    cells = []
    for name in CLIENTS:
        pairs = list(zip(spent[name], spent["bare"], strict=True))
        wall_ratio, cpu_ratio = (statistics.median(own[i] / floor[i] for own, floor in pairs) for i in (0, 1))
        wall_us, cpu_us = (
            statistics.median(own[i] for own in spent[name]) / connections * 1e6 for i in (0, 1)
        )
        cells.append(f"{wall_ratio:.2f} ({wall_us:.0f}) {cpu_ratio:.2f} ({cpu_us:.0f})")
    return cells


def main(rounds: int = 9, connections: int = 60) -> None:
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if find_spec("uvloop"):
        import uvloop  # noqa: PLC0415 -- optional

        loops["uvloop"] = uvloop.new_event_loop
    print("| loop, TLS, keys |", " | ".join(f"{name}: time, CPU (us)" for name in CLIENTS), "|")
    print("|---|" + "--:|" * len(CLIENTS))
    for loop_name, new_loop in loops.items():
        for version in VERSIONS:
            for kind in KEYS:
                cells = run_one(new_loop, version, kind, rounds, connections)
                print(f"| {loop_name}, {version}, {kind} |", " | ".join(cells), "|", flush=True)


def run_one(
    new_loop: Callable[[], asyncio.AbstractEventLoop], version: str, kind: str, rounds: int, connections: int
) -> list[str]:
    root = trustme.CA(key_type=KEYS[kind])
    issued = root.create_child_ca(key_type=KEYS[kind]).issue_cert("127.0.0.1", key_type=KEYS[kind])
    context = ssl.create_default_context()
    root.configure_trust(context)
    ours, theirs = get_context("spawn").Pipe()
    arguments = (theirs, issued.private_key_and_cert_chain_pem.bytes(), VERSIONS[version])
    server = get_context("spawn").Process(target=run_server, args=arguments)
    server.start()
    loop = new_loop()
    try:
        return loop.run_until_complete(measure(ours.recv(), context, rounds, connections))
    finally:
        loop.close()
        ours.send(None)
        server.join()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
