"""The interface, as somebody else implements it."""

from collections.abc import Iterator
from http.cookies import BaseCookie, Morsel

import pytest

from whimbrel_cookies import (
    AbstractCookieJar,
    ClearCookiePredicate,
    CookieJar,
    CookieMorsel,
    LooseCookies,
    StrOrUrl,
)
from whimbrel_cookies._morsels import collect


class NameJar(AbstractCookieJar):
    """Keeps every cookie for every host."""

    def __init__(self) -> None:
        super().__init__(loop=object())
        self._morsels: list[Morsel[str]] = []

    def __len__(self) -> int:
        return len(self._morsels)

    def __iter__(self) -> Iterator[Morsel[str]]:
        return iter(self._morsels)

    def clear(self, predicate: ClearCookiePredicate | None = None) -> None:
        self._morsels = [
            morsel for morsel in self._morsels if predicate is not None and not predicate(morsel)
        ]

    def clear_domain(self, domain: str) -> None:
        self.clear(lambda morsel: morsel["domain"] == domain)

    def update_cookies(self, cookies: LooseCookies, response_url: StrOrUrl = "") -> None:
        assert isinstance(cookies, BaseCookie)
        self._morsels += cookies.values()

    def filter_cookies(self, request_url: StrOrUrl) -> BaseCookie[str]:
        return collect(CookieMorsel(str(morsel.key), str(morsel.coded_value)) for morsel in self._morsels)


def test_six_methods_make_a_jar() -> None:
    jar = NameJar()
    jar.update_cookies_from_headers(["a=1; Path=/", 'b="x"'], "http://shore.example/")
    jar.update_cookies_from_headers([], "http://shore.example/")
    jar.update_cookies_from_headers(["\x00"], "http://shore.example/")
    assert jar.cookie_header("http://any.example/") == 'a=1; b="x"'
    assert len(jar) == len(list(jar)) == 2


def test_the_rest_has_defaults() -> None:
    jar = NameJar()
    assert (jar.unsafe, jar.quote_cookie) == (False, False)
    assert not jar.treat_as_secure_origin
    assert not jar.host_only_cookies
    assert dict(jar.cookies) == {}


class Pick:
    """A mixin that chooses what is sent."""

    def filter_cookies(self, request_url: StrOrUrl) -> BaseCookie[str]:
        return collect([CookieMorsel("only", str(request_url)[:5])])


class Picking(Pick, CookieJar):  # type: ignore[misc]  # a mixin need not know all arguments
    pass


class Marking(CookieJar):
    """Overrides both methods of aiohttp's interface, and calls what it overrides."""

    def update_cookies(self, cookies: LooseCookies, response_url: StrOrUrl | None = "") -> None:
        super().update_cookies(cookies, response_url)
        super().update_cookies({"seen": str(len(self))}, response_url)

    def filter_cookies(self, request_url: StrOrUrl = "") -> BaseCookie[str]:
        found = super().filter_cookies(request_url)
        found["sent"] = "1"
        return found


class MarkingMore(Marking):
    pass


class Direct(Marking):
    def cookie_header(self, request_url: StrOrUrl) -> str:
        return f"direct={len(self)}"


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        (Picking, "only=https"),
        (Marking, "a=1; seen=1; sent=1"),
        (MarkingMore, "a=1; seen=1; sent=1"),
        (Direct, "direct=2"),
        (CookieJar, "a=1"),
    ],
)
def test_what_a_subclass_overrides_is_what_counts(kind: type[CookieJar], header: str) -> None:
    jar = kind()
    jar.update_cookies_from_headers(["a=1"], "https://shore.example/")
    assert jar.cookie_header("https://shore.example/") == header


def test_a_jar_that_overrides_nothing_keeps_its_short_cuts() -> None:
    class Named(CookieJar):
        pass

    assert Named.cookie_header is CookieJar.cookie_header
    assert Named.update_cookies_from_headers is CookieJar.update_cookies_from_headers
