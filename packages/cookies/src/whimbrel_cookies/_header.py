"""Write the Cookie field of a request (RFC 6265bis section 5.8.3, step 4) from what a jar hands out."""

from collections.abc import Mapping
from http.cookies import Morsel

from whimbrel_cookies._given import LooseCookies, fault_of, read_given

__all__ = ["format_cookie_header", "merge_cookie_header"]


def format_cookie_header(cookies: Mapping[str, Morsel[str]]) -> str:
    """Return the field value for what any jar's `filter_cookies` returned; empty for no cookies.

    Morsels whose name or value could not be sent without changing the field are left out.
    """
    return "; ".join(
        _pair(morsel.key, morsel.coded_value)
        for morsel in cookies.values()
        if morsel.key is not None
        and morsel.coded_value is not None
        and fault_of(morsel.key, morsel.coded_value) is None
    )


def merge_cookie_header(header: str, cookies: LooseCookies, *, quote_cookie: bool = False) -> str:
    """Add the cookies of one request to a Cookie field value.

    Args:
        header: What a jar's `cookie_header` returned, perhaps empty.
        cookies: What the caller gave for this request only. They replace those of the same name.
        quote_cookie: Whether text values are quoted as in RFC 2109.

    Raises:
        InvalidCookie: One of them cannot be sent as it is.

    >>> merge_cookie_header("sid=1; theme=dark", {"sid": "2"})
    'theme=dark; sid=2'
    """
    extra: dict[str, str] = {}
    for given in read_given(cookies, quote=quote_cookie):
        if given.fault is not None:
            raise given.error()
        extra[given.cookie.name] = _pair(given.cookie.name, given.cookie.value)
    kept = [pair for pair in header.split("; ") if pair and _name_of(pair) not in extra]
    return "; ".join([*kept, *extra.values()])


def _pair(name: str, value: str) -> str:
    return f"{name}={value}" if name else value


def _name_of(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return name if equals else ""
