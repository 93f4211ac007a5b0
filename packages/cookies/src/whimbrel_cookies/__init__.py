"""The cookie jar: what a server may store and a request must send (RFC 6265bis)."""

from whimbrel_cookies._abstract import AbstractCookieJar, ClearCookiePredicate
from whimbrel_cookies._dates import format_cookie_date, parse_cookie_date
from whimbrel_cookies._dummy_jar import DummyCookieJar
from whimbrel_cookies._given import LooseCookies
from whimbrel_cookies._header import format_cookie_header, merge_cookie_header
from whimbrel_cookies._hosts import canonical_host, domain_match
from whimbrel_cookies._jar import CookieJar
from whimbrel_cookies._morsels import CookieMorsel, response_cookies
from whimbrel_cookies._paths import default_path, path_match
from whimbrel_cookies._set_cookie import SameSite, SetCookie, parse_set_cookie
from whimbrel_cookies._suffixes import PublicSuffixes, SuffixRules
from whimbrel_cookies._urls import StrOrUrl, UrlLike
from whimbrel_cookies._version import __version__
from whimbrel_cookies.errors import CookieError, CookieFileError, InvalidCookie, InvalidUrl

__all__ = [
    "AbstractCookieJar",
    "ClearCookiePredicate",
    "CookieError",
    "CookieFileError",
    "CookieJar",
    "CookieMorsel",
    "DummyCookieJar",
    "InvalidCookie",
    "InvalidUrl",
    "LooseCookies",
    "PublicSuffixes",
    "SameSite",
    "SetCookie",
    "StrOrUrl",
    "SuffixRules",
    "UrlLike",
    "__version__",
    "canonical_host",
    "default_path",
    "domain_match",
    "format_cookie_date",
    "format_cookie_header",
    "merge_cookie_header",
    "parse_cookie_date",
    "parse_set_cookie",
    "path_match",
    "response_cookies",
]
