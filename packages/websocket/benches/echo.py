"""CPU time of one echo, and of one received message, per client: interleaved rounds, the best counts.

Run as `python benches/echo.py [bytes] [rounds]`. The server runs in a process of its own; aiohttp and
websockets are measured too where they are installed.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection

from whimbrel_websocket import ClientProtocol, connect
from whimbrel_websocket.testing import ServerSide, answer_handshake, serve_echo

ECHOES = 2000
RECEIVED = 20000
_FLOOD_FRAMES = 200

Run = Callable[[int], Awaitable[None]]


def run_server(pipe: Connection) -> None:
    asyncio.run(serve(pipe))


async def serve(pipe: Connection) -> None:
    """Echo on one port; on the other send as many messages as were asked for."""

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer_handshake(await reader.readuntil(b"\r\n\r\n")))
        server_side = ServerSide()
        while data := await reader.read(65536):
            for frame in server_side.feed(data):
                count, _, size = frame.payload.partition(b" ")
                if frame.opcode == 8:
                    writer.write(ServerSide.frame(8, frame.payload))
                    writer.close()
                    return
                block = ServerSide.frame(2, bytes(int(size))) * _FLOOD_FRAMES
                for _ in range(int(count) // _FLOOD_FRAMES):
                    writer.write(block)
                    await writer.drain()

    async with serve_echo() as echo:
        server = await asyncio.start_server(flood, "127.0.0.1", 0)
        pipe.send((echo.port, server.sockets[0].getsockname()[1]))
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        server.close()


async def open_whimbrel(stack: AsyncExitStack, echo: str, flood: str, size: int) -> tuple[Run, Run]:
    ws = await stack.enter_async_context(connect(echo))
    other = await stack.enter_async_context(connect(flood))
    payload = bytes(size)

    async def echoes(count: int) -> None:
        for _ in range(count):
            await ws.send_bytes(payload)
            await ws.receive()

    async def receives(count: int) -> None:
        await other.send_str(f"{count} {size}")
        for _ in range(count):
            await other.receive()

    return echoes, receives


async def open_aiohttp(stack: AsyncExitStack, echo: str, flood: str, size: int) -> tuple[Run, Run]:
    import aiohttp  # noqa: PLC0415 -- optional

    session = await stack.enter_async_context(aiohttp.ClientSession())
    ws = await stack.enter_async_context(session.ws_connect(echo))
    other = await stack.enter_async_context(session.ws_connect(flood))
    payload = bytes(size)

    async def echoes(count: int) -> None:
        for _ in range(count):
            await ws.send_bytes(payload)
            await ws.receive()

    async def receives(count: int) -> None:
        await other.send_str(f"{count} {size}")
        for _ in range(count):
            await other.receive()

    return echoes, receives


async def open_websockets(stack: AsyncExitStack, echo: str, flood: str, size: int) -> tuple[Run, Run]:
    from websockets.asyncio.client import connect as open_other  # noqa: PLC0415 -- optional

    ws = await stack.enter_async_context(open_other(echo, compression=None, ping_interval=None))
    other = await stack.enter_async_context(open_other(flood, compression=None, ping_interval=None))
    payload = bytes(size)

    async def echoes(count: int) -> None:
        for _ in range(count):
            await ws.send(payload)
            await ws.recv()

    async def receives(count: int) -> None:
        await other.send(f"{count} {size}")
        for _ in range(count):
            await other.recv()

    return echoes, receives


def measure_core(size: int) -> tuple[float, float]:
    """Return microseconds to send and to receive one message without any I/O."""
    core = ClientProtocol()
    payload, wire = bytes(size), ServerSide.frame(2, bytes(size))
    start = time.perf_counter()
    for _ in range(RECEIVED):
        core.send_binary(payload)
    middle = time.perf_counter()
    for _ in range(RECEIVED):
        core.feed(wire)
    return (middle - start) / RECEIVED * 1e6, (time.perf_counter() - middle) / RECEIVED * 1e6


async def measure(ports: tuple[int, int], size: int, rounds: int) -> None:
    openers = {"whimbrel": open_whimbrel}
    if find_spec("aiohttp"):
        openers["aiohttp"] = open_aiohttp
    if find_spec("websockets"):
        openers["websockets"] = open_websockets
    echo, flood = (f"http://127.0.0.1:{port}/" for port in ports)
    best: dict[tuple[str, str], float] = {}
    async with AsyncExitStack() as stack:
        runs = {}
        for name, opener in openers.items():
            scheme = "ws" if name == "websockets" else "http"
            urls = (url.replace("http", scheme) for url in (echo, flood))
            runs[name] = await opener(stack, *urls, size)
        for _ in range(rounds):
            for name, (echoes, receives) in runs.items():
                for what, run, count in (("echo", echoes, ECHOES), ("receive", receives, RECEIVED)):
                    start = time.process_time()
                    await run(count)
                    spent = (time.process_time() - start) / count * 1e6
                    best[name, what] = min(spent, best.get((name, what), spent))
    for (name, what), spent in sorted(best.items(), key=lambda item: (item[0][1], item[1])):
        print(f"{what:8} {name:11} {spent:8.2f} us CPU  {spent / best['whimbrel', what]:5.2f}")


def main() -> None:
    size, rounds = (int(given) for given in (*sys.argv[1:], *("1024", "5")[len(sys.argv) - 1 :]))
    print(f"{size} bytes; core alone: send %.2f us, receive %.2f us" % measure_core(size))
    context = get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=run_server, args=(there,))
    server.start()
    asyncio.run(measure(here.recv(), size, rounds))
    here.send("done")
    server.join()


if __name__ == "__main__":
    main()
