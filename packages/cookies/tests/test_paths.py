"""Default paths and path matching (RFC 6265bis section 5.1.4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_cookies import default_path, path_match


@pytest.mark.parametrize(
    ("request_path", "path"),
    [
        ("", "/"),
        ("page", "/"),
        ("/", "/"),
        ("/page", "/"),
        ("/book/", "/book"),
        ("/a/b/c", "/a/b"),
        ("//x", "/"),
    ],
)
def test_the_default_path_is_the_folder(request_path: str, path: str) -> None:
    assert default_path(request_path) == path


@pytest.mark.parametrize(
    ("request_path", "cookie_path", "matches"),
    [
        ("/", "/", True),
        ("/book", "/", True),
        ("/book", "/book", True),
        ("/book/page", "/book", True),
        ("/book/page", "/book/", True),
        ("/book", "/book/", False),
        ("/bookshop", "/book", False),
        ("/Book", "/book", False),
        ("/b%6Fok", "/book", False),
    ],
)
def test_path_match(request_path: str, cookie_path: str, matches: bool) -> None:
    assert path_match(request_path, cookie_path) is matches


@given(st.text("/ab", max_size=12).map("/".__add__))
def test_a_request_matches_its_own_default_path(request_path: str) -> None:
    assert path_match(request_path, default_path(request_path))
