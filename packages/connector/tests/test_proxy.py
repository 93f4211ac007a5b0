"""Proxies as values: what they accept, what they show, and what they tell connections apart by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from yarl import URL

from whimbrel_connector import Proxy, Route, TlsPolicy, UnsupportedProxy
from whimbrel_http1 import InvalidHead

HERE = URL("http://proxy.example:3128")
PLAIN = Proxy(HERE)
UNVERIFIED = TlsPolicy(verify=False)
OTHERS = [
    Proxy(URL("http://proxy.example:3129")),
    Proxy(URL("https://proxy.example:3128")),
    replace(PLAIN, authorization="Basic YTpi"),
    replace(PLAIN, authorization="Basic YTpj"),
    replace(PLAIN, headers=(("X-P", "1"),)),
    replace(PLAIN, tls=UNVERIFIED),
    Proxy(URL("socks5://proxy.example:3128")),
    Proxy(URL("socks5h://proxy.example:3128")),
    Proxy(URL("socks5h://proxy.example:3128"), credentials=("a", "b")),
    Proxy(URL("socks5h://proxy.example:3128"), credentials=("a", "c")),
]


def test_only_the_origin_of_its_url_matters() -> None:
    assert Proxy(URL("HTTP://PROXY.example:3128/path?query#fragment")) == PLAIN
    assert Proxy(URL("http://proxy.example:80")) == Proxy(URL("http://proxy.example/"))


@pytest.mark.parametrize("url", ["http://origin.example/", "https://origin.example/", "ws://origin.example/"])
def test_a_route_by_another_proxy_or_as_another_user_is_another_route(url: str) -> None:
    routes = [Route.to(URL(url), proxy=proxy) for proxy in (None, PLAIN, *OTHERS)]
    assert len(set(routes)) == len(routes)


def test_forwarded_requests_share_a_route_whatever_their_origin() -> None:
    route = Route.to(URL("http://a.example"), proxy=PLAIN)
    assert route == Route("proxy.example", 3128, proxy=PLAIN, forwarded=True)
    assert route == Route.to(URL("http://b.example:81"), proxy=PLAIN)


def test_a_tunnel_to_the_proxy_itself_is_no_forwarded_route() -> None:
    assert Route.to(URL("ws://proxy.example:3128"), proxy=PLAIN) != Route.to(
        URL("http://a.example"), proxy=PLAIN
    )


def test_tunnels_are_told_apart_by_origin_and_policy() -> None:
    urls = ("https://a.example", "https://b.example", "https://a.example:444", "ws://a.example:443")
    routes = {Route.to(URL(url), proxy=PLAIN) for url in urls}
    routes.add(Route.to(URL(urls[0]), proxy=PLAIN, tls=UNVERIFIED))
    assert len(routes) == 5
    assert Route.to(URL(urls[0]), proxy=PLAIN) == Route("a.example", 443, TlsPolicy(), PLAIN)


@pytest.mark.parametrize(
    ("scheme", "forwards"), [("http", True), ("https", False), ("ws", False), ("wss", False)]
)
def test_it_forwards_http_and_nothing_else(scheme: str, forwards: bool) -> None:
    assert PLAIN.forwards(URL(f"{scheme}://origin.example")) is forwards


@pytest.mark.parametrize(("host", "authority"), [("a.example", b"a.example:443"), ("::1", b"[::1]:443")])
def test_a_tunnel_is_asked_for_in_authority_form(host: str, authority: bytes) -> None:
    """RFC 9112 section 3.2.3."""
    proxy = Proxy(HERE, "Basic YTpi", (("X-P", "1"),))
    assert proxy.connect_request(host, 443) == (
        b"CONNECT %b HTTP/1.1\r\nHost: %b\r\nProxy-Authorization: Basic YTpi\r\nX-P: 1\r\n\r\n"
        % (authority, authority)
    )


def test_no_secret_is_shown() -> None:
    shown = repr(Proxy(HERE, "Basic c2VjcmV0", (("X-P", "hush"),)))
    assert shown == "Proxy('http://proxy.example:3128', authorization='***', headers=['X-P'])"
    assert "c2VjcmV0" not in repr(Route.to(URL("http://a.example"), proxy=Proxy(HERE, "Basic c2VjcmV0")))


@pytest.mark.parametrize(
    ("scheme", "words"), [("socks", "socks5h"), ("ftp", "begins with none"), ("", "given")]
)
def test_other_kinds_of_proxies_are_refused(scheme: str, words: str) -> None:
    with pytest.raises(UnsupportedProxy, match=words) as caught:
        Proxy(URL.build(scheme=scheme, host="proxy.example", port=1080))
    assert caught.value.scheme == scheme


@pytest.mark.parametrize(
    "url", ["http://user:hush@proxy.example", "http://user@proxy.example", "http:///path"]
)
def test_user_information_or_no_host_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        Proxy(URL(url))
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "proxy-AUTHORIZATION"])
def test_what_is_the_messages_own_or_said_twice_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name.lower()):
        Proxy(HERE, "Basic YTpi", ((name, "1"),))


@pytest.mark.parametrize(
    ("authorization", "headers"),
    [
        ("Basic a\r\nX: y", ()),
        ("Basic a\0", ()),
        (None, (("X-P", "a\nb"),)),
        (None, (("X P", "a"),)),
        (None, (("", "a"),)),
    ],
)
def test_nothing_can_be_added_to_the_head(
    authorization: str | None, headers: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(InvalidHead):
        Proxy(HERE, authorization, headers)


# SOCKS.

SOCKS = Proxy(URL("socks5://proxy.example:1080"))


@pytest.mark.parametrize("scheme", ["http", "https", "ws", "wss"])
def test_a_socks_proxy_reads_no_request(scheme: str) -> None:
    url = URL(f"{scheme}://origin.example")
    assert not SOCKS.forwards(url)
    assert (Route.to(url, proxy=SOCKS).host, Route.to(url, proxy=SOCKS).forwarded) == (
        "origin.example",
        False,
    )


@pytest.mark.parametrize("scheme", ["socks4", "socks4a", "socks5", "socks5h"])
def test_a_socks_proxy_has_a_port_of_its_own(scheme: str) -> None:
    assert Proxy(URL(f"{scheme}://proxy.example/path")).url == URL(f"{scheme}://proxy.example:1080")


@pytest.mark.parametrize(
    "proxy",
    [
        {"url": HERE, "credentials": ("a", "b")},
        {"url": SOCKS.url, "authorization": "Basic YTpi"},
        {"url": SOCKS.url, "headers": (("X-P", "1"),)},
        {"url": SOCKS.url, "tls": UNVERIFIED},
    ],
    ids="-".join,
)
def test_what_is_for_the_other_kind_is_refused(proxy: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="SOCKS"):
        Proxy(**proxy)


@pytest.mark.parametrize(
    ("scheme", "credentials"),
    [
        ("socks5", ("u", "")),
        ("socks5", ("", "p")),
        ("socks5h", ("u" * 256, "p")),
        ("socks5h", ("u", "p" * 256)),
        ("socks5", ("\u00fc", "p")),
        ("socks4", ("", "")),
        ("socks4a", ("u\0shore.example", "")),
    ],
)
def test_credentials_that_cannot_be_written_are_refused(scheme: str, credentials: tuple[str, str]) -> None:
    """RFC 1929 section 2; and a NUL ends the user id of version 4."""
    with pytest.raises(ValueError) as caught:
        Proxy(URL(f"{scheme}://proxy.example"), credentials=credentials)
    assert "shore.example" not in str(caught.value)


def test_credentials_for_socks_are_not_shown() -> None:
    proxy = Proxy(URL("socks4://proxy.example"), credentials=("hush", ""))
    assert repr(proxy) == "Proxy('socks4://proxy.example:1080', credentials='***')"
