"""All that aiohttp exports for clients is here: names, methods, attributes, parameters, defaults."""

import sys
import types
from fnmatch import fnmatchcase

import aiohttp
import pytest
from surface.agreed import AGREED
from surface.comparison import differences

import whimbrel

FOUND = sorted(set(differences(aiohttp, whimbrel)))


def _reason_for(difference: str) -> str | None:
    return next((AGREED[pattern] for pattern in AGREED if fnmatchcase(difference, pattern)), None)


def test_nothing_is_missing_but_what_was_agreed() -> None:
    for difference in FOUND:
        sys.stdout.write(f"{difference}  # {_reason_for(difference)}\n")
    assert [difference for difference in FOUND if _reason_for(difference) is None] == []


@pytest.mark.parametrize("pattern", AGREED)
def test_what_was_agreed_is_still_so(pattern: str) -> None:
    assert any(fnmatchcase(difference, pattern) for difference in FOUND), (
        "it is there now: take it off the table"
    )


def test_the_comparison_sees_what_is_missing() -> None:
    theirs, ours = types.ModuleType("theirs"), types.ModuleType("ours")
    exec(THEIRS, vars(theirs))
    exec(OURS, vars(ours))
    assert sorted(differences(theirs, ours)) == SEEN


THEIRS = """
__all__ = ["Bird", "Gone", "TIDE", "sing"]
TIDE = "low"
class Gone: pass
class Bird:
    def __init__(self, name, *, legs=2): self.name = name
    def fly(self, height, speed=10): pass
    async def land(self): pass
    def __len__(self): return 1
    @property
    def nest(self): pass
def sing(song, /, loud=False, *, times=1): pass
"""
OURS = """
TIDE = "high"
class Bird:
    def __init__(self, *, legs=4, name): pass
    def fly(self, speed=10, height=1): pass
    def land(self): pass
def sing(song, loud=False, *, pitch): pass
"""
SEEN = [
    "Bird(legs): is 4 by default, not 2",
    "Bird(name): not the argument number 1",
    "Bird.__len__: missing",
    "Bird.fly(height): not the argument number 1",
    "Bird.fly(speed): not the argument number 2",
    "Bird.land: cannot be awaited",
    "Bird.nest: missing",
    "Gone: missing",
    "TIDE: is 'high', not 'low'",
    "sing(pitch): asked for by whimbrel alone",
    "sing(times): missing",
]
