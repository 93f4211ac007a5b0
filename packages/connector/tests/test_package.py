"""The package as a whole: its names, its README."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import whimbrel_connector

README = Path(__file__).parents[1] / "README.md"


def test_what_is_public_is_listed_in_order() -> None:
    assert whimbrel_connector.__all__ == sorted(whimbrel_connector.__all__, key=_as_ruff_sorts)
    assert all(hasattr(whimbrel_connector, name) for name in whimbrel_connector.__all__)


def _as_ruff_sorts(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def test_importing_it_starts_nothing() -> None:
    code = "import sys, whimbrel_connector; print('ssl' in sys.modules, 'concurrent.futures.thread' in sys.modules)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not README.exists(), reason="the README is not here")
def test_the_examples_of_the_readme_run() -> None:
    first, *others = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    done = _run(first, "-X", "dev")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"200" in done.stdout
    assert b"True" in done.stdout
    for example in others:  # not in development mode, which writes of every slow step
        done = _run(example)
        assert (done.returncode, done.stderr) == (0, b"")


def _run(code: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, *options, "-W", "error", "-c", code], capture_output=True, check=False, timeout=100
    )
