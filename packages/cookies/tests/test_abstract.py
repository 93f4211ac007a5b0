"""The interface, as somebody else implements it."""

from collections.abc import Iterator
from http.cookies import BaseCookie, Morsel

from whimbrel_cookies import AbstractCookieJar, ClearCookiePredicate, CookieMorsel, LooseCookies, StrOrUrl
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
