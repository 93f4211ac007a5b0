"""Fuzz from the checkout's root: `python -m tools.fuzz [target ...] [--seconds 60] [--corpus DIR]`."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import whimbrel_http1
from tools.fuzz import guided
from tools.fuzz.differential import DIFFERENCES_VARIABLE
from tools.fuzz.targets import TARGETS, WORDS

__all__ = ["main"]

_SEEDS = Path(__file__).parent / "corpus"
# One input may take this long before it counts as a loop without an end.
_HANG_SECONDS = 20
_SHOWN_LINES = 30
# What measures time is not helped by instruments, and coverage tells nothing about it.
_BLIND = frozenset({"linear"})


def main(arguments: list[str]) -> int:
    """Fuzz each target in a process of its own; return 1 where one broke a promise, else 0."""
    options = _parse(arguments)
    if options.replay:
        return _replay(options.targets, options.replay)
    folder = Path(options.corpus or tempfile.mkdtemp(prefix="whimbrel-fuzz-"))
    way = "by coverage (atheris)" if guided.available() and not options.blind else "at random"
    print(f"searching {way}, compiled: {whimbrel_http1.COMPILED}, grown inputs in {folder}", flush=True)
    failed = [
        name
        for name in options.targets or TARGETS
        if not _fuzz(name, folder, options.seconds, blind=options.blind or not guided.available())
    ]
    differences = sorted((folder / "differences").glob("*.txt"))
    for file in differences:
        print(f"difference {file}")
    if failed:
        print(f"broken promises: {', '.join(failed)} (inputs in {folder / 'findings'})")
    return 1 if failed else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description="Fuzz the HTTP/1.1 parser.")
    parser.add_argument(
        "targets", nargs="*", metavar="target", help=f"of {', '.join(TARGETS)}; all by default"
    )
    parser.add_argument("--seconds", type=int, default=60, help="for each target; 0 only tries the seeds")
    parser.add_argument("--corpus", metavar="DIR", help="keep grown inputs and findings here (a new folder)")
    parser.add_argument("--blind", action="store_true", help="do without atheris where it is installed")
    parser.add_argument("--replay", metavar="FILE", nargs="+", help="try these inputs on one target and stop")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.targets if name not in TARGETS]
    if unknown or (options.replay and len(options.targets) != 1):
        parser.error(f"no such target: {', '.join(unknown)}" if unknown else "--replay needs one target")
    return options


def _replay(targets: list[str], files: list[str]) -> int:
    for file in files:
        TARGETS[targets[0]](Path(file).read_bytes())
        print(f"{file}: nothing found")
    return 0


def _fuzz(name: str, folder: Path, seconds: int, *, blind: bool) -> bool:
    """Search for `seconds`; print what came of it and return whether every promise held."""
    grown, findings, differences = folder / name, folder / "findings", folder / "differences"
    for needed in (grown, findings, differences):
        needed.mkdir(parents=True, exist_ok=True)
    last_input = findings / f"{name}-last-input"
    last_input.touch()
    guided_by_coverage = not (blind or seconds == 0 or name in _BLIND)
    command = (
        _guided_command(name, grown, seconds, findings)
        if guided_by_coverage
        else _blind_command(name, grown, seconds, last_input)
    )
    environment = {**os.environ, DIFFERENCES_VARIABLE: str(differences)}
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        # libFuzzer watches the time by itself.
        status = process.wait() if guided_by_coverage else _wait(process, last_input)
        output.seek(0)
        lines = output.read().splitlines()
    if status == 0:
        last_input.unlink()
        print(f"{name:<16} held   {_tally(lines)}", flush=True)
        return True
    if last_input.stat().st_size:
        shutil.move(last_input, findings / f"{name}-broken")
    else:
        last_input.unlink()
    print(f"{name:<16} BROKEN ({status})", *lines[-_SHOWN_LINES:], sep="\n    ", flush=True)
    return False


def _wait(process: subprocess.Popen[bytes], last_input: Path) -> int | str:
    """Return the exit status, `"hangs"` when one input took too long."""
    while True:
        seen = last_input.stat().st_mtime_ns
        try:
            return process.wait(_HANG_SECONDS)
        except subprocess.TimeoutExpired:
            if last_input.stat().st_mtime_ns == seen:
                process.kill()
                process.wait()
                return "hangs"


def _blind_command(name: str, grown: Path, seconds: int, last_input: Path) -> list[str]:
    number = str(random.randrange(1 << 30))
    folders = [str(grown), str(_SEEDS / name)]
    return [sys.executable, "-m", "tools.fuzz.blind", name, str(seconds), number, str(last_input), *folders]


def _guided_command(name: str, grown: Path, seconds: int, findings: Path) -> list[str]:
    dictionary = findings.parent / "words.txt"
    escaped = ("".join(f"\\x{octet:02x}" for octet in word) for word in WORDS)
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped), encoding="ascii")
    return [
        *(sys.executable, "-m", "tools.fuzz.guided", name),
        f"-max_total_time={seconds}",
        f"-timeout={_HANG_SECONDS}",
        f"-artifact_prefix={findings}/{name}-",
        f"-dict={dictionary}",
        "-max_len=4096",
        "-rss_limit_mb=1024",
        "-print_final_stats=1",
        *(str(grown), str(_SEEDS / name)),
    ]


def _tally(lines: list[str]) -> str:
    """Return the line that tells how much was tried."""
    executed = [line.split()[-1] for line in lines if "number_of_executed_units" in line]
    return f"{executed[-1]} inputs" if executed else "".join(lines[-1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
