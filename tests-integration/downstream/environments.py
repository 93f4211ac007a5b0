"""Environments of their own for libraries that know nothing of whimbrel: made once, kept inside the checkout."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["CannotFetch", "environment_with", "whimbrel_path"]

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ROOT / ".hatch" / "downstream" / f"{sys.version_info[0]}.{sys.version_info[1]}"
# What whimbrel needs. Nothing is taken along unasked, by it or by the libraries: aiohttp least of all.
OURS = ("multidict", "yarl", "idna", "propcache", "aiohappyeyeballs")
INSTALLING_SECONDS = 120


class CannotFetch(Exception):
    """pip could not install what was asked for."""


def whimbrel_path() -> list[Path]:
    """Return where whimbrel's sources lie, and what they need.

    Raises:
        CannotFetch: pip could not fetch what they need; its words are in the error.
    """
    needs = KEPT / "whimbrel-needs"
    if not _is_made_of(needs, OURS):
        shutil.rmtree(needs, ignore_errors=True)
        _pip("install", "--no-deps", "--target", str(needs), *OURS)
        _mark(needs, OURS)
    return [*sorted(ROOT.glob("packages/*/src")), needs]


def environment_with(*distributions: str) -> Path:
    """Return the Python of an environment with the newest release of these, and with nothing else.

    Raises:
        CannotFetch: pip could not; its words are in the error.
    """
    folder = KEPT / distributions[0]
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not _is_made_of(folder, distributions):
        _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder))
        _pip("--python", str(python), "install", "--no-deps", *distributions)
        _mark(folder, distributions)
    return python


def _is_made_of(folder: Path, distributions: tuple[str, ...]) -> bool:
    mark = folder / "made-of"
    return mark.is_file() and mark.read_text() == _digest(distributions)


def _mark(folder: Path, distributions: tuple[str, ...]) -> None:
    (folder / "made-of").write_text(_digest(distributions))


def _digest(distributions: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join([sys.version, *distributions]).encode()).hexdigest()


def _pip(*arguments: str) -> None:
    if importlib.util.find_spec("pip") is None:
        raise CannotFetch("there is no pip here")
    _run(sys.executable, "-m", "pip", "--quiet", *arguments)


def _run(*command: str) -> None:
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    environment.pop("PYTHONPATH", None)
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=INSTALLING_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as fault:
        raise CannotFetch(str(fault)) from fault
    if done.returncode:
        raise CannotFetch(done.stderr or done.stdout)
