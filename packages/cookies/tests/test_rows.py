"""Saved rows: everything is kept, and nothing unsound comes back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_cookies._admission import LONGEST_LIFE_SECONDS
from whimbrel_cookies._cookie import Cookie
from whimbrel_cookies._rows import cookie_from_row, row_of_cookie

NOW = 1_800_000_000.0
ROW: dict[str, Any] = {
    "name": "sid",
    "value": '"a=b"',
    "domain": "shore.example",
    "path": "/x",
    "host_only": True,
    "secure": True,
    "http_only": True,
    "partitioned": True,
    "same_site": "Strict",
    "creation": NOW - 5,
    "last_access": NOW - 1,
    "expiry": NOW + 60,
}


def test_a_row_keeps_every_attribute() -> None:
    cookie = cookie_from_row(ROW, NOW)
    assert cookie is not None
    assert row_of_cookie(cookie) == ROW


BAD = [
    *[{key: None} for key in ROW if key not in {"expiry", "same_site"}],
    {"name": "a=b"}, {"name": "a;"}, {"name": "a\n"}, {"name": 1}, {"name": " a"},
    {"value": "x\r\nX: y"}, {"value": "x;y"}, {"value": "\ud800"}, {"value": ["x"]},
    {"domain": "Shore.Example"}, {"domain": "a..b"}, {"domain": "a/b"}, {"domain": "shore.example."}, {"domain": 1},
    {"path": "x"}, {"path": ""}, {"path": "/\x00"}, {"path": "/;"},
    {"host_only": 1}, {"secure": "yes"}, {"http_only": "false"}, {"partitioned": 0},
    {"creation": "now"}, {"creation": True}, {"last_access": float("nan")}, {"expiry": float("inf")}, {"expiry": "soon"}, {"expiry": 10**400},
    {"name": "__Secure-a", "secure": False}, {"name": "__Host-a"}, {"name": "__host-a", "path": "/", "host_only": False},
    {"name": "", "value": "a=b"}, {"name": "", "value": "__Host-a"},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD, ids=repr)
def test_unsound_rows_are_none(change: dict[str, Any]) -> None:
    assert cookie_from_row({**ROW, **change}, NOW) is None


@pytest.mark.parametrize("field", [field for field in ROW if field not in {"expiry", "same_site"}])
def test_incomplete_rows_are_none(field: str) -> None:
    assert cookie_from_row({key: value for key, value in ROW.items() if key != field}, NOW) is None


def test_no_row_lives_longer_than_400_days() -> None:
    cookie = cookie_from_row({**ROW, "expiry": 1e12}, NOW)
    assert cookie is not None
    assert cookie.expiry == NOW + LONGEST_LIFE_SECONDS


def test_a_shared_row_is_never_host_only() -> None:
    cookie = cookie_from_row({**ROW, "domain": ""}, NOW)
    assert cookie is not None
    assert not cookie.host_only


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)


@given(st.dictionaries(st.sampled_from(list(ROW)), JSON))
def test_any_row_is_a_cookie_or_none(changes: dict[str, Any]) -> None:
    assert isinstance(cookie_from_row({**ROW, **changes}, NOW), (Cookie, type(None)))


@given(
    st.text("ab-_é\udce9", min_size=1, max_size=5),
    st.text(' ab"=,é\udce9\t', max_size=8).map(lambda value: value.strip(" \t")),
    st.booleans(),
    st.none() | st.integers(int(NOW) + 1, int(NOW) + 1000),
)
def test_rows_survive_json(name: str, value: str, secure: bool, expiry: int | None) -> None:
    cookie = Cookie(
        name, value, domain="a.example", path="/", host_only=True, creation=NOW, secure=secure, expiry=expiry
    )
    again = cookie_from_row(json.loads(json.dumps(row_of_cookie(cookie))), NOW)
    assert again is not None
    assert row_of_cookie(again) == row_of_cookie(cookie)
