"""Cookies as callers give them."""

from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest

from whimbrel_cookies import CookieMorsel, LooseCookies
from whimbrel_cookies._given import fault_of, read_given


def pairs(cookies: LooseCookies, *, quote: bool = False) -> list[tuple[str, str]]:
    return [(given.cookie.name, given.cookie.value) for given in read_given(cookies, quote=quote)]


def simple(name: str, value: str, **attributes: object) -> SimpleCookie:
    cookies = SimpleCookie()
    cookies[name] = value
    for key, attribute in attributes.items():
        cookies[name][key.replace("_", "-")] = attribute
    return cookies


@pytest.mark.parametrize(
    "cookies",
    [{"a": "1", "b": "x y"}, [("a", "1"), ("b", "x y")], iter([("a", "1"), ("b", "x y")])],
    ids=["mapping", "pairs", "iterator"],
)
def test_mappings_and_pairs_are_taken_verbatim(cookies: LooseCookies) -> None:
    assert pairs(cookies) == [("a", "1"), ("b", "x y")]


def test_text_is_quoted_on_demand_and_morsels_never() -> None:
    assert pairs({"a": 'x "y;'}, quote=True) == [("a", r'"x \"y\073"')]
    assert pairs({"a": CookieMorsel("a", "x y")}, quote=True) == [("a", "x y")]


def test_a_simple_cookie_keeps_its_coded_value() -> None:
    assert pairs(simple("a", "x;y")) == [("a", r'"x\073y"')]
    assert pairs({"any": simple("a", "1")}) == [("a", "1")]


def test_numbers_are_taken_as_http_cookies_does() -> None:
    numbers: Any = {"a": 1, "b": 1.5}
    assert pairs(numbers) == [("a", "1"), ("b", "1.5")]


@pytest.mark.parametrize("cookies", [{"a": None}, {"a": b"1"}, {1: "a"}, {"a": ["1"]}])
def test_other_things_are_a_type_error(cookies: Any) -> None:
    with pytest.raises(TypeError):
        pairs(cookies)


def test_attributes_of_morsels_are_read() -> None:
    [given] = read_given(
        simple(
            "a",
            "1",
            domain=".Shore.Example",
            path="/x",
            max_age=0,
            secure=True,
            httponly=True,
            samesite="lax",
        ),
        quote=False,
    )
    cookie = given.cookie
    assert (cookie.domain, cookie.path, cookie.max_age) == ("shore.example", "/x", 0)
    assert (cookie.secure, cookie.http_only, cookie.same_site) == (True, True, "Lax")
    assert given.from_morsel


def test_a_morsel_never_set_takes_the_name_of_its_key() -> None:
    assert pairs({"a": Morsel()}) == [("a", "")]


BAD_TEXT = ["\x00", "\r\nX: y", "\n", "\x1f", "\x7f", ";", "a; b=c", "\ud800", "\udfff"]


@pytest.mark.parametrize("text", BAD_TEXT)
def test_text_that_would_break_the_field_is_a_fault(text: str) -> None:
    assert "the name contains" in (fault_of(f"a{text}b", "1") or "")
    assert "the value contains" in (fault_of("a", f"x{text}y") or "")
    assert "the path contains" in (fault_of("a", "x", f"/{text}") or "")


@pytest.mark.parametrize(
    ("name", "value"),
    [("a=b", "1"), (" a", "1"), ("a\t", "1"), ("a", " 1"), ("a", "1\t"), ("", ""), ("", "a=b")],
)
def test_what_would_not_read_back_is_a_fault(name: str, value: str) -> None:
    assert fault_of(name, value) is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [("a", ""), ("a[0]", "1"), ("é", "春"), ("a", 'x="y", z'), ("a", "x\ty"), ("", "v"), ("a", "\udce9")],
)
def test_all_that_reads_back_is_fine(name: str, value: str) -> None:
    assert fault_of(name, value) is None
