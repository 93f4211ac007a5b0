"""Writing and merging Cookie fields."""

from http.cookies import SimpleCookie

import pytest

from whimbrel_cookies import CookieMorsel, InvalidCookie, format_cookie_header, merge_cookie_header


def test_morsels_are_written_verbatim_and_in_order() -> None:
    cookies = {"b": CookieMorsel("b", '"x y"'), "": CookieMorsel("", "v"), "a": CookieMorsel("a", "1")}
    assert format_cookie_header(cookies) == 'b="x y"; v; a=1'
    assert format_cookie_header(SimpleCookie()) == ""


def test_what_would_break_the_field_is_left_out() -> None:
    cookies = {"a": CookieMorsel("a", "1\r\nX: y"), "b": CookieMorsel("b;", "1"), "c": CookieMorsel("c", "1")}
    assert format_cookie_header(cookies) == "c=1"


@pytest.mark.parametrize(
    ("header", "extra", "merged"),
    [
        ("", {}, ""),
        ("", {"a": "1"}, "a=1"),
        ("a=1", {}, "a=1"),
        ("a=1; b=2; a=3", {"a": "x y"}, "b=2; a=x y"),
        ("v; a=1", {"b": "2"}, "v; a=1; b=2"),
        ("ab=1", {"a": "2"}, "ab=1; a=2"),
    ],
)
def test_the_cookies_of_one_request_replace_those_of_the_jar(
    header: str, extra: dict[str, str], merged: str
) -> None:
    assert merge_cookie_header(header, extra) == merged


def test_quoting_is_on_demand() -> None:
    assert merge_cookie_header("", {"a": "x y"}, quote_cookie=True) == 'a="x y"'


@pytest.mark.parametrize("extra", [{"a": "1; b=2"}, {"a\r\n": "1"}, {"a": "\x00"}])
def test_nothing_can_be_smuggled_in(extra: dict[str, str]) -> None:
    with pytest.raises(InvalidCookie):
        merge_cookie_header("", extra)
