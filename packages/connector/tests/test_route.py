"""Routes: what a pool tells connections apart by."""

from __future__ import annotations

import pytest
from yarl import URL

from whimbrel_connector import Fingerprint, Proxy, Route, TlsPolicy

PINNED = TlsPolicy(fingerprint=Fingerprint(bytes(32)))


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("http://shore.example/a?b#c", Route("shore.example", 80)),
        ("HTTP://SHORE.example:8080", Route("shore.example", 8080)),
        ("https://shore.example", Route("shore.example", 443, PINNED)),
        ("wss://shore.example", Route("shore.example", 443, PINNED)),
        ("ws://shore.example", Route("shore.example", 80)),
        ("http://[::1]:1", Route("::1", 1)),
        ("http://küste.example", Route("xn--kste-0ra.example", 80)),
        ("http://user:password@shore.example", Route("shore.example", 80)),
    ],
)
def test_a_route_follows_from_the_origin(url: str, route: Route) -> None:
    assert Route.to(URL(url), tls=PINNED) == route


@pytest.mark.parametrize("url", ["", "/path", "gopher9://shore.example"])
def test_no_origin_no_route(url: str) -> None:
    with pytest.raises(ValueError, match="no host and port"):
        Route.to(URL(url))


@pytest.mark.parametrize(
    ("url", "proxy", "origin"),
    [
        ("http://shore.example/a", None, "http://shore.example:80"),
        ("wss://shore.example", None, "https://shore.example:443"),
        ("http://[::1]:1", None, "http://[::1]:1"),
        ("http://shore.example", "http://proxy.example:3128", "http://proxy.example:3128"),
        ("http://shore.example", "https://proxy.example", "https://proxy.example:443"),
        ("https://shore.example", "http://proxy.example:3128", "https://shore.example:443"),
        ("ws://shore.example", "http://proxy.example:3128", "http://shore.example:80"),
    ],
)
def test_a_route_names_its_origin(url: str, proxy: str | None, origin: str) -> None:
    through = None if proxy is None else Proxy(URL(proxy))
    assert Route.to(URL(url), proxy=through).origin == origin
