"""Cookies in and out of a request: what the jar says, and what the caller adds for once."""

from collections.abc import Callable, Iterator, Sequence
from http.cookies import BaseCookie, Morsel
from typing import Protocol

from yarl import URL

from whimbrel_cookies import (
    AbstractCookieJar,
    LooseCookies,
    format_cookie_header,
    response_cookies,
)

__all__ = ["CookieJarLike", "cookie_source", "store_cookies"]


class CookieJarLike(Protocol):
    """A cookie jar as the users of `session.cookie_jar` know it.

    A session itself asks for the first two methods alone, and an `AbstractCookieJar` in a faster way.
    """

    def update_cookies(self, cookies: LooseCookies, response_url: URL, /) -> None:
        """Store the cookies of a response."""

    def filter_cookies(self, request_url: URL, /) -> "BaseCookie[str]":
        """Return what a request to the URL must send."""

    def __iter__(self) -> "Iterator[Morsel[str]]":
        """Iterate over the cookies."""

    def __len__(self) -> int:
        """Return how many there are."""

    def clear(self) -> None:
        """Forget all cookies."""

    def clear_domain(self, domain: str, /) -> None:
        """Forget the cookies of a domain."""


def cookie_source(jar: CookieJarLike) -> Callable[[URL], str]:
    """Return what tells the value of the Cookie header that the jar wants sent to a URL, "" for none."""
    if isinstance(jar, AbstractCookieJar):
        return jar.cookie_header
    return lambda url: format_cookie_header(jar.filter_cookies(url))


def store_cookies(jar: CookieJarLike, set_cookie: Sequence[bytes], url: URL) -> None:
    """Give the jar what a response from `url` said in its Set-Cookie fields."""
    if isinstance(jar, AbstractCookieJar):
        jar.update_cookies_from_headers([line.decode("utf-8", "surrogateescape") for line in set_cookie], url)
    else:
        jar.update_cookies(response_cookies(set_cookie), url)
