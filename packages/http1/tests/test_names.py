"""Every public name is there, those that are imported late among them."""

from __future__ import annotations

import pytest

import whimbrel_http1


@pytest.mark.parametrize("name", whimbrel_http1.__all__)
def test_a_public_name_is_there_and_listed(name: str) -> None:
    assert getattr(whimbrel_http1, name) is getattr(whimbrel_http1, name)
    assert name in dir(whimbrel_http1)


def test_another_name_is_missed_as_ever() -> None:
    with pytest.raises(AttributeError, match="module 'whimbrel_http1' has no attribute 'ContentDecorder'"):
        getattr(whimbrel_http1, "ContentDecorder")  # noqa: B009  a type checker would refuse it
