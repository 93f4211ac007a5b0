"""Jars side by side: an empty one, and one with 1,000 cookies over 500 domains. Microseconds, best of rounds.

Run with the Python that has aiohttp installed; without it only http.cookiejar is compared.
"""

import asyncio
import http.cookiejar
import timeit
import urllib.request
from collections.abc import Callable
from email.message import Message

from whimbrel_cookies import CookieJar, parse_set_cookie

DOMAINS, REQUEST = 500, "https://www.d250.example/book/page?x=1"
LINES = [
    "sid=31d4d96e407aad42; Path=/; Secure; HttpOnly",
    "theme=dark; Path=/book; Domain={domain}; Max-Age=86400",
]
DATED = "a=b; Path=/; Expires=Wed, 09 Jun 2099 10:18:14 GMT; Secure; HttpOnly; SameSite=Lax"


def microseconds(call: Callable[[], object], number: int) -> float:
    """Return the best mean of five rounds."""
    return min(timeit.repeat(call, number=number, repeat=5)) / number * 1e6


def responses() -> list[tuple[str, list[str]]]:
    """Return the URL and the Set-Cookie lines of one response for each domain."""
    names = [f"d{number}.example" for number in range(DOMAINS)]
    return [(f"https://www.{name}/book/", [line.format(domain=name) for line in LINES]) for name in names]


class Answer:
    """What http.cookiejar asks of a response."""

    def __init__(self, lines: list[str]) -> None:
        self._message = Message()
        for line in lines:
            self._message["Set-Cookie"] = line

    def info(self) -> Message:
        """Return the header."""
        return self._message


def whimbrel_rows(rounds: int) -> dict[str, float]:
    """Measure this package, with `str` URLs and with `yarl.URL`."""
    empty, full = CookieJar(), CookieJar()
    for url, lines in responses():
        full.update_cookies_from_headers(lines, url)
    url, lines = responses()[250]
    rows = {
        "empty jar": microseconds(lambda: empty.cookie_header(REQUEST), rounds * 10),
        "header": microseconds(lambda: full.cookie_header(REQUEST), rounds),
        "filter": microseconds(lambda: full.filter_cookies(REQUEST), rounds),
        "update": microseconds(lambda: full.update_cookies_from_headers(lines, url), rounds),
        "parse one line with a date": microseconds(lambda: parse_set_cookie(DATED), rounds),
    }
    try:
        from yarl import URL  # noqa: PLC0415 # optional here
    except ImportError:
        return rows
    request = URL(REQUEST)
    rows["header, yarl.URL"] = microseconds(lambda: full.cookie_header(request), rounds)
    return rows


async def aiohttp_rows(rounds: int) -> dict[str, float]:
    """Measure aiohttp's jar, which wants a running loop."""
    try:
        import aiohttp  # noqa: PLC0415 # optional here
        from yarl import URL  # noqa: PLC0415 # likewise
    except ImportError:
        return {}
    empty, full = aiohttp.CookieJar(), aiohttp.CookieJar()
    for url, lines in responses():
        full.update_cookies_from_headers(lines, URL(url))
    (text, lines), request = responses()[250], URL(REQUEST)
    response_url = URL(text)
    return {
        "empty jar": microseconds(lambda: empty.filter_cookies(request), rounds * 10),
        "filter": microseconds(lambda: full.filter_cookies(request), rounds),
        "update": microseconds(lambda: full.update_cookies_from_headers(lines, response_url), rounds),
    }


def stdlib_rows(rounds: int) -> dict[str, float]:
    """Measure http.cookiejar."""
    empty, full = http.cookiejar.CookieJar(), http.cookiejar.CookieJar()
    for url, lines in responses():
        full.extract_cookies(Answer(lines), urllib.request.Request(url))  # type: ignore[arg-type] # duck typed
    url, lines = responses()[250]
    response_url = urllib.request.Request(url)
    return {
        "empty jar": microseconds(lambda: empty.add_cookie_header(urllib.request.Request(REQUEST)), rounds),
        "header": microseconds(lambda: full.add_cookie_header(urllib.request.Request(REQUEST)), rounds // 50),
        "update": microseconds(
            lambda: full.extract_cookies(Answer(lines), response_url),  # type: ignore[arg-type] # duck typed
            rounds // 50,
        ),
    }


def main(rounds: int = 2000) -> None:
    """Print a table."""
    for name, rows in (
        ("whimbrel_cookies", whimbrel_rows(rounds)),
        ("aiohttp", asyncio.run(aiohttp_rows(rounds))),
        ("http.cookiejar", stdlib_rows(rounds)),
    ):
        for row, value in rows.items():
            print(f"{name:18} {row:28} {value:10.2f} µs")


if __name__ == "__main__":
    main()
