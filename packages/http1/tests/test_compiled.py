"""Which build is under test."""

from __future__ import annotations

import gc
import importlib.util
import os
from pathlib import Path

import pytest

import whimbrel_http1
from whimbrel_http1 import COMPILED, RequestEncoder


def test_compiled_tells_whether_the_scanner_is_an_extension() -> None:
    spec = importlib.util.find_spec("whimbrel_http1._scanner")
    assert spec is not None
    assert spec.origin is not None
    assert COMPILED is (Path(spec.origin).suffix != ".py")


@pytest.mark.skipif(not COMPILED, reason="plain Python has no such classes")
def test_the_garbage_collector_does_not_look_at_requests_that_wait() -> None:
    encoder = RequestEncoder("PUT", "/nest", {"Host": "shore.example", "Content-Length": "4"})
    assert not gc.is_tracked(encoder)
    assert not gc.is_tracked(encoder.resized(5))


@pytest.mark.skipif(os.environ.get("WHIMBREL_EXPECT_COMPILED") != "1", reason="any build will do")
def test_the_build_under_test_is_compiled() -> None:
    assert COMPILED


def test_every_public_name_exists() -> None:
    assert [name for name in whimbrel_http1.__all__ if not hasattr(whimbrel_http1, name)] == []
    assert sorted(whimbrel_http1.__all__) == sorted(set(whimbrel_http1.__all__))
