"""Read and write cookie dates (RFC 6265bis section 5.1.1).

The reader takes whatever servers have ever sent after `Expires=`; the writer gives one form only.
Times are whole seconds since 1970-01-01 00:00 UTC.
"""

import re
from datetime import date, datetime, timedelta, timezone

__all__ = ["format_cookie_date", "parse_cookie_date"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBERS = {name.lower().encode(): number for number, name in enumerate(_MONTHS, 1)}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_EPOCH_ORDINAL = _EPOCH.toordinal()

# The productions of section 5.1.1. In a bytes pattern \d is an ASCII digit.
_TOKENS = re.compile(rb"[\x00-\x08\x0a-\x1f0-9:A-Za-z\x7f-\xff]+").findall
_TIME = re.compile(rb"(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)").match
_DAY_OF_MONTH = re.compile(rb"(\d{1,2})(?!\d)").match
_YEAR = re.compile(rb"(\d{2,4})(?!\d)").match


def parse_cookie_date(text: bytes | str) -> int | None:
    """Return the time that `text` names, or None where it names none (RFC 6265bis section 5.1.1).

    The time zone is always UTC, whatever the text says, as the section asks.

    >>> parse_cookie_date("Wed, 09 Dec 2009 16:27:23 GMT")
    1260376043
    >>> parse_cookie_date("31 Feb 2030 00:00:00") is None
    True
    """
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogatepass")
    clock: tuple[int, int, int] | None = None
    day = month = year = None
    for token in _TOKENS(text):
        # The order of these questions is the section's step 2: each is asked until it was answered once.
        if clock is None and (found := _TIME(token)):
            clock = int(found[1]), int(found[2]), int(found[3])
        elif day is None and (found := _DAY_OF_MONTH(token)):
            day = int(found[1])
        elif month is None and (number := _MONTH_NUMBERS.get(token[:3].lower())):
            month = number
        elif year is None and (found := _YEAR(token)):
            year = _full_year(int(found[1]))
    if clock is None or day is None or month is None or year is None:
        return None
    return _seconds(year, month, day, clock)


def _full_year(year: int) -> int:
    if year <= 69:
        return year + 2000
    return year + 1900 if year <= 99 else year


def _seconds(year: int, month: int, day: int, clock: tuple[int, int, int]) -> int | None:
    hour, minute, second = clock
    if year < 1601 or hour > 23 or minute > 59 or second > 59:
        return None
    try:
        ordinal = date(year, month, day).toordinal()
    except ValueError:
        return None
    return (ordinal - _EPOCH_ORDINAL) * 86400 + hour * 3600 + minute * 60 + second


def format_cookie_date(seconds: float) -> str:
    """Return `seconds` as an IMF-fixdate (RFC 9110 section 5.6.7); a fraction is dropped.

    >>> format_cookie_date(1260376043)
    'Wed, 09 Dec 2009 16:27:23 GMT'
    """
    moment = _EPOCH + timedelta(seconds=int(seconds))
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02} {_MONTHS[moment.month - 1]} {moment.year:04} "
        f"{moment.hour:02}:{moment.minute:02}:{moment.second:02} GMT"
    )
