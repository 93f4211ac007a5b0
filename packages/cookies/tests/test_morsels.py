"""The `http.cookies` face."""

import copy
import pickle
from http.cookies import BaseCookie, Morsel, SimpleCookie

import pytest

from whimbrel_cookies import CookieMorsel, response_cookies
from whimbrel_cookies._cookie import Cookie
from whimbrel_cookies._morsels import bare_morsel, collect, stored_morsel

COOKIE = Cookie(
    "sid",
    '"a b"',
    domain="shore.example",
    path="/x",
    host_only=True,
    creation=0,
    expiry=10.5,
    secure=True,
    http_only=True,
    same_site="Lax",
    partitioned=True,
)


def test_a_stored_morsel_shows_all_attributes() -> None:
    morsel = stored_morsel(COOKIE)
    assert (morsel.key, morsel.value, morsel.coded_value) == ("sid", "a b", '"a b"')
    assert (morsel["domain"], morsel["path"], morsel["samesite"]) == ("shore.example", "/x", "Lax")
    assert morsel["expires"] == "Thu, 01 Jan 1970 00:00:10 GMT"
    assert all(morsel[flag] for flag in ("secure", "httponly", "partitioned"))
    assert morsel.host_only
    assert "Domain=shore.example" in morsel.OutputString()


def test_a_bare_morsel_has_only_name_and_value() -> None:
    assert bare_morsel(COOKIE).OutputString() == 'sid="a b"'


@pytest.mark.parametrize("text", ["a,b", "é", "x\ty", "\udce9", "a;b", "a b"])
def test_morsels_do_not_judge_text(text: str) -> None:
    morsel = CookieMorsel(text, text)
    assert (morsel.key, morsel.coded_value) == (text, text)


def test_copies_are_equal_and_stay_host_only() -> None:
    morsel = stored_morsel(COOKIE)
    for again in (
        morsel.copy(),
        copy.copy(morsel),
        copy.deepcopy(morsel),
        pickle.loads(pickle.dumps(morsel)),
    ):
        assert again == morsel
        assert again.host_only
        assert again is not morsel


def test_it_equals_a_morsel_of_the_standard_library() -> None:
    plain: Morsel[str] = Morsel()
    plain.set("a", "1", "1")
    assert CookieMorsel("a", "1") == plain


def test_of_one_name_the_first_is_collected() -> None:
    found = collect([CookieMorsel("a", "1"), CookieMorsel("b", "2"), CookieMorsel("a", "3")])
    assert {name: morsel.value for name, morsel in found.items()} == {"a": "1", "b": "2"}
    assert isinstance(found, SimpleCookie)


def test_response_cookies_are_what_the_lines_say() -> None:
    found = response_cookies(
        [
            "a=1; Max-Age=5; Expires=1 Jan 1970 0:0:10; Path=/x; Domain=.Y.z; Secure",
            b"b=\xc3\xa9",
            "nameless",
            "c=\x00",
            "a=2",
        ]
    )
    assert isinstance(found, BaseCookie)
    assert {name: morsel.coded_value for name, morsel in found.items()} == {"a": "2", "b": "é"}
    first = response_cookies(["a=1; Max-Age=5; Expires=1 Jan 1970 0:0:10; Path=/x; Domain=.Y.z; Secure"])["a"]
    assert (first["max-age"], first["path"], first["domain"], first["secure"]) == ("5", "/x", "y.z", True)
    assert first["expires"] == "Thu, 01 Jan 1970 00:00:10 GMT"
