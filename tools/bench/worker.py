"""One measurement, in a process of its own.

`python -m tools.bench.worker CLIENT SCENE LOOP BASE AUTHORITY [REQUESTS [WASTE]]` prints the seconds of CPU
and of wall time for the scene's requests, or for so many of its kind, after a warm-up, as JSON. Before each
of them WASTE bytes of memory are read, as by others who have the processor while a client waits.
"""

import asyncio
import importlib
import json
import os
import resource
import sys
import time
from dataclasses import replace

from tools.bench.cores import CLIENT, stay_on
from tools.bench.scenes import SCENES, Client, Scene, play

__all__ = ["main", "warm_up"]


def warm_up(scene: Scene) -> int:
    """Return how many requests are made before those that count."""
    return max(scene.requests // 10, scene.at_once, 1)


async def _measure(module: str, scene: Scene, base: str, authority: str) -> dict[str, float]:
    client = importlib.import_module(f"tools.bench.clients.{module}").open_client(base, authority)
    try:
        await play(scene, client, warm_up(scene))
        began, cpu = time.perf_counter(), time.process_time()
        await play(scene, client, scene.requests)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - began
    finally:
        await client.close()
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"cpu": cpu / scene.requests, "wall": wall / scene.requests, "peak_mib": peak_kib / 1024}


def _after_others(scene: Scene, waste: int) -> Scene:
    """Return the scene with `waste` bytes read before each request."""
    memory = bytes(waste)

    async def request(client: Client) -> object:
        memory.count(1)
        return await scene.request(client)

    return replace(scene, request=request)


def main(
    client: str, scene_name: str, loop: str, base: str, authority: str, requests: str = "", waste: str = ""
) -> None:
    """Measure and print."""
    stay_on(CLIENT)
    scene = next(scene for scene in SCENES if scene.name == scene_name)
    if requests:
        scene = replace(scene, requests=int(requests))
    if waste:
        scene = _after_others(scene, int(waste))
    coroutine = _measure(client, scene, base, authority)
    if loop == "uvloop":
        import uvloop  # noqa: PLC0415  only where it is asked for

        result = uvloop.run(coroutine)
    else:
        result = asyncio.run(coroutine)
    print(json.dumps(result), flush=True)
    os._exit(0)  # a client's own threads may trip over the end of the interpreter, which is not measured


if __name__ == "__main__":
    main(*sys.argv[1:])
