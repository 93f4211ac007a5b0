"""Basic credentials (RFC 7617)."""

import pytest
from yarl import URL

from whimbrel import BasicAuth, encode_basic_auth
from whimbrel._credentials import split_credentials


def test_credentials_encode_and_decode() -> None:
    auth = BasicAuth("user", "pass")
    assert auth.encode() == "Basic dXNlcjpwYXNz"
    assert BasicAuth.decode(auth.encode()) == auth


def test_a_header_can_be_written_without_an_object() -> None:
    assert encode_basic_auth("user", "pass") == "Basic dXNlcjpwYXNz"
    assert encode_basic_auth("üser") == "Basic w7xzZXI6"
    assert encode_basic_auth("üser", encoding="latin1") == BasicAuth("üser").encode()
    with pytest.raises(ValueError, match="login"):
        encode_basic_auth("us:er")


def test_the_password_may_hold_a_colon_and_the_login_may_not() -> None:
    assert BasicAuth.decode(BasicAuth("user", "a:b").encode()).password == "a:b"
    with pytest.raises(ValueError, match="login"):
        BasicAuth("us:er")


def test_none_is_no_login() -> None:
    with pytest.raises(ValueError, match="None"):
        BasicAuth(None)  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize("header", ["Bearer x", "Basic", "Basic ???", "Basic dXNlcg==", "Basic ü"])
def test_other_headers_are_refused(header: str) -> None:
    with pytest.raises(ValueError, match=r"Unknown|Invalid"):
        BasicAuth.decode(header)


def test_credentials_are_taken_out_of_the_url() -> None:
    url, auth = split_credentials(URL("http://us%40er:p%3Ass@shore.example/path?q=1"))
    assert str(url) == "http://shore.example/path?q=1"
    assert auth == BasicAuth("us@er", "p:ss")


def test_a_url_without_credentials_stays_the_same_object() -> None:
    url = URL("http://shore.example/")
    assert split_credentials(url) == (url, None)
    assert split_credentials(url)[0] is url
