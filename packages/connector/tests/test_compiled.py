"""Which build is under test."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from whimbrel_connector import COMPILED


def test_compiled_tells_whether_hot_modules_are_extensions() -> None:
    spec = importlib.util.find_spec("whimbrel_connector.alarm_clock")
    assert spec is not None
    assert spec.origin is not None
    assert COMPILED is (Path(spec.origin).suffix != ".py")


@pytest.mark.skipif(os.environ.get("WHIMBREL_EXPECT_COMPILED") != "1", reason="any build will do")
def test_the_build_under_test_is_compiled() -> None:
    assert COMPILED
