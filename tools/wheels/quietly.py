"""Run a command in silence, and tell all that it said if it fails."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["CheckFailed", "run"]

SECONDS = 300
# What a person set for their own Python must not decide whether a wheel stands alone.
DROPPED = ("PYTHONPATH", "PYTHONHOME", "PYTEST_ADDOPTS", "WHIMBREL_PURE", "WHIMBREL_COMPILE")


class CheckFailed(Exception):
    """What was tried went wrong; `str()` tells all there is to know, such as a command and its output."""


def run(command: Sequence[str | Path], *, folder: Path, extra: Mapping[str, str] | None = None) -> str:
    """Run `command` in `folder` and return what it printed.

    Args:
        command: Program and arguments.
        folder: Where it runs.
        extra: Variables to set besides those of this process.

    Raises:
        CheckFailed: It failed, or took longer than `SECONDS`.
    """
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env={**kept, **(extra or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=True,
        )
    except subprocess.CalledProcessError as fault:
        raise CheckFailed(f"$ {' '.join(words)}\n{fault.output}") from fault
    except subprocess.TimeoutExpired as fault:
        raise CheckFailed(f"$ {' '.join(words)}\nstill running after {SECONDS} s") from fault
    return done.stdout
