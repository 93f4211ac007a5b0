"""The interfaces that users implement, under the names that aiohttp documents."""

from whimbrel_connector import AbstractResolver, ResolveResult
from whimbrel_connector import BodyWriter as AbstractStreamWriter
from whimbrel_cookies import AbstractCookieJar, ClearCookiePredicate

__all__ = [
    "AbstractCookieJar",
    "AbstractResolver",
    "AbstractStreamWriter",
    "ClearCookiePredicate",
    "ResolveResult",
]
