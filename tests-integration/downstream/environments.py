"""Environments of their own for libraries that know nothing of whimbrel: made once, kept inside the checkout."""

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["CannotFetch", "environment_with"]

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ROOT / ".hatch" / "downstream" / f"{sys.version_info[0]}.{sys.version_info[1]}"
# What whimbrel needs, and what these need; nothing is taken along unasked, aiohttp least of all.
OURS = ("multidict", "yarl", "idna", "propcache", "aiohappyeyeballs", "typing_extensions")
INSTALLING_SECONDS = 120


class CannotFetch(Exception):
    """pip could not install what was asked for."""


def environment_with(name: str, *others: str) -> Path:
    """Return the Python of an environment with the newest release of `name`, and of `others`, and without aiohttp.

    Raises:
        CannotFetch: pip could not; its words are in the error.
    """
    wanted = sorted({name, *others, *OURS})
    digest = hashlib.sha256("\n".join([sys.version, *wanted]).encode()).hexdigest()
    folder = KEPT / name
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    mark = folder / "made-of"
    if mark.is_file() and mark.read_text() == digest:
        return python
    if importlib.util.find_spec("pip") is None:
        raise CannotFetch("there is no pip here")
    _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder))
    _run(sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", *wanted)
    mark.write_text(digest)
    return python


def _run(*command: str) -> None:
    quiet = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    quiet.pop("PYTHONPATH", None)
    try:
        done = subprocess.run(
            command, env=quiet, capture_output=True, text=True, timeout=INSTALLING_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as fault:
        raise CannotFetch(str(fault)) from fault
    if done.returncode:
        raise CannotFetch(done.stderr or done.stdout)
