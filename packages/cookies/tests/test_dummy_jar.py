"""The jar that keeps nothing."""

from whimbrel_cookies import DummyCookieJar
from whimbrel_cookies.testing import check_cookie_jar


def test_it_keeps_and_sends_nothing() -> None:
    assert check_cookie_jar(DummyCookieJar, keeps_cookies=False) == []


def test_it_takes_and_ignores_a_loop() -> None:
    assert len(DummyCookieJar(loop=object())) == 0


def test_it_does_not_even_look_at_what_it_is_given() -> None:
    """S145."""
    jar = DummyCookieJar()
    jar.update_cookies_from_headers([None], object())  # type: ignore[list-item, arg-type] # never touched
    jar.update_cookies(None, None)  # type: ignore[arg-type] # never touched
    assert (len(jar), list(jar)) == (0, [])
