"""What one variable of the environment may name, and what is said of the rest."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from whimbrel_connector._proxy_value import masked, read_proxy

GOOD = [
    ("proxy.example:3128", "http://proxy.example:3128"),
    ("proxy", "http://proxy"),
    ("localhost:8080", "http://localhost:8080"),
    ("127.0.0.1:8080", "http://127.0.0.1:8080"),
    ("[2001:db8::1]:8080", "http://[2001:db8::1]:8080"),
    ("http://proxy.example", "http://proxy.example"),
    ("HTTP://Proxy.Example:3128/", "http://proxy.example:3128"),
    ("https://proxy.example", "https://proxy.example"),
    ("https://proxy.example:8443/", "https://proxy.example:8443"),
    ("socks4://proxy.example:9050", "socks4://proxy.example:9050"),
    ("socks://127.0.0.1:1080/", "socks4://127.0.0.1:1080"),
    ("socks4a://proxy.example", "socks4a://proxy.example:1080"),
    ("socks5://proxy.example", "socks5://proxy.example:1080"),
    ("SOCKS5H://proxy.example/", "socks5h://proxy.example:1080"),
    ("socks5h://[::1]", "socks5h://[::1]:1080"),
    ("me:secret@proxy.example:3128", "http://me:secret@proxy.example:3128"),
    ("http://token@proxy.example:3128", "http://token@proxy.example:3128"),
    ("http://me:p%40ss%2Fword@proxy.example", "http://me:p%40ss%2Fword@proxy.example"),
    ("http://me:p@ss@proxy.example", "http://me:p%40ss@proxy.example"),
    ("http://bücher.example:3128", "http://xn--bcher-kva.example:3128"),
    ("http://[fe80::1%25eth0]:3128", "http://[fe80::1%25eth0]:3128"),
]

SCHEME = "a scheme other than http, https, socks4, socks4a, socks5 or socks5h"
PLACE = "no valid host or port"
BAD = [
    ("ftp://proxy.example", SCHEME),
    ("socks6://127.0.0.1:1080/", SCHEME),
    ("file:///etc/passwd", SCHEME),
    ("http://", PLACE),
    ("http:///", PLACE),
    ("http://me:secret@", PLACE),
    ("http://proxy*.example", PLACE),
    ("http://proxy%2Eexample", PLACE),
    ("http://[1::2::3]:1", PLACE),
    ("http://:3128", PLACE),
    ("http://[::1", PLACE),
    ("::1", PLACE),
    ("proxy.example:port", PLACE),
    ("proxy.example:65536", PLACE),
    ("proxy.example:0", PLACE),
    ("http://proxy.example/path", "'/', to be written %2F,"),
    ("http://proxy.example?query", "'?', to be written %3F,"),
    ("http://me:12/3@proxy.example", "'/', to be written %2F,"),
    ("http://me:12?3@proxy.example", "'?', to be written %3F,"),
    ("http://me:12#3@proxy.example", "'#', to be written %23,"),
    ("http://me:12\\3@proxy.example", "'\\\\', to be written %5C,"),
    ("http://me:1 2@proxy.example", "' ', to be written %20,"),
    ("proxy.example\r\nx: y", "'\\r', to be written %0D,"),
    ("proxy.example\0", "'\\x00', to be written %00,"),
    ("http:/proxy.example", "'/', to be written %2F,"),
]


@pytest.mark.parametrize(("value", "proxy"), GOOD, ids=[value for value, _ in GOOD])
def test_a_proxy_has_scheme_host_and_port(value: str, proxy: str) -> None:
    assert read_proxy(value) == URL(proxy)


@pytest.mark.parametrize(("value", "what"), BAD, ids=[repr(value) for value, _ in BAD])
def test_what_is_no_proxy_is_said_in_words(value: str, what: str) -> None:
    assert read_proxy(value) == what


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("http://me:secret@proxy.example", "http://***@proxy.example"),
        ("http://secret@proxy.example", "http://***@proxy.example"),
        ("me:secret@proxy.example:3128", "***@proxy.example:3128"),
        ("http://me:sec@ret@proxy.example", "http://***@proxy.example"),
        ("http://me:sec/ret@proxy.example", "http://***@proxy.example"),
        ("http://me:a://secret@proxy.example", "http://***@proxy.example"),
        ("me:a://secret@proxy.example", "***@proxy.example"),
    ],
)
def test_credentials_are_masked(value: str, shown: str) -> None:
    assert masked(value) == shown


@given(st.text())
@example("http://[")
@example("http://\udcff")
@example("http://" + "ü" * 300)
def test_no_text_is_an_error(value: str) -> None:
    proxy = read_proxy(value)
    if isinstance(proxy, URL):
        assert proxy.raw_host
        assert proxy.raw_path in {"", "/"}
        assert not proxy.query_string
        assert proxy.port


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8"), min_size=1))
def test_percent_encoded_credentials_survive(user: str, password: str) -> None:
    written = URL.build(scheme="http", user=user, password=password, host="proxy.example", port=3128)
    proxy = read_proxy(str(written))
    assert isinstance(proxy, URL)
    assert (proxy.user, proxy.password, proxy.host) == (user, password, "proxy.example")
    assert masked(str(proxy)) == "http://***@proxy.example:3128"
