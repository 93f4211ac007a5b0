"""`python -m tools.bench.instructions [scene ...]`: instructions of one request, counted by callgrind.

They repeat to a few per thousand where times do not, so a change of a few instructions in a hundred is seen
on a busy machine too. What the kernel does is not in them, nor what waiting for memory costs. A client is
run twice, with few requests and with more: the difference leaves out how it starts.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
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
_TOTAL = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)


def main() -> int:
    """Count what the command line asks for, and print a table in thousands."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.instructions")
    parser.add_argument("--loops", type=_names, default=["asyncio", "uvloop"])
    parser.add_argument("--clients", type=_names, default=["floor", "whimbrel", "aiohttp"])
    parser.add_argument("scenes", nargs="*", default=["small GET", "POST JSON"], help="names of scenes")
    asked = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("valgrind is not here (apt-get install valgrind)")
        return 1
    print(f"thousand instructions; {builds()}\n")
    print(f"| scene | loop | {' | '.join(asked.clients)} |\n|---|---|{'--:|' * len(asked.clients)}")
    with running_server() as (plain, secure, authority):
        for scene in (scene for scene in SCENES if scene.name in asked.scenes):
            base = f"https://127.0.0.1:{secure}" if scene.tls else f"http://127.0.0.1:{plain}"
            for loop in asked.loops:
                counts = [_of_one_request(name, scene, loop, base, authority) for name in asked.clients]
                cells = " | ".join(f"{count / 1000:.1f}" for count in counts)
                print(f"| {scene.name} | {loop} | {cells} |", flush=True)
    return 0


def _names(given: str) -> list[str]:
    return given.split(",")


def _of_one_request(client: str, scene: Scene, loop: str, base: str, authority: str) -> float:
    totals, requests = [], []
    for share in (_FEW, _MORE):
        number = share * scene.at_once
        requests.append(number + warm_up(replace(scene, requests=number)))
        totals.append(_count([client, scene.name, loop, base, authority, str(number)]))
    return (totals[1] - totals[0]) / (requests[1] - requests[0])


def _count(arguments: list[str]) -> int:
    """Return the instructions of a whole worker."""
    with TemporaryDirectory() as folder:
        found = Path(folder, "callgrind.out")
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={found}"]
        command += [sys.executable, "-m", "tools.bench.worker", *arguments]
        environment = os.environ | {"PYTHONHASHSEED": "0"}
        done = subprocess.run(
            command, cwd=_ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        total = _TOTAL.search(found.read_text()) if found.exists() else None
    if done.returncode or total is None:
        raise RuntimeError(f"{' '.join(arguments[:3])} failed:\n{done.stderr[-2000:]}")
    return int(total[1])


if __name__ == "__main__":
    sys.exit(main())
