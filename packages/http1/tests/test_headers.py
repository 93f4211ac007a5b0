"""Fields as text: any letter case, the first of many, nothing lost in decoding."""

from __future__ import annotations

import pytest

from whimbrel_http1 import Headers, ResponseHead, ResponseParser

PAIRS = (
    (b"Content-Type", b"text/html"),
    (b"Set-Cookie", b"a=1"),
    (b"SET-COOKIE", b"b=2"),
    (b"X", b"caf\xe9"),
)


def test_a_name_is_found_in_any_letter_case() -> None:
    headers = Headers(PAIRS)
    assert headers["content-type"] == headers["CONTENT-TYPE"] == "text/html"
    assert "Content-Type" in headers
    assert headers.get("Content-Length") is None
    assert not headers.__contains__(7)
    with pytest.raises(KeyError):
        headers["Content-Length"]


def test_a_field_said_twice_stands_for_its_first_value() -> None:
    headers = Headers(PAIRS)
    assert headers["Set-Cookie"] == "a=1"
    assert headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert headers.get_all("none") == []


def test_names_come_once_in_wire_order() -> None:
    headers = Headers(PAIRS)
    assert list(headers) == ["content-type", "set-cookie", "x"]
    assert len(headers) == 3
    assert dict(headers.items())["set-cookie"] == "a=1"


def test_bytes_that_are_no_utf_8_are_kept() -> None:
    headers = Headers(PAIRS)
    assert headers["x"].encode("utf-8", "surrogateescape") == b"caf\xe9"
    assert Headers(((b"X", "café".encode()),))["x"] == "café"


def test_headers_are_compared_as_mappings_and_printed() -> None:
    assert Headers(PAIRS) == dict(Headers(PAIRS))
    assert repr(Headers(PAIRS[:1])) == "Headers(((b'Content-Type', b'text/html'),))"


def test_a_head_has_them() -> None:
    (head, *_) = ResponseParser().feed(b"HTTP/1.1 204 No Content\r\nX-Nest: 4\r\n\r\n")
    assert isinstance(head, ResponseHead)
    assert head.headers["x-nest"] == "4"
    assert head.headers is head.headers
    assert ResponseHead(200, raw_headers=((b"A", b"b"),)).headers["a"] == "b"
