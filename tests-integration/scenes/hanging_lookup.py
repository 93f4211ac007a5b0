"""A lookup on which the system hangs for ever: it holds up no other, no close, and not the interpreter."""

import asyncio
import socket
import sys
import threading

import whimbrel
from scenes.loops import new_loop
from whimbrel_connector import ThreadedResolver

__all__: list[str] = []

_NEVER = threading.Event()
_ask_the_system = socket.getaddrinfo


def _hanging(host, *arguments, **options):  # type: ignore[no-untyped-def]  # as in the standard library
    if host == "hanging.example":
        _NEVER.wait()
    return _ask_the_system(host, *arguments, **options)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


async def _scene(port: str) -> None:
    connector = whimbrel.TCPConnector(resolver=ThreadedResolver())
    async with whimbrel.ClientSession(connector=connector) as session:
        for _ in range(3):
            await _give_up(session)
        async with session.get(f"http://localhost:{port}/") as resp:
            _say(await resp.text())
    lookups = [thread for thread in threading.enumerate() if thread.name == "whimbrel-lookup"]
    _say(f"still hanging: {len(lookups)}")


async def _give_up(session: whimbrel.ClientSession) -> None:
    try:
        await session.get("http://hanging.example/", timeout=whimbrel.ClientTimeout(total=0.1))
    except asyncio.TimeoutError:
        _say("given up")


if __name__ == "__main__":
    socket.getaddrinfo = _hanging
    loop = new_loop(sys.argv[1])
    loop.run_until_complete(_scene(sys.argv[2]))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    _say("closed")
