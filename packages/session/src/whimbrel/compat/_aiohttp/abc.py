"""aiohttp.abc: the interfaces that users implement."""

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
