"""`ClientTimeout` as a value."""

import dataclasses
import pickle

import pytest

from whimbrel import ClientTimeout


def test_it_is_changed_as_a_class_of_attrs_or_as_a_dataclass() -> None:
    """In aiohttp it is the former, and programs go by that."""
    attr = pytest.importorskip("attr")
    timeout = ClientTimeout(total=5, tls=1)
    expected = ClientTimeout(total=7, tls=1)
    assert attr.evolve(timeout, total=7) == dataclasses.replace(timeout, total=7) == expected
    assert attr.asdict(timeout) == dataclasses.asdict(timeout)
    assert pickle.loads(pickle.dumps(timeout)) == timeout
