"""One saved cookie as plain values, and back (R-12: data only, every attribute, bad rows one by one)."""

from collections.abc import Mapping
from math import isfinite

from whimbrel_cookies._admission import LONGEST_LIFE_SECONDS, breaks_prefix, imitates
from whimbrel_cookies._cookie import Cookie
from whimbrel_cookies._given import fault_of
from whimbrel_cookies._hosts import canonical_host
from whimbrel_cookies._set_cookie import parse_same_site

__all__ = ["Row", "cookie_from_row", "row_of_cookie"]

Row = Mapping[str, object]

_TEXTS = ("name", "value", "domain", "path")
_FLAGS = ("host_only", "secure", "http_only", "partitioned")
_TIMES = ("creation", "last_access")


def row_of_cookie(cookie: Cookie) -> dict[str, object]:
    """Return all that is known of a cookie, as values that JSON can hold."""
    fields = (*_TEXTS, *_FLAGS, "same_site", *_TIMES, "expiry")
    return {field: getattr(cookie, field) for field in fields}


def cookie_from_row(row: Row, now: float) -> Cookie | None:
    """Return the cookie that a row describes, or None where a field is missing, of a wrong type or unsafe.

    No cookie lives longer than 400 days from `now`, whatever the row says.
    """
    texts = [_text(row.get(field)) for field in _TEXTS]
    flags = [_flag(row.get(field)) for field in _FLAGS]
    times = [_time(row.get(field)) for field in _TIMES]
    expiry, same_site = row.get("expiry"), row.get("same_site")
    limit = None if expiry is None else _time(expiry)
    if expiry is not None and limit is None:
        return None
    match texts, flags, times:
        case (
            [str(name), str(value), str(domain), str(path)],
            [bool(host_only), bool(secure), bool(http_only), bool(partitioned)],
            [float(creation), float(last_access)],
        ):
            cookie = Cookie(
                name,
                value,
                domain=domain,
                path=path,
                host_only=host_only and bool(domain),
                creation=creation,
                expiry=None if limit is None else min(limit, now + LONGEST_LIFE_SECONDS),
                secure=secure,
                http_only=http_only,
                same_site=parse_same_site(same_site.encode("utf-8", "replace"))
                if isinstance(same_site, str)
                else None,
                partitioned=partitioned,
            )
            cookie.last_access = last_access
            return cookie if _is_sound(cookie) else None
        case _:
            return None


def _is_sound(cookie: Cookie) -> bool:
    return (
        cookie.path.startswith("/")
        and fault_of(cookie.name, cookie.value, cookie.path) is None
        and not imitates(cookie.name, cookie.value)
        and (not cookie.domain or canonical_host(cookie.domain) == cookie.domain)
        and not (cookie.domain and breaks_prefix(cookie))
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _time(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    return seconds if isfinite(seconds) else None
