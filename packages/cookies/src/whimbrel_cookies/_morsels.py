"""Cookies as `http.cookies.Morsel`, the documented face, built without that module's own checks.

Interpreters differ in what `Morsel` accepts; what is stored here was checked by this package's rules already.
"""

from collections.abc import Iterable, Mapping
from http.cookies import Morsel, SimpleCookie

from whimbrel_cookies._cookie import Cookie
from whimbrel_cookies._dates import format_cookie_date
from whimbrel_cookies._quoting import unquote_value
from whimbrel_cookies._set_cookie import SetCookie, parse_set_cookie

__all__ = ["CookieMorsel", "bare_morsel", "collect", "response_cookies", "stored_morsel"]


_NO_ATTRIBUTES: dict[str, object] = dict(Morsel())


class CookieMorsel(Morsel[str]):
    """A `Morsel` that shows a cookie as it is.

    `coded_value` is the verbatim text, `value` the same with RFC 2109 quoting taken off.

    Args:
        name: Shown as `key`.
        coded_value: The value as it is sent.
        attributes: By their lower-case names, such as `max-age`.
        host_only: See below.

    Attributes:
        host_only: Whether `["domain"]` stands for that host alone. `update_cookies` obeys it, so that copying
            one jar into another never widens who receives a cookie.
    """

    host_only: bool

    def __init__(
        self,
        name: str,
        coded_value: str,
        attributes: Mapping[str, object] | None = None,
        host_only: bool = False,
    ) -> None:
        # Not super().__init__(), which sets one attribute after the other: jars make these for each request.
        dict.__init__(self, _NO_ATTRIBUTES)
        self._key = name
        self._value = unquote_value(coded_value)
        self._coded_value = coded_value
        self.host_only = host_only
        if attributes:
            dict.update(self, attributes)

    @property
    def key(self) -> str:
        """The name."""
        return self._key

    @property
    def value(self) -> str:
        """The value without quotes."""
        return self._value

    @property
    def coded_value(self) -> str:
        """The value as it is sent."""
        return self._coded_value

    def copy(self) -> "CookieMorsel":
        """Return an equal one."""
        return CookieMorsel(self._key, self._coded_value, self, self.host_only)

    def __reduce__(self) -> tuple[object, ...]:
        return CookieMorsel, (self._key, self._coded_value, dict(self), self.host_only)


def bare_morsel(cookie: Cookie) -> CookieMorsel:
    """Return a stored cookie as it is sent: without attributes, which clients would send along."""
    return CookieMorsel(cookie.name, cookie.value)


def stored_morsel(cookie: Cookie) -> CookieMorsel:
    """Return a stored cookie with its attributes; Max-Age has become part of `expires`."""
    attributes = _flags(cookie)
    attributes["domain"], attributes["path"] = cookie.domain, cookie.path
    if cookie.expiry is not None:
        attributes["expires"] = format_cookie_date(cookie.expiry)
    return CookieMorsel(cookie.name, cookie.value, attributes, cookie.host_only)


def collect(morsels: Iterable[CookieMorsel]) -> SimpleCookie:
    """Return a mapping from name to morsel; of one name, the first is kept."""
    found = SimpleCookie()
    for morsel in morsels:
        if morsel.key not in found:
            dict.__setitem__(found, morsel.key, morsel)
    return found


def response_cookies(headers: Iterable[bytes | str]) -> SimpleCookie:
    """Return the cookies of a response as a mapping, whether a jar would store them or not.

    Args:
        headers: The values of its Set-Cookie fields, in order. Lines that RFC 6265bis section 5.6 ignores are
            left out, and so are nameless cookies; of one name, the last is kept.

    >>> response_cookies([b'tide="high"; Path=/'])["tide"].coded_value
    '"high"'
    """
    found = SimpleCookie()
    for line in headers:
        received = parse_set_cookie(line)
        if received is not None and received.name:
            dict.__setitem__(found, received.name, _received_morsel(received))
    return found


def _received_morsel(received: SetCookie) -> CookieMorsel:
    attributes = _flags(received)
    attributes["domain"], attributes["path"] = received.domain or "", received.path or ""
    if received.expires is not None:
        attributes["expires"] = format_cookie_date(received.expires)
    if received.max_age is not None:
        attributes["max-age"] = str(received.max_age)
    return CookieMorsel(received.name, received.value, attributes)


def _flags(cookie: Cookie | SetCookie) -> dict[str, object]:
    flags: dict[str, object] = {
        "secure": cookie.secure,
        "httponly": cookie.http_only,
        "partitioned": cookie.partitioned,
        "samesite": cookie.same_site,
    }
    return {name: value for name, value in flags.items() if value}
