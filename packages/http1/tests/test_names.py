"""Every public name is there, those that are imported late among them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import whimbrel_http1


@pytest.mark.parametrize("name", whimbrel_http1.__all__)
def test_a_public_name_is_there_and_listed(name: str) -> None:
    assert getattr(whimbrel_http1, name) is getattr(whimbrel_http1, name)
    assert name in dir(whimbrel_http1)


def test_another_name_is_missed_as_ever() -> None:
    with pytest.raises(AttributeError, match="module 'whimbrel_http1' has no attribute 'ContentDecorder'"):
        getattr(whimbrel_http1, "ContentDecorder")  # noqa: B009  a type checker would refuse it


IMPORTED = """
import sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
import whimbrel_http1
print(*set(sys.modules) - before)
"""


def test_the_import_brings_little_with_it() -> None:
    above = Path(whimbrel_http1.__file__ or "").parents[1]
    seen = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORTED, above], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "whimbrel_http1" in seen
    slow = {"typing", "dataclasses", "inspect", "asyncio", "zlib", "importlib.metadata"}
    # Searching is for plain Python.
    assert not set(seen) & (slow | {"re"} if whimbrel_http1.COMPILED else slow)
