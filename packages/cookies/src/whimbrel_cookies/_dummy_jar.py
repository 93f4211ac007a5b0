"""A jar for clients that want no cookies: it keeps nothing and sends nothing."""

from collections.abc import Iterator, Sequence
from http.cookies import BaseCookie, Morsel, SimpleCookie

from whimbrel_cookies._abstract import AbstractCookieJar, ClearCookiePredicate
from whimbrel_cookies._given import LooseCookies
from whimbrel_cookies._urls import StrOrUrl

__all__ = ["DummyCookieJar"]


class DummyCookieJar(AbstractCookieJar):
    """A jar that is always empty. Nothing given to it is even parsed.

    Args:
        loop: Accepted and ignored.
    """

    def __init__(self, *, loop: object = None) -> None:
        super().__init__(loop=loop)

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Morsel[str]]:
        return iter(())

    def clear(self, predicate: ClearCookiePredicate | None = None) -> None:
        """Do nothing."""

    def clear_domain(self, domain: str) -> None:
        """Do nothing."""

    def update_cookies(self, cookies: LooseCookies, response_url: StrOrUrl = "") -> None:
        """Do nothing."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: StrOrUrl) -> None:
        """Do nothing."""

    def filter_cookies(self, request_url: StrOrUrl) -> BaseCookie[str]:
        """Return no cookies."""
        del request_url
        return SimpleCookie()

    def cookie_header(self, request_url: StrOrUrl) -> str:
        """Return the empty text."""
        del request_url
        return ""
