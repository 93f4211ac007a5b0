"""TLS that verifies nobody is warned of: once for a connector, and where it was made."""

from __future__ import annotations

import ssl
import sys
import warnings
from typing import TYPE_CHECKING

import pytest
from yarl import URL

from whimbrel_connector import Fingerprint, Proxy, Route, TCPConnector, TlsPolicy, UnverifiedTlsWarning
from whimbrel_connector.unverified import unverified_end

if TYPE_CHECKING:
    from .conftest import Authority, Serve

OFF, PINNED = TlsPolicy(verify=False), TlsPolicy(verify=False, fingerprint=Fingerprint(bytes(32)))
LAX = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
LAX.check_hostname = False
NAMELESS = TlsPolicy(context=LAX)
STRICT = TlsPolicy(context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
PROXY = Proxy(URL("https://proxy.example:3128"))
LAX_PROXY = Proxy(URL("https://proxy.example:3128"), tls=OFF)
PLAIN_PROXY = Proxy(URL("http://proxy.example:3128"), tls=OFF)
HTTP, HTTPS = "http://shore.example", "https://shore.example"
ORIGIN, THE_PROXY = "https://shore.example:443", "the proxy proxy.example:3128"


@pytest.mark.parametrize(
    ("url", "tls", "proxy", "end"),
    [
        (HTTPS, TlsPolicy(), None, None),
        (HTTPS, OFF, None, ORIGIN),
        (HTTPS, PINNED, None, None),
        (HTTPS, STRICT, None, None),
        (HTTP, OFF, None, None),
        (HTTPS, OFF, PROXY, ORIGIN),
        (HTTP, OFF, PROXY, None),
        (HTTP, TlsPolicy(), LAX_PROXY, THE_PROXY),
        (HTTPS, TlsPolicy(), LAX_PROXY, THE_PROXY),
        (HTTPS, TlsPolicy(), PLAIN_PROXY, None),
        (HTTPS, OFF, Proxy(URL("socks5://proxy.example")), ORIGIN),
    ],
)
def test_an_end_is_verified_by_its_chain_or_by_a_pin(
    url: str, tls: TlsPolicy, proxy: Proxy | None, end: str | None
) -> None:
    assert unverified_end(Route.to(URL(url), tls=tls, proxy=proxy)) == end


def test_a_context_that_checks_no_names_still_verifies_and_one_that_checks_nothing_does_not() -> None:
    route = Route.to(URL(HTTPS), tls=NAMELESS)
    assert unverified_end(route) is None
    LAX.verify_mode = ssl.CERT_NONE
    assert unverified_end(route) == ORIGIN


async def test_each_connector_warns_once_and_names_the_line_that_made_it(
    serve: Serve, authority: Authority
) -> None:
    peer = await serve(context=authority.server("127.0.0.1"))
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            async with TCPConnector(ssl=authority.client(), force_close=True) as connector:
                line = sys._getframe().f_lineno - 1
                await peer.fetch(connector)
                assert caught == []
                for _ in range(3):
                    await peer.fetch(connector, tls=OFF)
        assert [each.category for each in caught] == [UnverifiedTlsWarning]
        assert (caught[0].filename, caught[0].lineno) == (__file__, line)
        assert f"TLS with {URL(peer.url).origin()} is not verified" in str(caught[0].message)


async def test_where_it_is_an_error_nothing_is_sent(serve: Serve, authority: Authority) -> None:
    peer = await serve(context=authority.server("127.0.0.1"))
    async with TCPConnector(ssl=False) as connector:
        for _ in range(2):
            with pytest.raises(UnverifiedTlsWarning):
                await peer.fetch(connector)
        assert connector.statistics.open == 0
