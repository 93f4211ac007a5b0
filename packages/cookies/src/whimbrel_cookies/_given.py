"""Cookies as callers give them: mappings, pairs, `http.cookies` objects. Everything is checked here.

Whatever passes can be sent verbatim and means the same to the server; what cannot is an `InvalidCookie`.
"""

from collections.abc import Iterable, Iterator, Mapping
from http.cookies import BaseCookie, Morsel
from typing import NamedTuple, TypeAlias

from whimbrel_cookies._dates import parse_cookie_date
from whimbrel_cookies._grammar import UNSENDABLE
from whimbrel_cookies._morsels import CookieMorsel
from whimbrel_cookies._quoting import quote_value
from whimbrel_cookies._set_cookie import SetCookie, parse_max_age, parse_same_site
from whimbrel_cookies.errors import InvalidCookie, excerpt

__all__ = ["Given", "LooseCookies", "fault_of", "read_given"]

LooseValue: TypeAlias = str | Morsel[str] | BaseCookie[str]
LooseCookies: TypeAlias = Mapping[str, LooseValue] | Iterable[tuple[str, LooseValue]] | BaseCookie[str]


class Given(NamedTuple):
    """One cookie from the caller.

    Attributes:
        cookie: What it says.
        fault: Why it cannot be sent, or None.
        host_only: Whether its domain stands for that host alone.
        from_morsel: Whether it came as a `Morsel`, hence perhaps from a response.
    """

    cookie: SetCookie
    fault: str | None
    host_only: bool = False
    from_morsel: bool = False

    def error(self) -> InvalidCookie:
        """Return the error that says the fault."""
        return InvalidCookie(self.fault or "refused", name=self.cookie.name, rule="RFC 6265bis 4.1.1 and 5.7")


def read_given(cookies: LooseCookies, *, quote: bool) -> Iterator[Given]:
    """Yield the cookies that the caller gave, in order.

    Args:
        cookies: A mapping, pairs, or a `BaseCookie`; each value is text, a number, a `Morsel` (whose
            `coded_value` is taken verbatim) or a `BaseCookie` (whose morsels are taken).
        quote: Whether text is quoted as in RFC 2109 where it holds more than token characters.

    Raises:
        TypeError: A name is not text, or a value none of these.
    """
    pairs = cookies.items() if isinstance(cookies, Mapping) else cookies
    for name, value in pairs:
        if not isinstance(name, str):
            raise TypeError(f"a cookie's name is str, not {type(name).__name__}")
        if isinstance(value, Morsel):
            yield _from_morsel(name, value)
        elif isinstance(value, BaseCookie):
            yield from read_given(value, quote=quote)
        elif isinstance(value, (str, int, float)):
            # Numbers are not in the signature, but `http.cookies` took them, and so do many programs.
            text = quote_value(str(value)) if quote else str(value)
            yield Given(SetCookie(name, text), fault_of(name, text))
        else:
            raise TypeError(
                f"the value of cookie {excerpt(name)} is str or Morsel, not {type(value).__name__}"
            )


def fault_of(name: str, value: str, path: str = "/") -> str | None:
    """Return why a cookie of this name, value and path could not be sent as it is, or None."""
    for what, text in (("name", name), ("value", value), ("path", path)):
        if found := UNSENDABLE(text):
            return f"the {what} contains {found[0]!a}"
    if "=" in name:
        return "the name contains '='"
    if name.strip(" \t") != name or value.strip(" \t") != value:
        return "blanks around name or value would be lost"
    if not name and (not value or "=" in value):
        return "without a name it would not read as this cookie"
    return None


def _from_morsel(name: str, morsel: Morsel[str]) -> Given:
    # A morsel that was never set has None in all three.
    name = morsel.key or name
    coded = morsel.coded_value
    value = coded if coded is not None else str(morsel.value or "")
    path = str(morsel["path"] or "")
    cookie = SetCookie(
        name,
        value,
        domain=str(morsel["domain"] or "").removeprefix(".").lower() or None,
        path=path if path.startswith("/") else None,
        expires=parse_cookie_date(str(morsel["expires"] or "")),
        max_age=parse_max_age(_octets(morsel["max-age"])),
        secure=bool(morsel["secure"]),
        http_only=bool(morsel["httponly"]),
        same_site=parse_same_site(_octets(morsel["samesite"])),
        partitioned=bool(morsel.get("partitioned")),
    )
    host_only = isinstance(morsel, CookieMorsel) and morsel.host_only
    return Given(cookie, fault_of(name, value, path), host_only=host_only, from_morsel=True)


def _octets(attribute: object) -> bytes:
    # "0" must stay "0": a Max-Age of zero is how cookies are deleted.
    return b"" if attribute is None else str(attribute).encode("utf-8", "surrogatepass")
