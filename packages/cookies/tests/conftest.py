"""The public test vectors, where they are at hand: named by WHIMBREL_VECTORS, or in a `shared/vectors` above.

A test that asks for `date_case` or `http_state_case` runs once for each case of the file.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

FILES = {"date_case": "cookies_dates.json", "http_state_case": "cookies_http_state.json"}

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for argument, name in FILES.items():
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, _cases(name))


def _cases(name: str) -> list[Any]:
    for folder in _folders():
        if (file := folder / name).is_file():
            content = json.loads(file.read_text("utf-8"))
            return [pytest.param(case, id=case["id"]) for case in content["cases"]]
    return [pytest.param({}, marks=pytest.mark.skip(reason=f"{name} is not at hand"), id="absent")]


def _folders() -> Iterator[Path]:
    if named := os.environ.get("WHIMBREL_VECTORS"):
        yield Path(named)
    for parent in Path(__file__).resolve().parents:
        yield parent / "shared" / "vectors"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()
