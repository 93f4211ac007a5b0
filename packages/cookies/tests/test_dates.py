"""Cookie dates (RFC 6265bis section 5.1.1)."""

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_cookies import format_cookie_date, parse_cookie_date


def test_public_date_vectors(date_case: dict[str, Any]) -> None:
    assert parse_cookie_date(date_case["input"]) == date_case["expected_unix"]


REJECTED = [
    ("5.1.1-step-5-no-time", "09 Dec 2009"),
    ("5.1.1-step-5-no-day", "Dec 2009 16:27:23"),
    ("5.1.1-step-5-no-month", "09 2009 16:27:23"),
    ("5.1.1-step-5-no-year", "09 Dec 16:27:23"),
    ("5.1.1-step-5-day-0", "0 Dec 2009 16:27:23"),
    ("5.1.1-step-5-day-32", "32 Dec 2009 16:27:23"),
    ("5.1.1-step-5-year-1600", "1 Dec 1600 16:27:23"),
    ("5.1.1-step-5-hour-24", "1 Dec 2009 24:00:00"),
    ("5.1.1-step-5-minute-60", "1 Dec 2009 00:60:00"),
    ("5.1.1-step-5-second-60", "1 Dec 2009 00:00:60"),
    ("5.1.1-step-6-no-such-day", "29 Feb 2011 00:00:00"),
    ("digits-are-ascii", "٠٩ Dec 2009 16:27:23"),
    ("no-signs-or-underscores", "0_9 Dec +200_9 16:2_7:23"),
    ("nothing", ""),
]


@pytest.mark.parametrize("text", [text for _, text in REJECTED], ids=[name for name, _ in REJECTED])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_cookie_date(text) is None


@pytest.mark.parametrize(
    ("year", "full"), [("69", 2069), ("70", 1970), ("00", 2000), ("99", 1999), ("101", 101)]
)
def test_short_years_have_a_century(year: str, full: int) -> None:
    expected = int(datetime(full, 1, 1, tzinfo=timezone.utc).timestamp()) if full >= 1601 else None
    assert parse_cookie_date(f"1 Jan {year} 0:0:0") == expected


@given(st.binary(max_size=60))
def test_any_bytes_are_a_date_or_none(text: bytes) -> None:
    assert isinstance(parse_cookie_date(text), (int, type(None)))


_EARLIEST = datetime(1601, 1, 1)  # noqa: DTZ001 # hypothesis adds the zone


@given(st.datetimes(min_value=_EARLIEST, timezones=st.just(timezone.utc)))
def test_what_is_written_reads_back(moment: datetime) -> None:
    seconds = int((moment.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds())
    assert parse_cookie_date(format_cookie_date(seconds)) == seconds
