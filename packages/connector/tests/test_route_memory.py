"""What was asked for last is known again, and nothing else."""

from __future__ import annotations

import pytest
from yarl import URL

from whimbrel_connector import Proxy, TlsPolicy
from whimbrel_connector._route_memory import RouteMemory
from whimbrel_connector.route import Route

URL_ASKED, TLS, BASE, PROXY = (
    URL("http://shore.example/"),
    TlsPolicy(),
    TlsPolicy(),
    Proxy(URL("http://proxy.example")),
)
ROUTE = Route.to(URL_ASKED)


def test_the_same_again_has_the_same_route() -> None:
    memory = RouteMemory()
    assert memory.recall(URL_ASKED, TLS, BASE, PROXY) is None
    memory.keep(URL_ASKED, TLS, BASE, PROXY, ROUTE)
    assert memory.recall(URL_ASKED, TLS, BASE, PROXY) is ROUTE


@pytest.mark.parametrize(
    ("url", "tls", "base", "proxy"),
    [
        (URL("http://shore.example/other"), TLS, BASE, PROXY),
        (URL_ASKED, None, BASE, PROXY),
        (URL_ASKED, TlsPolicy(verify=False), BASE, PROXY),
        (URL_ASKED, TLS, TlsPolicy(verify=False), PROXY),
        (URL_ASKED, TLS, BASE, None),
        (URL_ASKED, TLS, BASE, Proxy(URL("http://other.example"))),
    ],
)
def test_anything_else_has_none(
    url: URL, tls: TlsPolicy | None, base: TlsPolicy, proxy: Proxy | None
) -> None:
    memory = RouteMemory()
    memory.keep(URL_ASKED, TLS, BASE, PROXY, ROUTE)
    assert memory.recall(url, tls, base, proxy) is None
