"""The examples of the documentation run."""

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import whimbrel_multipart

MODULES = sorted(found.name for found in pkgutil.iter_modules(whimbrel_multipart.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"whimbrel_multipart.{name}")).failed == 0


def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert len(examples) == 1
    command = [sys.executable, "-W", "error", "-c", examples[0]]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_every_public_name_exists_and_the_list_is_sorted() -> None:
    names = whimbrel_multipart.__all__
    assert len(names) == len(set(names))
    assert all(hasattr(whimbrel_multipart, name) for name in names)
