"""Events are values; what they say of fields is looked up without building all of them."""

from __future__ import annotations

import copy
import pickle

import pytest

from whimbrel_http1 import (
    HTTP_1_0,
    HTTP_1_1,
    EndOfMessage,
    Event,
    RequestHead,
    RequestParser,
    ResponseHead,
    ResponseParser,
    Upgraded,
)

WIRE = b"HTTP/1.1 200 Gr\xc3\xbcn\xff\r\nSet-Cookie: a\r\nset-cookie:\tb \r\nX:\r\nContent-Length: 0\r\n\r\n"
FIELDS = ((b"Set-Cookie", b"a"), (b"set-cookie", b"b"), (b"X", b""), (b"Content-Length", b"0"))


def parsed() -> ResponseHead:
    head = ResponseParser().feed(WIRE)[0]
    assert isinstance(head, ResponseHead)
    return head


def test_a_parsed_head_equals_a_built_one() -> None:
    built = ResponseHead(200, "Grün\udcff", HTTP_1_1, FIELDS, content_length=0)
    assert parsed() == built
    assert hash(parsed()) == hash(built)
    assert repr(parsed()) == repr(built)
    assert parsed() != ResponseHead(201, "Grün\udcff", HTTP_1_1, FIELDS, content_length=0)
    assert parsed() != "a head"


def test_fields_are_found_in_any_letter_case_before_and_after_they_are_built() -> None:
    head = parsed()
    for _ in range(2):
        assert head.get(b"SET-COOKIE") == b"a"
        assert head.get_all(b"sEt-cookie") == [b"a", b"b"]
        assert head.get(b"x") == b""
        assert head.get(b"Set-Cooki") is None
        assert head.get_all(b"none") == []
        assert head.raw_headers == FIELDS
    assert head.raw_headers is head.raw_headers


def test_a_head_without_fields_has_none() -> None:
    head = ResponseParser().feed(b"HTTP/1.1 204\r\n\r\n")[0]
    assert isinstance(head, ResponseHead)
    assert (head.reason, head.raw_headers, head.get(b"a"), head.get_all(b"a")) == ("", (), None, [])


def test_request_heads_are_values_too() -> None:
    head = RequestParser().feed(b"GET /a HTTP/1.0\r\nA: b\r\n\r\n")[0]
    built = RequestHead("GET", "/a", HTTP_1_0, ((b"A", b"b"),), keep_alive=False)
    assert head == built
    assert hash(head) == hash(built)
    assert repr(head) == repr(built)
    assert head != RequestHead("GET", "/b", HTTP_1_0, ((b"A", b"b"),), keep_alive=False)
    assert head != parsed()


def test_ends_and_upgrades_are_values() -> None:
    assert EndOfMessage() == EndOfMessage(()) != EndOfMessage(((b"a", b"b"),))
    assert hash(EndOfMessage()) == hash(EndOfMessage())
    assert repr(EndOfMessage(((b"a", b"b"),))) == "EndOfMessage(((b'a', b'b'),))"
    assert Upgraded(b"a") == Upgraded(b"a") != Upgraded()
    assert hash(Upgraded(b"a")) == hash(Upgraded(b"a"))
    assert repr(Upgraded(b"a")) == "Upgraded(b'a')"
    assert EndOfMessage() != Upgraded()
    assert Upgraded() != EndOfMessage()


ASKING = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: b\r\nExpect: 100-continue\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n"


@pytest.mark.parametrize(
    "event",
    [
        *ResponseParser().feed(WIRE),
        *ResponseParser().feed(b"HTTP/1.0 200\r\n" + CHUNKED),
        *RequestParser().feed(ASKING + CHUNKED),
        *RequestParser().feed(b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\nb"),
    ],
    ids=repr,
)
def test_events_can_be_copied_and_pickled(event: Event) -> None:
    for other in (copy.copy(event), copy.deepcopy(event), pickle.loads(pickle.dumps(event))):
        assert other == event
        assert repr(other) == repr(event)


def test_headers_can_be_copied_and_pickled() -> None:
    headers = parsed().headers
    for other in (copy.copy(headers), copy.deepcopy(headers), pickle.loads(pickle.dumps(headers))):
        assert other == headers
        assert other.get_all("set-cookie") == ["a", "b"]


def test_events_match_by_class() -> None:
    match parsed():
        case ResponseHead(status=200, content_length=length):
            assert length == 0
        case _:
            raise AssertionError


def test_a_head_may_be_asked_again_and_again_and_for_many_names() -> None:
    wire = (
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %d\r\n" % (index, index) for index in range(40)) + b"\r\n"
    )
    (head, *_) = ResponseParser().feed(wire)
    assert isinstance(head, ResponseHead)
    for _ in range(2):
        for index in range(40):
            values = head.get_all(b"x-%d" % index)
            assert values == [b"%d" % index]
            values.clear()  # the caller's own list
