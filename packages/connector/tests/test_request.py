"""A request that is sent more than once, each time with a body of its own."""

import pytest

from whimbrel_connector import Request
from whimbrel_http1 import LocalError

HOST = ("Host", "shore.example")


def put(*headers: tuple[str, str], body: bytes = b"egg") -> Request:
    return Request("PUT", "/nest", [HOST, *headers], body, expects_continue=True, offers_upgrade=True)


def test_another_body_has_the_same_framing() -> None:
    request = put(("Content-Length", "3"))
    other = request.with_body(b"nut")
    assert (other.method, other.body, other.encoder) == ("PUT", b"nut", request.encoder)
    assert (other.expects_continue, other.offers_upgrade) == (True, True)
    assert request.body == b"egg"


def test_a_body_of_another_length_is_framed_anew() -> None:
    request = put(("Content-Length", "3"))
    request.encoder.data(b"egg")
    first, second = request.resized(b"eggs", 4), request.with_body(b"").resized(b"", 0)
    assert (first.body, second.body) == (b"eggs", b"")
    assert first.encoder.head == b"PUT /nest HTTP/1.1\r\nHost: shore.example\r\nContent-Length: 4\r\n\r\n"
    assert first.encoder.data(b"eggs") + first.encoder.end() == b"eggs"
    assert second.encoder.done
    assert (first.method, first.expects_continue, first.offers_upgrade) == ("PUT", True, True)


def test_a_body_that_comes_in_chunks_has_no_length_to_change() -> None:
    with pytest.raises(LocalError):
        put(("Transfer-Encoding", "chunked")).resized(b"eggs", 4)
