"""The head that a request becomes."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from multidict import CIMultiDict
from yarl import URL

from whimbrel import BasicAuth, BytesPayload, FormData
from whimbrel._bodies import payload_of
from whimbrel._outgoing import Outgoing, complete_headers
from whimbrel.client import ClientSession


def head_of(
    method: str = "GET", cookies: str = "", *, given: dict[str, str] | None = None, **more: object
) -> dict[str, str]:
    outgoing = Outgoing(method, URL("http://shore.example:8080/"), CIMultiDict(given or {}), **more)  # type: ignore[arg-type]  # a test's shorthand
    return dict(complete_headers(outgoing, cookies))


def test_host_comes_first_and_names_an_unusual_port() -> None:
    headers = head_of()
    assert next(iter(headers.items())) == ("Host", "shore.example:8080")
    assert list(headers) == ["Host", "Accept", "Accept-Encoding", "User-Agent"]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://shore.example/", "shore.example"),
        ("https://shore.example:443/", "shore.example"),
        ("http://[::1]:81/", "[::1]:81"),
        ("http://[fe80::1%eth0]:81/", "[fe80::1]:81"),
        ("http://[fe80::1%25eth0]/", "[fe80::1]"),
        ("http://пример.example/", "xn--e1afmkfd.example"),
    ],
)
def test_host_is_the_canonical_authority(url: str, host: str) -> None:
    assert complete_headers(Outgoing("GET", URL(url), CIMultiDict()), "")["Host"] == host


def test_what_the_caller_says_stands_alone() -> None:
    headers = head_of(given={"host": "other.example", "accept": "text/plain", "user-agent": "mine"})
    assert [headers[name] for name in ("host", "accept", "user-agent")] == [
        "other.example",
        "text/plain",
        "mine",
    ]
    assert not {"Host", "Accept", "User-Agent"} & set(headers)


def test_automatic_headers_can_be_left_out() -> None:
    assert "User-Agent" not in head_of(skip=frozenset({"user-agent"}))


def test_cookies_join_those_the_caller_wrote() -> None:
    assert head_of(cookies="a=1; b=2", given={"Cookie": "c=3"})["Cookie"] == "c=3; a=1; b=2"


def test_credentials_do_not_replace_a_header_of_the_caller() -> None:
    assert head_of(credentials=BasicAuth("user", "pass"))["Authorization"] == "Basic dXNlcjpwYXNz"
    given = {"Authorization": "Bearer x"}
    assert head_of(credentials=BasicAuth("user", "pass"), given=given)["Authorization"] == "Bearer x"


@pytest.mark.parametrize(("method", "length"), [("GET", None), ("HEAD", None), ("POST", "0"), ("PUT", "0")])
def test_methods_that_expect_a_body_say_that_there_is_none(method: str, length: str | None) -> None:
    assert head_of(method).get("Content-Length") == length


def test_the_size_of_a_body_is_declared() -> None:
    headers = head_of("POST", body=BytesPayload(b"bird"))
    assert (headers["Content-Length"], headers["Content-Type"]) == ("4", "application/octet-stream")
    assert "Transfer-Encoding" not in headers


def test_chunked_is_used_when_asked_for_or_when_the_size_is_unknown() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"bird"

    for headers in (
        head_of("POST", body=payload_of(pieces(), None, str)),
        head_of("POST", body=BytesPayload(b"bird"), chunked=True),
    ):
        assert headers["Transfer-Encoding"] == "chunked"
        assert "Content-Length" not in headers


def test_chunked_and_a_length_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="chunked"):
        head_of("POST", body=BytesPayload(b"x"), chunked=True, given={"content-length": "1"})


def test_a_type_the_caller_gives_is_kept() -> None:
    headers = head_of("POST", body=BytesPayload(b"{}"), given={"content-type": "application/json"})
    assert [value for name, value in headers.items() if name.lower() == "content-type"] == [
        "application/json"
    ]


@pytest.mark.parametrize(
    ("data", "content_type", "content"),
    [
        (b"bytes", "application/octet-stream", b"bytes"),
        (bytearray(b"bytes"), "application/octet-stream", b"bytes"),
        ("süß", "text/plain; charset=utf-8", "süß".encode()),
        (
            {"key1": "value1", "key2": "value2"},
            "application/x-www-form-urlencoded",
            b"key1=value1&key2=value2",
        ),
        ([("a", "1"), ("a", "2")], "application/x-www-form-urlencoded", b"a=1&a=2"),
        (FormData({"a": "b"}), "application/x-www-form-urlencoded", b"a=b"),
    ],
    ids=["bytes", "bytearray", "str", "dict", "pairs", "form"],
)
def test_data_becomes_a_body(data: object, content_type: str, content: bytes) -> None:
    payload = payload_of(data, None, str)
    assert payload is not None
    assert (payload.content_type, payload.in_memory()) == (content_type, content)


def test_the_name_of_a_file_stays_here(tmp_path: Path) -> None:
    (tmp_path / "secret name.txt").write_bytes(b"eggs")
    with (tmp_path / "secret name.txt").open("rb") as file:
        body = payload_of(file)
        assert body is not None
        assert "Content-Disposition" not in head_of("POST", body=body)
    with tempfile.NamedTemporaryFile() as wrapped:  # which is no file to `isinstance`
        body = payload_of(wrapped)
        assert body is not None
        assert "Content-Disposition" not in head_of("POST", body=body)


@pytest.mark.parametrize("value", [{}, [], 0, False, "", {"test": "object"}])
def test_json_sends_falsy_values_too(value: object) -> None:
    payload = payload_of(None, value, repr)
    assert payload is not None
    assert (payload.content_type, payload.in_memory()) == ("application/json", repr(value).encode())


def test_json_serialisers_may_return_bytes() -> None:
    payload = payload_of(None, {}, lambda _value: b"{}")
    assert payload is not None
    assert payload.in_memory() == b"{}"


def test_json_and_data_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="data and json"):
        payload_of(b"", {}, str)


def test_nothing_becomes_no_body() -> None:
    assert payload_of(None, None, str) is None


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(TypeError, match="int"):
        payload_of(7, None, str)


async def test_headers_of_the_request_win_over_the_session() -> None:
    async with ClientSession(headers=[("X-Bird", "curlew"), ("X-Two", "1"), ("X-Two", "2")]) as session:
        merged = session._prepare_headers({"x-bird": "whimbrel"})
        assert merged.getall("X-Bird") == ["whimbrel"]
        assert merged.getall("X-Two") == ["1", "2"]
