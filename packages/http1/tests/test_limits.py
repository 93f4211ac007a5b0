"""Limits are a value: compared, printed, sent between processes, and never changed."""

import copy
import pickle
import sys

import pytest

from whimbrel_http1 import DEFAULT_LIMITS, Limits, RequestParser, ResponseParser


def test_a_bound_below_zero_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="fields must be None or at least 0, not -1"):
        Limits(fields=-1)


def test_a_bound_may_be_none_or_zero() -> None:
    limits = Limits(fields=0, head_bytes=None)
    assert (limits.fields, limits.head_bytes) == (0, None)


def test_a_bound_may_be_higher_than_any_message() -> None:
    limits = Limits(**dict.fromkeys(Limits.__slots__, 1 << 70))
    early, chunked = b"HTTP/1.1 103 \r\n\r\n", b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"
    events = ResponseParser(limits=limits).feed(early + chunked + b"1\r\na\r\n0\r\na: 1\r\n\r\n")
    assert len(events) == 4
    parser = RequestParser(limits=limits)
    parser.feed(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\nnest")
    assert parser.accept_upgrade() == b"nest"


def test_limits_with_the_same_bounds_are_equal() -> None:
    assert Limits() == DEFAULT_LIMITS
    assert hash(Limits(fields=3)) == hash(Limits(fields=3))
    assert Limits(fields=3) != DEFAULT_LIMITS
    assert DEFAULT_LIMITS != "limits"


def test_others_are_made_by_replacing_a_bound() -> None:
    assert DEFAULT_LIMITS.replace(fields=3) == Limits(fields=3)
    assert Limits(fields=3).replace(line_bytes=None) == Limits(fields=3, line_bytes=None)
    with pytest.raises(TypeError, match="feathers"):
        DEFAULT_LIMITS.replace(feathers=3)
    with pytest.raises(ValueError, match="fields"):
        DEFAULT_LIMITS.replace(fields=-3)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace came with Python 3.13")
def test_copy_replace_makes_others_too() -> None:
    replaced = getattr(copy, "replace")(DEFAULT_LIMITS, fields=3)  # noqa: B009 -- typed for 3.10
    assert replaced == Limits(fields=3)


def test_limits_do_not_change() -> None:
    limits = Limits()
    with pytest.raises(AttributeError, match=r"replace\(fields=\.\.\.\) makes others"):
        setattr(limits, "fields", 3)  # noqa: B010 -- what a type checker refuses
    with pytest.raises(AttributeError, match="fields stays"):
        del limits.fields
    assert limits == DEFAULT_LIMITS


def test_limits_can_be_copied_and_pickled() -> None:
    limits = Limits(fields=3)
    assert copy.copy(limits) == limits
    assert copy.deepcopy(limits) == limits
    assert pickle.loads(pickle.dumps(limits)) == limits


def test_limits_are_printed_so_that_they_can_be_read_back() -> None:
    assert eval(repr(Limits(fields=3)), {"Limits": Limits}) == Limits(fields=3)
