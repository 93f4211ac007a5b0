"""The interface that an HTTP client asks of a cookie jar: aiohttp's, and one method more."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from http.cookies import BaseCookie, Morsel, SimpleCookie
from types import MappingProxyType
from typing import TypeAlias

from whimbrel_cookies._given import LooseCookies
from whimbrel_cookies._header import format_cookie_header
from whimbrel_cookies._morsels import response_cookies
from whimbrel_cookies._urls import StrOrUrl

__all__ = ["AbstractCookieJar", "ClearCookiePredicate"]

ClearCookiePredicate: TypeAlias = Callable[[Morsel[str]], bool]

# Methods that clients call, and those of aiohttp's interface that say the same more slowly.
_SHORT_CUTS = {"update_cookies_from_headers": "update_cookies", "cookie_header": "filter_cookies"}


class AbstractCookieJar(ABC, Sized, Iterable[Morsel[str]]):
    """A cookie jar.

    Six methods make one: `clear`, `clear_domain`, `update_cookies`, `filter_cookies`, `__iter__`, `__len__`.
    A subclass of another jar that overrides `update_cookies` or `filter_cookies` alone is asked by these:
    the two other methods, which that jar may have for speed, would pass over what it overrides.

    Args:
        loop: Accepted for programs written for aiohttp, and ignored: no jar needs an event loop.
    """

    def __init__(self, *, loop: object = None) -> None:
        del loop

    def __init_subclass__(cls, **options: object) -> None:
        """Take no short cut around what a subclass overrides."""
        super().__init_subclass__(**options)
        for short_cut, method in _SHORT_CUTS.items():
            nearest = next(kind for kind in cls.__mro__ if not {short_cut, method}.isdisjoint(vars(kind)))
            if short_cut not in vars(nearest):
                setattr(cls, short_cut, vars(AbstractCookieJar)[short_cut])

    @property
    def unsafe(self) -> bool:
        """Whether hosts that are IP addresses may have cookies."""
        return False

    @property
    def quote_cookie(self) -> bool:
        """Whether values given as text are quoted as in RFC 2109."""
        return False

    @property
    def treat_as_secure_origin(self) -> frozenset[str]:
        """Origins to which Secure cookies may go in clear text."""
        return frozenset()

    @property
    def cookies(self) -> Mapping[tuple[str, str], SimpleCookie]:
        """The cookies by domain and path, the path without its last slash; a copy."""
        return MappingProxyType({})

    @property
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        """Domain, path (likewise) and name of those that go to one host only; a copy."""
        return frozenset()

    @abstractmethod
    def clear(self, predicate: ClearCookiePredicate | None = None) -> None:
        """Remove all cookies, or those for which `predicate` is true."""

    @abstractmethod
    def clear_domain(self, domain: str) -> None:
        """Remove the cookies of `domain` and of all domains below it."""

    @abstractmethod
    def update_cookies(self, cookies: LooseCookies, response_url: StrOrUrl = "") -> None:
        """Store cookies given as a mapping, pairs or `http.cookies` objects.

        Args:
            cookies: The cookies.
            response_url: Where they came from; empty for cookies that every host receives.
        """

    @abstractmethod
    def filter_cookies(self, request_url: StrOrUrl) -> BaseCookie[str]:
        """Return the cookies for a request by name, as bare morsels."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: StrOrUrl) -> None:
        """Store the cookies of a response.

        Args:
            headers: The values of its Set-Cookie fields.
            response_url: The URL that was requested.
        """
        if headers and (cookies := response_cookies(headers)):
            self.update_cookies(cookies, response_url)

    def cookie_header(self, request_url: StrOrUrl) -> str:
        """Return the Cookie field value for a request; empty when none is to be sent.

        It goes on the wire as UTF-8 with surrogate escapes (`encode("utf-8", "surrogateescape")`).
        """
        return format_cookie_header(self.filter_cookies(request_url))

    # Sized and Iterable ask for these two; named here so that the interface reads whole.
    @abstractmethod
    def __len__(self) -> int:
        """Return the number of stored cookies."""

    @abstractmethod
    def __iter__(self) -> Iterator[Morsel[str]]:
        """Yield the stored cookies with their attributes."""
