"""aiohttp.cookiejar: the jars."""

from whimbrel_cookies import CookieJar, DummyCookieJar

__all__ = ["CookieJar", "DummyCookieJar"]
