"""`python -m tools.bench`: interleaved rounds of every scene with every client, and a table.

The table gives each client's CPU per request as a multiple of the floor's in the same round (the median
of the rounds), and the absolute microseconds of CPU. Import times come last.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import platform
import random
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from tools.bench.builds import builds
from tools.bench.peer import running_server
from tools.bench.scenes import SCENES, Scene

__all__ = ["main"]

ROOT = Path(__file__).parents[2]
CLIENTS = ("floor", "whimbrel", "aiohttp", "httpx", "pyreqwest")
_LIMIT_SECONDS = 120

Figures = dict[str, float]


def main() -> int:
    """Measure what the command line asks for."""
    asked = _arguments()
    clients = [name for name in asked.clients if name == "floor" or importlib.util.find_spec(name)]
    scenes = [
        scene for scene in SCENES if not asked.scenes or any(part in scene.name for part in asked.scenes)
    ]
    print(f"CPython {platform.python_version()}, {asked.rounds} rounds, {_versions(clients)}")
    print(builds())
    with running_server() as (plain, secure, authority):
        for loop in asked.loops:
            print(f"\n{loop}: CPU per request as a multiple of the floor's (and in microseconds)\n")
            print(f"| scene | {' | '.join(clients)} |\n|---|{'--:|' * len(clients)}")
            for scene in scenes:
                base = f"https://127.0.0.1:{secure}" if scene.tls else f"http://127.0.0.1:{plain}"
                rounds = [_round(scene, clients, loop, base, authority) for _ in range(asked.rounds)]
                print(_row(scene, clients, rounds), flush=True)
    _print_imports([name for name in clients if name != "floor"])
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.bench")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--loops", type=_names, default=["asyncio", "uvloop"])
    parser.add_argument("--clients", type=_names, default=list(CLIENTS))
    parser.add_argument("scenes", nargs="*", help="parts of the scenes' names")
    return parser.parse_args()


def _names(given: str) -> list[str]:
    return given.split(",")


def _round(scene: Scene, clients: list[str], loop: str, base: str, authority: str) -> dict[str, Figures]:
    """Measure every client once, in an order of chance."""
    order = random.sample(clients, len(clients))
    return {name: _measure([name, scene.name, loop, base, authority]) for name in order}


def _measure(arguments: list[str]) -> Figures:
    command = [sys.executable, "-m", "tools.bench.worker", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments[:3])} failed:\n{done.stderr[-2000:]}")
    figures: Figures = json.loads(done.stdout)
    return figures


def _row(scene: Scene, clients: list[str], rounds: list[dict[str, Figures]]) -> str:
    cells = []
    for name in clients:
        ratio = statistics.median(found[name]["cpu"] / found["floor"]["cpu"] for found in rounds)
        micros = statistics.median(found[name]["cpu"] for found in rounds) * 1e6
        cells.append(f"{ratio:.2f} ({micros:.0f})")
    return f"| {scene.name} | {' | '.join(cells)} |"


def _print_imports(modules: list[str]) -> None:
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(5):
        for module in ["asyncio", *modules]:
            times[module].append(_import_seconds(module))
    medians = (f"{name} {statistics.median(seconds) * 1e3:.0f}" for name, seconds in times.items())
    print("\nimport, in milliseconds:", ", ".join(medians))


def _import_seconds(module: str) -> float:
    code = f"import time; began = time.perf_counter(); import {module}; print(time.perf_counter() - began)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _versions(clients: list[str]) -> str:
    known = [name for name in clients if name != "floor"]
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in known)


if __name__ == "__main__":
    sys.exit(main())
