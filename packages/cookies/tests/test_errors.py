"""Errors carry facts, say them, and survive pickling."""

import pickle

import pytest

from whimbrel_cookies import CookieError, CookieFileError, InvalidCookie, InvalidUrl
from whimbrel_cookies.errors import excerpt

ERRORS = [
    (
        InvalidCookie("the value contains ';'", name="a\r\nb", rule="RFC 6265bis 5.7"),
        "cookie 'a\\r\\nb': the value contains ';' (RFC 6265bis 5.7)",
    ),
    (InvalidUrl("shore"), "'shore' is not an absolute URL with a host"),
    (CookieFileError("jar.json", "not JSON"), "jar.json: not JSON"),
]


@pytest.mark.parametrize(("error", "sentence"), ERRORS, ids=lambda value: type(value).__name__)
def test_errors_say_their_facts_before_and_after_pickling(error: CookieError, sentence: str) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert str(error) == str(again) == sentence
    assert vars(again) == vars(error)
    assert type(again) is type(error)


@pytest.mark.parametrize(("error", "_sentence"), ERRORS, ids=lambda value: type(value).__name__)
def test_every_error_is_a_cookie_error_and_a_value_error(error: CookieError, _sentence: str) -> None:
    assert isinstance(error, CookieError)
    assert isinstance(error, ValueError)


@pytest.mark.parametrize("text", ["x" * 500, "\x1b[31m" * 100, "\udcff" * 200, "é" * 90])
def test_an_excerpt_is_short_and_printable(text: str) -> None:
    shown = excerpt(text)
    assert len(shown) <= 103
    assert shown.isascii()
    assert shown.isprintable()
