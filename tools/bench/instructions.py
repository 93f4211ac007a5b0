"""`python -m tools.bench.instructions [scene ...]`: instructions of one request, counted by callgrind.

They repeat to a few per thousand where times do not, so a change of a few instructions in a hundred is seen
on a busy machine too. What the kernel does is not in them, nor what waiting for memory costs. A client is
run twice, with few requests and with more: the difference leaves out how it starts.

With `--lines` it counts what is waited for: the lines of memory (64 bytes) that one request needs and a cache
of one MiB does not hold, because others have had it since the last. A client that makes one request at a
time sleeps for each answer, and its time follows these lines more than its instructions.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.bench.builds import builds
from tools.bench.peer import running_server
from tools.bench.scenes import SCENES, Scene
from tools.bench.worker import warm_up

__all__ = ["main"]

_ROOT = Path(__file__).parents[2]
_FEW, _MORE = 100, 400
_EVENTS = re.compile(r"^events: (.+)$", re.MULTILINE)
_TOTALS = re.compile(r"^(?:summary|totals): (.+)$", re.MULTILINE)
_CACHES = ("--cache-sim=yes", "--I1=32768,8,64", "--D1=32768,8,64", "--LL=1048576,16,64")
_MISSES = ("ILmr", "DLmr", "DLmw")
_WASTE = 2 << 20


def main() -> int:
    """Count what the command line asks for, and print a table in thousands."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.instructions")
    parser.add_argument("--loops", type=_names, default=["asyncio", "uvloop"])
    parser.add_argument("--clients", type=_names, default=["floor", "whimbrel", "aiohttp"])
    parser.add_argument("scenes", nargs="*", default=["small GET", "POST JSON"], help="names of scenes")
    parser.add_argument("--lines", action="store_true", help="count lines of memory, not instructions")
    asked = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("valgrind is not here (apt-get install valgrind)")
        return 1
    what = "lines of memory" if asked.lines else "thousand instructions"
    print(f"{what}; {builds()}\n")
    print(f"| scene | loop | {' | '.join(asked.clients)} |\n|---|---|{'--:|' * len(asked.clients)}")
    with running_server() as (plain, secure, authority):
        for scene in (scene for scene in SCENES if scene.name in asked.scenes):
            base = f"https://127.0.0.1:{secure}" if scene.tls else f"http://127.0.0.1:{plain}"
            for loop in asked.loops:
                counts = [
                    _of_one_request(name, scene, loop, base, authority, lines=asked.lines)
                    for name in asked.clients
                ]
                cells = " | ".join(
                    f"{count:.0f}" if asked.lines else f"{count / 1000:.1f}" for count in counts
                )
                print(f"| {scene.name} | {loop} | {cells} |", flush=True)
    return 0


def _names(given: str) -> list[str]:
    return given.split(",")


def _of_one_request(client: str, scene: Scene, loop: str, base: str, authority: str, *, lines: bool) -> float:
    totals, requests = [], []
    for share in (_FEW, _MORE):
        number = share * scene.at_once
        requests.append(number + warm_up(replace(scene, requests=number)))
        arguments = [client, scene.name, loop, base, authority, str(number)]
        if lines:
            found = _count([*arguments, str(_WASTE)], _CACHES)
            totals.append(sum(found[kind] for kind in _MISSES))
        else:
            totals.append(_count(arguments)["Ir"])
    each = (totals[1] - totals[0]) / (requests[1] - requests[0])
    return each - _WASTE / 64 if lines else each


def _count(arguments: list[str], options: Sequence[str] = ()) -> dict[str, int]:
    """Return what callgrind counts of a whole worker, by its own names."""
    with TemporaryDirectory() as folder:
        found = Path(folder, "callgrind.out")
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={found}", *options]
        command += [sys.executable, "-m", "tools.bench.worker", *arguments]
        environment = os.environ | {"PYTHONHASHSEED": "0"}
        done = subprocess.run(
            command, cwd=_ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        text = found.read_text() if found.exists() else ""
    events, totals = _EVENTS.search(text), _TOTALS.search(text)
    if done.returncode or events is None or totals is None:
        raise RuntimeError(f"{' '.join(arguments[:3])} failed:\n{done.stderr[-2000:]}")
    return dict(zip(events[1].split(), map(int, totals[1].split()), strict=True))


if __name__ == "__main__":
    sys.exit(main())
