"""The conformance kit finds what it is meant to find."""

import asyncio
from collections.abc import Iterator
from http.cookies import Morsel

import pytest

from whimbrel_cookies import CookieJar, DummyCookieJar, StrOrUrl
from whimbrel_cookies.testing import check_cookie_jar


def test_the_default_jar_has_no_faults() -> None:
    assert check_cookie_jar(CookieJar) == []


def test_nor_with_urls_of_yarl() -> None:
    yarl = pytest.importorskip("yarl")
    assert check_cookie_jar(CookieJar, url=yarl.URL) == []


def test_an_empty_jar_is_found_out() -> None:
    assert len(check_cookie_jar(DummyCookieJar)) > 15


def test_a_keeping_jar_is_no_empty_one() -> None:
    assert len(check_cookie_jar(CookieJar, keeps_cookies=False)) >= 2


def test_a_jar_that_raises_is_reported_not_raised() -> None:
    class Broken(CookieJar):
        def __iter__(self) -> Iterator[Morsel[str]]:
            raise RuntimeError("tide")

    faults = check_cookie_jar(Broken)
    assert any("raised RuntimeError('tide')" in fault for fault in faults)


def test_a_jar_that_leaks_secure_cookies_is_found_out() -> None:
    class Leaking(CookieJar):
        def cookie_header(self, request_url: StrOrUrl) -> str:
            return super().cookie_header(str(request_url).replace("http:", "https:"))

    assert any("does not go in clear text" in fault for fault in check_cookie_jar(Leaking))


def test_aiohttps_jar_can_be_checked() -> None:
    aiohttp = pytest.importorskip("aiohttp")
    yarl = pytest.importorskip("yarl")

    async def check() -> list[str]:
        return check_cookie_jar(aiohttp.CookieJar, url=yarl.URL)

    assert not any("raised" in fault for fault in asyncio.run(check()))
