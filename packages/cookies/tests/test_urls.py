"""What a jar reads from URLs, as text and as objects with yarl's attributes."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_cookies import InvalidUrl
from whimbrel_cookies._urls import origin_of, origin_text, read_url

TEXTS = [
    ("http://shore.example", ("http", "shore.example", False, 80, "/")),
    ("HTTPS://User:p@Shore.Example:8443/a/b?c=/d#e", ("https", "shore.example", False, 8443, "/a/b")),
    ("ws://shore.example?x=/y", ("ws", "shore.example", False, 80, "/")),
    ("wss://[::1]:9/a%2Fb", ("wss", "::1", True, 9, "/a%2Fb")),
    ("http://1.2.3.4/é", ("http", "1.2.3.4", True, 80, "/é")),
    ("http://good.example:80@evil.example/", ("http", "evil.example", False, 80, "/")),
    ("http://good.example\\@evil.example/", ("http", "good.example", False, 80, "/")),
    ("http://good.example#@evil.example/", ("http", "good.example", False, 80, "/")),
    ("gopher://shore.example/", ("gopher", "shore.example", False, None, "/")),
    # A host that cannot be made canonical owns nothing.
    ("http://127.1/", ("http", "", False, 80, "/")),
    ("http://a b/", ("http", "", False, 80, "/")),
    ("http://shore.example:http/", ("http", "", False, 80, "/")),
    ("http://shore.example:٨٠/", ("http", "", False, 80, "/")),
]


@pytest.mark.parametrize(("url", "parts"), TEXTS)
def test_texts_are_cut(url: str, parts: tuple[str, str, bool, int | None, str]) -> None:
    assert read_url(url) == parts


@pytest.mark.parametrize(
    "url", ["shore.example", "/path", "http:///path", "://x", "http://", "http:shore.example"]
)
def test_a_url_without_a_host_is_an_error(url: str) -> None:
    with pytest.raises(InvalidUrl):
        read_url(url)


@pytest.mark.parametrize("url", ["", None])
def test_an_empty_url_is_no_url(url: str | None) -> None:
    assert read_url(url) is None


def test_other_things_are_a_type_error() -> None:
    with pytest.raises(TypeError, match="not bytes"):
        read_url(b"http://shore.example/")  # type: ignore[arg-type] # that is the point


class Url(NamedTuple):
    """A stranger's URL."""

    scheme: str
    raw_host: str | None
    port: int | None
    raw_path: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.raw_host or ''}{self.raw_path}" if self.scheme else self.raw_path


def test_objects_with_the_attributes_of_yarl_will_do() -> None:
    assert read_url(Url("https", "Shore.Example", 443, "/a%20b")) == (
        "https",
        "shore.example",
        False,
        443,
        "/a%20b",
    )
    assert read_url(Url("", None, None, "")) is None
    with pytest.raises(InvalidUrl, match="'/a' is not"):
        read_url(Url("", None, None, "/a"))


def test_yarl_and_text_mean_the_same() -> None:
    yarl = pytest.importorskip("yarl")
    for url in (
        "http://shore.example",
        "https://bücher.example:8443/a%2Fb/c?d",
        "ws://[::1]/x",
        "http://1.2.3.4",
    ):
        assert read_url(yarl.URL(url)) == read_url(url)
    assert read_url(yarl.URL()) is None


@given(st.text(max_size=40))
def test_any_text_is_parts_or_invalid(text: str) -> None:
    try:
        parts = read_url("http://" + text)
    except InvalidUrl:
        return
    assert parts is not None
    assert parts.path.startswith("/")


def test_origins_write_their_port() -> None:
    assert origin_text(origin_of("http://LocalHost:8080/x")) == "http://localhost:8080"
    assert origin_text(origin_of("https://[::1]/")) == "https://[::1]:443"
    assert origin_text(origin_of("gopher://a.example/")) == "gopher://a.example"
    with pytest.raises(InvalidUrl):
        origin_of("")
