"""Requests: the request line, framing, and upgrades that wait for a decision."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_http1 import (
    HTTP_1_0,
    Awaiting,
    EndOfMessage,
    FeedAfterEnd,
    Limits,
    MalformedMessage,
    MessageTooLarge,
    RequestHead,
    RequestParser,
    Upgraded,
)
from whimbrel_http1.testing import Dialogue, read_events

HOST = b"Host: shore.example\r\n"


def bytewise(wire: bytes) -> list[bytes]:
    return [wire[index : index + 1] for index in range(len(wire))]


def read(*pieces: bytes, eof: bool = False) -> Dialogue:
    return read_events(RequestParser(), pieces, eof=eof)


def facts(dialogue: Dialogue) -> tuple[object, ...]:
    return (dialogue.events, type(dialogue.fault), dialogue.fault.args if dialogue.fault else ())


def test_a_request_is_a_head_a_body_and_an_end() -> None:
    wire = b"POST /nest?x=1 HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nExpect: 100-Continue\r\n\r\neggs"
    assert RequestParser().feed(wire) == [
        RequestHead(
            "POST",
            "/nest?x=1",
            raw_headers=(
                (b"Host", b"shore.example"),
                (b"Content-Length", b"4"),
                (b"Expect", b"100-Continue"),
            ),
            content_length=4,
            expect_continue=True,
        ),
        b"eggs",
        EndOfMessage(),
    ]


@pytest.mark.parametrize("target", [b"/", b"*", b"http://a/b", b"//x", b"/%00", b'/"<>\\^`{|}', b"a:1"])
@pytest.mark.parametrize("method", [b"GET", b"get", b"M-SEARCH", b"!#$%&'*+-.^_`|~09"])
def test_methods_are_tokens_and_targets_visible_ascii(method: bytes, target: bytes) -> None:
    (head, _) = RequestParser().feed(method + b" " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    assert isinstance(head, RequestHead)
    assert (head.method, head.target) == (method.decode(), target.decode())


def test_http_1_0_needs_no_host_and_closes() -> None:
    parser = RequestParser()
    (head, end) = parser.feed(b"GET / HTTP/1.0\r\n\r\n")
    assert isinstance(head, RequestHead)
    assert head.version is HTTP_1_0
    assert not head.keep_alive
    assert end == EndOfMessage()
    assert not parser.reusable


BAD_HOSTS = (
    b"a b",
    b"she: h2c",
    b"a/b@c",
    b"shore.example:80x",
    b"shore.example:80:80",
    b"a:80,b:80",
    b"a\\b",
    b"sh\xc3\xb6re",
    b"a%2",
    b"a%zz",
    b"[::1",
    b"[::1]80",
    b"[1]",
    b"[::g]",
    b"[::1%eth0]",
    b"[::1%25]",
    b"[]",
    b"[v.a]",
    b"[v1.]",
    b"[v1.a/b]",
    b"::1",
)
GOOD_HOSTS = (
    b"",
    b":",
    b":80",
    b"shore.example",
    b"shore.example:",
    b" shore.example:8080\t ",
    b"192.0.2.1:80",
    b"a_b~c",
    b"a,b;c=d!$&'()*+",
    b"sh%C3%b6re:1",
    b"[::1]",
    b"[2001:DB8::192.0.2.1]:443",
    b"[fe80::1%25eth0]",
    b"[v1F.nest:egg]:1",
)


@pytest.mark.parametrize("value", GOOD_HOSTS)
def test_a_host_is_a_name_or_an_address_and_perhaps_a_port(value: bytes) -> None:
    (head, _) = RequestParser().feed(b"GET / HTTP/1.1\r\nHost:" + value + b"\r\n\r\n")
    assert isinstance(head, RequestHead)
    assert head.get(b"host") == value.strip()


def rejected() -> Iterator[tuple[str, bytes]]:
    for octet in (*range(0x21), 0x7F, *b'"(),/:;<=>?@[\\]{}', 0x80, 0xFF):
        if octet not in b" \n":
            yield f"RFC 9112 section 3.1: {octet:#04x} in the method", b"G%cT / HTTP/1.1\r\n\r\n" % octet
    for octet in (*range(0x20), *range(0x7F, 0x100)):
        if octet != 0x0A:
            yield f"RFC 9112 section 3.2: {octet:#04x} in the target", b"GET /%c HTTP/1.1\r\n\r\n" % octet
    yield "RFC 9112 section 3.1: no method", b" / HTTP/1.1\r\n\r\n"
    yield "RFC 9112 section 3.2: no target", b"GET  HTTP/1.1\r\n\r\n"
    yield "RFC 9112 section 3.2: HTTP/0.9", b"GET /\r\n"
    yield "RFC 9112 section 2.3: a blank in the target", b"GET /a b HTTP/1.1\r\n\r\n"
    for version in (b"HTTP/2.0", b"HTTP/1.2", b"http/1.1", b"HTTP/1", b"XTTP/1.1", b" HTTP/1.1"):
        yield f"RFC 9112 section 2.3: {version!r}", b"GET / " + version + b"\r\n\r\n"
    yield "RFC 9112 section 3: something after the version", b"GET / HTTP/1.1 \r\n\r\n"
    yield "RFC 9112 section 2.2: LF alone", b"GET / HTTP/1.1\n"
    yield "RFC 9112 section 2.2: LF alone after the method", b"GET\n/ HTTP/1.1\r\n\r\n"
    yield "RFC 9112 section 2.2: LF alone after the target", b"GET /\n"
    yield "RFC 9112 section 2.2: CR alone", b"GET / HTTP/1.1\r\r\n"
    yield "RFC 9112 section 3.2: no Host", b"GET / HTTP/1.1\r\n\r\n"
    yield "RFC 9112 section 3.2: two Hosts", b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n"
    for value in BAD_HOSTS:
        yield f"RFC 9112 section 3.2: Host {value!r}", b"GET / HTTP/1.1\r\nHost: " + value + b"\r\n\r\n"
    post = b"POST / HTTP/1.1\r\n" + HOST
    yield "RFC 9112 section 6.3: chunked is not last", post + b"Transfer-Encoding: chunked, gzip\r\n\r\n"
    yield "RFC 9112 section 6.3: no chunked", post + b"Transfer-Encoding: gzip\r\n\r\n"
    yield "RFC 9112 section 6.3: no coding", post + b"Transfer-Encoding:\r\n\r\n"
    yield "RFC 9112 section 6.3: identity", post + b"Transfer-Encoding: identity\r\n\r\n"
    yield "RFC 9112 section 6.3: both", post + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
    yield (
        "RFC 9112 section 6.1: codings in HTTP/1.0",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    )


REJECTED = dict(rejected())


@pytest.mark.parametrize(("name", "wire"), REJECTED.items(), ids=REJECTED.keys())
def test_a_request_that_breaks_a_rule_is_rejected(name: str, wire: bytes) -> None:
    whole = read(wire)
    assert isinstance(whole.fault, MalformedMessage)
    assert whole.events == ()
    assert whole.fault.rule == name.partition(":")[0]
    assert facts(whole) == facts(read(*bytewise(wire)))


def test_a_request_without_a_length_has_no_body() -> None:
    wire = b"POST / HTTP/1.1\r\n" + HOST + b"\r\n"
    assert [type(event) for event in RequestParser().feed(wire * 2)] == [RequestHead, EndOfMessage] * 2


def test_connect_opens_a_tunnel() -> None:
    parser = RequestParser()
    events = parser.feed(b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n\x16\x03")
    assert events[1:] == [Upgraded(b"\x16\x03")]
    with pytest.raises(FeedAfterEnd):
        parser.feed(b"x")


UPGRADE = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: x, Upgrade\r\nUpgrade: nest\r\n\r\n"
GET = b"GET /next HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (b"Connection: upgrade\r\nUpgrade: nest\r\n", True),
        (b"Upgrade: nest\r\n", False),
        (b"Connection: upgrade\r\nUpgrade: \r\n", False),
        (b"Connection: upgrade\r\nUpgrade: , ,\r\n", False),
        (b"Connection: upgrade\r\nUpgrade: nest\r\nUpgrade:\r\n", True),
        (b"Connection: upgrade\r\n", False),
    ],
)
def test_an_upgrade_needs_field_and_option(fields: bytes, expected: bool) -> None:
    (head, _) = RequestParser().feed(b"GET / HTTP/1.1\r\n" + HOST + fields + b"\r\n")
    assert isinstance(head, RequestHead)
    assert head.upgrade is expected


def test_bytes_after_an_upgrade_request_wait_for_the_decision() -> None:
    for accept in (True, False):
        parser = RequestParser()
        assert len(parser.feed(UPGRADE + GET[:5])) == 2
        assert parser.state is Awaiting.DECISION
        assert not parser.reusable
        assert parser.feed(GET[5:]) == []
        if accept:
            assert parser.accept_upgrade() == GET
            with pytest.raises(FeedAfterEnd):
                parser.feed(b"x")
        else:
            (head, end) = parser.refuse_upgrade()
            assert isinstance(head, RequestHead)
            assert (head.target, end) == ("/next", EndOfMessage())
            assert parser.reusable


def test_there_must_be_an_upgrade_to_decide_on() -> None:
    parser = RequestParser()
    with pytest.raises(FeedAfterEnd):
        parser.accept_upgrade()
    with pytest.raises(FeedAfterEnd):
        parser.refuse_upgrade()


def test_what_waits_for_a_decision_is_bounded() -> None:
    parser = RequestParser(limits=Limits(held_bytes=3))
    parser.feed(UPGRADE + b"abc")
    with pytest.raises(MessageTooLarge, match="held_bytes"):
        parser.feed(b"d")


def test_a_refused_upgrade_of_a_closing_connection_ends_it() -> None:
    parser = RequestParser()
    parser.feed(b"GET / HTTP/1.1\r\n" + HOST + b"Connection: upgrade, close\r\nUpgrade: x\r\n\r\nmore")
    with pytest.raises(MalformedMessage):
        parser.refuse_upgrade()


SCENE = (
    b"\r\nPOST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\negg"
    b"PUT /b HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n3\r\negg\r\n0\r\nA: b\r\n\r\n"
    + GET
    + UPGRADE
)


@given(st.data())
def test_any_cut_gives_the_same_events(data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(SCENE)), max_size=12)))
    pieces = [SCENE[start:end] for start, end in zip([0, *cuts], [*cuts, len(SCENE)], strict=True)]
    assert facts(read(*pieces)) == facts(read(SCENE))
    assert len(read(SCENE).events) == 10


@given(st.binary(max_size=100), st.integers(0, len(SCENE)))
def test_arbitrary_bytes_give_events_or_one_parse_error(noise: bytes, place: int) -> None:
    wire = SCENE[:place] + noise + SCENE[place:]
    assert facts(read(wire, eof=True)) == facts(read(*bytewise(wire), eof=True))


def test_a_failed_parser_decides_nothing() -> None:
    parser = RequestParser(limits=Limits(held_bytes=2))
    parser.feed(UPGRADE)
    with pytest.raises(MessageTooLarge):
        parser.feed(b"abc")
    for decide in (parser.accept_upgrade, parser.refuse_upgrade):
        with pytest.raises(MessageTooLarge, match="held_bytes"):
            decide()
