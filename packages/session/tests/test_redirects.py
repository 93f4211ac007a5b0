"""What follows a redirect (RFC 9110 section 15.4)."""

import pytest
from multidict import CIMultiDict
from yarl import URL

from whimbrel import BasicAuth, BytesPayload, Payload
from whimbrel._outgoing import Outgoing
from whimbrel._redirects import is_redirect, next_request
from whimbrel._urls import request_target
from whimbrel.client_exceptions import (
    InvalidUrlRedirectClientError,
    NonHttpUrlRedirectClientError,
    RedirectClientError,
)

SECRETS = {
    "Authorization": "Bearer secret",
    "cookie": "sid=secret",
    "Proxy-Authorization": "Basic secret",
    "X-Api-Key": "secret",
}
HARMLESS = {"Accept": "text/plain", "User-Agent": "whimbrel", "Range": "bytes=0-9"}


def sent(method: str = "GET", url: str = "http://shore.example/a/b", body: Payload | None = None) -> Outgoing:
    return Outgoing(
        method,
        URL(url),
        CIMultiDict({**SECRETS, **HARMLESS}),
        body=body,
        credentials=BasicAuth("nobody", "secret"),
        cookies={"once": "secret"},
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_five_statuses_redirect(status: int) -> None:
    assert is_redirect(status)


@pytest.mark.parametrize("status", [200, 201, 300, 304, 305, 306, 400])
def test_no_others_do(status: int) -> None:
    assert not is_redirect(status)


@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (301, "PUT", "PUT"),
        (302, "DELETE", "DELETE"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (302, "HEAD", "HEAD"),
    ],
)
def test_methods_change_as_the_status_says(status: int, method: str, expected: str) -> None:
    body = None if method == "HEAD" else BytesPayload(b"body")
    following = next_request(sent(method, body=body), status, "/c")
    assert following.method == expected
    assert (following.body is None) == (expected in ("GET", "HEAD"))


def test_a_dropped_body_takes_its_headers_along() -> None:
    request = sent("POST", body=BytesPayload(b"body"))
    request.headers.update({"Content-Type": "text/plain", "Content-Length": "4", "content-encoding": "gzip"})
    headers = next_request(request, 303, "/c").headers
    assert not [name for name in headers if name.lower().startswith("content-")]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/c", "http://shore.example/c#part"),
        ("c", "http://shore.example/a/c#part"),
        ("?q=1", "http://shore.example/a/b?q=1#part"),
        ("//other.example/x", "http://other.example/x#part"),
        ("https://other.example/x#own", "https://other.example/x#own"),
    ],
)
def test_locations_are_relative_to_the_request_and_keep_its_fragment(location: str, expected: str) -> None:
    assert str(next_request(sent(url="http://shore.example/a/b#part"), 302, location).url) == expected


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/%30%7e?a=%2F%2b+x", "/%30%7e?a=%2F%2b+x"),
        ("http://shore.example/%2e?sig=%3D", "/%2e?sig=%3D"),
        ("?sig=%2F", "/a/b?sig=%2F"),
        ("/a b?c=d e#f g", "/a%20b?c=d%20e"),
        ("/100%", "/100%25"),
        ("/\u00fc", "/%C3%BC"),
    ],
)
def test_a_location_stays_as_it_is_but_for_what_no_url_holds(location: str, target: str) -> None:
    assert request_target(next_request(sent(), 302, location).url) == target


def test_only_the_host_of_a_location_loses_its_letter_case() -> None:
    following = next_request(sent(), 302, "HTTP://u@SHORE.Example:8080/%41%2f?b=%7e+%20#C")
    assert str(following.url) == "http://shore.example:8080/%41%2f?b=%7e+%20#C"


def test_a_location_can_stay_as_it_is_in_any_case() -> None:
    url = next_request(sent(), 302, "/100%?a=%zz", requote=False).url
    assert request_target(url) == "/100%?a=%zz"


@pytest.mark.parametrize(
    "location",
    [
        "http://other.example/",
        "http://shore.example:8080/",
        "https://shore.example:8443/",
        "http://sub.shore.example/",
    ],
)
def test_another_origin_learns_no_secret(location: str) -> None:
    following = next_request(sent(), 302, location)
    assert dict(following.headers) == HARMLESS
    assert following.credentials is None
    assert following.cookies is None


@pytest.mark.parametrize(
    "location",
    ["/c", "http://shore.example:80/c", "https://shore.example/c", "http://SHORE.Example/c"],
)
def test_the_same_origin_and_its_upgrade_to_tls_keep_them(location: str) -> None:
    following = next_request(sent(), 302, location)
    assert dict(following.headers) == {**SECRETS, **HARMLESS}
    assert following.credentials == BasicAuth("nobody", "secret")


def test_a_downgrade_from_tls_is_another_origin() -> None:
    following = next_request(sent(url="https://shore.example/"), 302, "http://shore.example/")
    assert following.credentials is None


def test_credentials_in_a_location_are_not_used() -> None:
    following = next_request(sent(), 302, "http://user:password@other.example/")
    assert str(following.url) == "http://other.example/"
    assert following.credentials is None


@pytest.mark.parametrize("location", ["ftp://shore.example/", "javascript:alert(1)", "mailto:a@b"])
def test_other_schemes_are_not_followed(location: str) -> None:
    with pytest.raises(NonHttpUrlRedirectClientError) as caught:
        next_request(sent(), 302, location)
    assert isinstance(caught.value, RedirectClientError)


@pytest.mark.parametrize(
    "location", ["http://[::1", "http://", "http://host:port/", "http://a b/", "//a%2Fb/"]
)
def test_bad_locations_are_not_followed(location: str) -> None:
    with pytest.raises(InvalidUrlRedirectClientError):
        next_request(sent(), 302, location)
