"""Writing: nothing a caller hands in can add a byte to the framing."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_http1 import (
    HTTP_1_0,
    HTTP_1_1,
    BodyLengthMismatch,
    EndOfMessage,
    HeaderPairs,
    HttpVersion,
    InvalidHead,
    RequestEncoder,
    RequestHead,
    RequestParser,
    ResponseEncoder,
    ResponseHead,
    ResponseParser,
    encode_fields,
    parse_fields,
)

HOST = ("Host", "shore.example")
TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def request(
    method: str = "GET", target: str = "/", headers: HeaderPairs = (HOST,), version: HttpVersion = HTTP_1_1
) -> RequestEncoder:
    return RequestEncoder(method, target, headers, version=version)


def response(
    headers: HeaderPairs = (),
    status: int = 200,
    reason: str = "OK",
    version: HttpVersion = HTTP_1_1,
    method: str = "GET",
) -> ResponseEncoder:
    return ResponseEncoder(status, reason, headers, version=version, request_method=method)


def test_a_request_is_written_as_given() -> None:
    encoder = request("PUT", "/nest", [HOST, (b"X-Raw", b"\xff"), ("x-text", "é"), ("Empty", "")])
    assert encoder.head == (
        b"PUT /nest HTTP/1.1\r\nHost: shore.example\r\nX-Raw: \xff\r\nx-text: \xc3\xa9\r\nEmpty: \r\n\r\n"
    )
    assert encoder.done
    assert encoder.end() == b""


def test_headers_may_be_a_mapping_or_an_iterator() -> None:
    expected = b"GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n"
    assert request(headers={"Host": "a", "B": "c"}).head == expected
    assert request(headers=iter([("Host", "a"), ("B", "c")])).head == expected
    assert request(headers=cast("list[tuple[str, str]]", [["Host", "a"], ["B", "c"]])).head == expected


def test_a_body_of_declared_length_is_counted() -> None:
    encoder = request("POST", "/", [HOST, ("content-LENGTH", "4")])
    assert (encoder.content_length, encoder.chunked, encoder.done) == (4, False, False)
    with pytest.raises(BodyLengthMismatch) as short:
        encoder.end()
    assert (short.value.declared, short.value.written) == (4, 0)
    piece = b"egg"
    assert encoder.data(piece) is piece
    with pytest.raises(BodyLengthMismatch) as long:
        encoder.data(b"ss")
    assert (long.value.declared, long.value.written) == (4, 5)
    assert encoder.data(b"s") == b"s"
    assert encoder.done
    assert encoder.data(b"") == b""
    assert encoder.end() == b""
    with pytest.raises(BodyLengthMismatch):
        encoder.data(b"x")


def test_a_chunked_body_is_framed_and_ends_with_trailers() -> None:
    encoder = request("POST", "/", [HOST, ("Transfer-Encoding", "gzip, Chunked")])
    assert (encoder.content_length, encoder.chunked) == (None, True)
    written = encoder.data(b"x" * 26) + encoder.data(b"") + encoder.data(memoryview(b"egg"))
    assert written == b"1a\r\n" + b"x" * 26 + b"\r\n3\r\negg\r\n"
    ends = [(encoder.done, encoder.end([("Digest", "abc")])), (encoder.done, encoder.end())]
    assert ends == [(False, b"0\r\nDigest: abc\r\n\r\n"), (True, b"")]
    with pytest.raises(BodyLengthMismatch):
        encoder.data(b"x")


def test_a_request_that_declares_no_body_has_none() -> None:
    for encoder in (
        request(),
        request("POST"),
        request("CONNECT", "a:1"),
        request(headers=[HOST, ("Content-Length", "0")]),
    ):
        assert encoder.done
        with pytest.raises(BodyLengthMismatch):
            encoder.data(b"x")


@pytest.mark.parametrize(
    ("encoder", "length", "chunked", "done", "keep_alive"),
    [
        (lambda: response([("Content-Length", "3")]), 3, False, False, True),
        (lambda: response([("Content-Length", "3")], method="HEAD"), 0, False, True, True),
        (lambda: response([("Content-Length", "3")], status=304), 0, False, True, True),
        (lambda: response([], status=204), 0, False, True, True),
        (lambda: response([], status=100), 0, False, True, True),
        (lambda: response([("Upgrade", "x")], status=101), None, False, True, True),
        (lambda: response([], method="CONNECT"), None, False, True, True),
        (lambda: response([("Transfer-Encoding", "chunked")]), None, True, False, True),
        (lambda: response([]), None, False, False, False),
        (lambda: response([("Content-Length", "0")], version=HTTP_1_0), 0, False, True, False),
        (lambda: response([("Content-Length", "0"), ("Connection", "close")]), 0, False, True, False),
    ],
)
def test_a_response_is_framed_as_a_reader_will_see_it(
    encoder: Callable[[], ResponseEncoder], length: int | None, chunked: bool, done: bool, keep_alive: bool
) -> None:
    made = encoder()
    assert (made.content_length, made.chunked, made.done, made.keep_alive) == (
        length,
        chunked,
        done,
        keep_alive,
    )


def test_a_body_until_close_passes_as_it_is() -> None:
    encoder = response([])
    assert encoder.data(b"egg") == b"egg"
    assert not encoder.done
    assert encoder.end() == b""
    assert encoder.done


# Injection: every octet, and code points whose low byte is CR or LF.

TRICKS = [chr(point) for point in (*range(0x100), 0x10A, 0x10D, 0x20A, 0x560A, 0x560D, 0xD800, 0xDC0A, 0xDC0D, 0xDC80, 0xDFFF, 0x1F40D, 0x10FF0A)]  # fmt: skip
BAD_TEXT = {chr(point) for point in (*range(0x20), 0x7F, 0xD800, 0xDC0A, 0xDC0D, 0xDFFF) if point != 0x09}


@pytest.mark.parametrize("trick", TRICKS, ids=ascii)
def test_no_character_can_break_out_of_its_place(trick: str) -> None:
    makers: dict[str, tuple[bool, Callable[[], bytes]]] = {
        "method": (trick in TOKEN, lambda: request(method=f"G{trick}T").head),
        "target": ("!" <= trick <= "~", lambda: request(target=f"/{trick}x").head),
        "headers": (trick in TOKEN, lambda: request(headers=[HOST, (f"A{trick}b", "1")]).head),
        "headers ": (trick not in BAD_TEXT, lambda: request(headers=[HOST, ("A", f"1{trick}2")]).head),
        "reason": (trick not in BAD_TEXT, lambda: response(reason=f"a{trick}b").head),
        "headers  ": (trick not in BAD_TEXT, lambda: encode_fields([("A", f"1{trick}2")])),
        "headers   ": (trick in TOKEN, lambda: encode_fields([(f"A{trick}b", "1")])),
    }
    for argument, (legal, make) in makers.items():
        if legal:
            assert make().count(b"\r\n") <= 4
        else:
            with pytest.raises(InvalidHead) as refused:
                make()
            assert refused.value.argument == argument.strip()


@pytest.mark.parametrize(
    ("argument", "make"),
    [
        ("method", lambda: request(method="")),
        ("method", lambda: request(method="GET /x HTTP/1.1\r\nA: b\r\n\r\nGET")),
        ("method", lambda: request(method="\r\nGET")),
        ("method", lambda: request(method="GET /a")),
        ("target", lambda: request(target="")),
        ("target", lambda: request(target="/ HTTP/1.1\r\nA: b")),
        ("target", lambda: request(target="/a HTTP/1.1")),
        ("target", lambda: request(target="/é")),
        ("version", lambda: request(version=HttpVersion(1, 2))),
        ("version", lambda: request(version=HttpVersion(2, 0))),
        ("status", lambda: response(status=99)),
        ("status", lambda: response(status=1000)),
        ("status", lambda: response(status=-200)),
        ("reason", lambda: response(reason="OK\r\nA: b")),
        ("headers", lambda: request(headers=[HOST, ("", "b")])),
        ("headers", lambda: request(headers=[HOST, ("A: b\r\nC", "d")])),
        ("headers", lambda: request(headers=[HOST, ("A:", "b")])),
        ("headers", lambda: request(headers=[HOST, ("A", "b\r\nC: d")])),
        ("headers", lambda: request(headers=[HOST, ("A", "b\r\n\r\nGET / HTTP/1.1")])),
        ("headers", lambda: request(headers=[HOST, ("A", "b\r\n"), ("Cd", "e")])),
        ("headers", lambda: request(headers=[HOST, (b"A", b"b\r\nC: d")])),
        ("headers", lambda: request(headers=[HOST, ("A", "b\r\n c")])),
        ("headers", lambda: request(headers=cast("list[tuple[str, str]]", [HOST, ("A", 1)]))),
        ("headers", lambda: request(headers=[])),
        ("headers", lambda: request(headers=[HOST, ("HOST", "b")])),
        ("headers", lambda: request(headers=[HOST, ("Content-Length", "1"), ("content-length", "2")])),
        ("headers", lambda: request(headers=[HOST, ("Content-Length", "-1")])),
        ("headers", lambda: request(headers=[HOST, ("Content-Length", "1"), ("TRANSFER-encoding", "chunked")])),
        ("headers", lambda: request(headers=[HOST, ("Transfer-Encoding", "chunked, gzip")])),
        ("headers", lambda: request(headers=[HOST, ("Transfer-Encoding", "chunked, chunked")])),
        ("headers", lambda: request(headers=[HOST, ("Transfer-Encoding", "gzip")])),
        ("headers", lambda: request(headers=[("Transfer-Encoding", "chunked")], version=HTTP_1_0)),
        ("headers", lambda: response([("Transfer-Encoding", "chunked")], version=HTTP_1_0)),
        ("headers", lambda: response([("Transfer-Encoding", "gzip")])),
        ("headers", lambda: response([("Transfer-Encoding", "chunked")], status=204)),
        ("headers", lambda: response([("Content-Length", "1"), ("Transfer-Encoding", "chunked")])),
        ("trailers", lambda: request(headers=[HOST, ("Transfer-Encoding", "chunked")]).end([("A", "b\r\nC: d")])),
        ("trailers", lambda: request(headers=[HOST, ("Transfer-Encoding", "chunked")]).end([("A b", "c")])),
        ("trailers", lambda: request(headers=[HOST, ("Transfer-Encoding", "chunked")]).end([("Host", "c")])),
        ("trailers", lambda: request().end([("A", "b")])),
        ("headers", lambda: encode_fields([("A", "b\r\n\r\nc")])),
        ("headers", lambda: encode_fields([("A", "\x00")])),
    ],
)  # fmt: skip
def test_an_illegal_head_is_refused_with_the_argument_named(
    argument: str, make: Callable[[], object]
) -> None:
    with pytest.raises(InvalidHead) as refused:
        make()
    assert refused.value.argument == argument
    assert len(refused.value.excerpt) <= 100


# Write, then read.

names = st.text(st.sampled_from(TOKEN), min_size=1, max_size=12).filter(
    lambda name: (
        name.lower() not in {"host", "content-length", "transfer-encoding", "connection", "upgrade", "expect"}
    )
)
values = st.text(
    st.characters(
        blacklist_characters=[chr(octet) for octet in (*range(0x20), 0x7F)], blacklist_categories=["Cs"]
    ),
    max_size=20,
).map(lambda text: text.strip(" \t"))
fields = st.lists(st.tuples(names, values), max_size=6)


def as_bytes(pairs: list[tuple[str, str]]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode(), value.encode()) for name, value in pairs)


@given(fields, st.binary(max_size=50), st.booleans())
def test_a_written_request_reads_back(pairs: list[tuple[str, str]], body: bytes, chunked: bool) -> None:
    framing = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body)))
    sent = [HOST, *pairs, framing]
    encoder = request("POST", "/x?y", sent)
    events = RequestParser().feed(encoder.head + encoder.data(body) + encoder.end())
    head = events[0]
    assert isinstance(head, RequestHead)
    assert (head.method, head.target, head.raw_headers) == ("POST", "/x?y", as_bytes(sent))
    assert b"".join(event for event in events if isinstance(event, bytes)) == body
    assert events[-1] == EndOfMessage()


@given(fields, values, st.binary(max_size=50), st.sampled_from([HTTP_1_0, HTTP_1_1]))
def test_a_written_response_reads_back(
    pairs: list[tuple[str, str]], reason: str, body: bytes, version: HttpVersion
) -> None:
    encoder = response(pairs, reason=reason, version=version)
    parser = ResponseParser()
    events = parser.feed(encoder.head + encoder.data(body) + encoder.end())
    head = events[0]
    assert isinstance(head, ResponseHead)
    assert (head.reason, head.version, head.raw_headers) == (reason, version, as_bytes(pairs))
    assert head.keep_alive is encoder.keep_alive is False
    assert b"".join(event for event in events if isinstance(event, bytes)) == body
    assert parser.feed_eof() == [EndOfMessage()]


@given(fields)
def test_written_fields_read_back(pairs: list[tuple[str, str]]) -> None:
    assert parse_fields(encode_fields(pairs)) == as_bytes(pairs)


@given(st.text(max_size=10), st.text(max_size=10), st.text(max_size=6), st.text(max_size=6))
def test_whatever_is_written_is_one_request_with_the_given_parts(
    name: str, value: str, method: str, target: str
) -> None:
    try:
        head = request(method, target, [HOST, (name, value)]).head
    except InvalidHead:
        return
    (event, *_) = RequestParser().feed(head)
    assert isinstance(event, RequestHead)
    assert (event.method, event.target) == (method, target)
    stripped = value.strip(" \t").encode("utf-8", "surrogateescape")
    assert event.raw_headers == (as_bytes([HOST])[0], (name.encode(), stripped))


@pytest.mark.parametrize("value", ["a b", "shore.example/", "[::1", "shör"])
def test_a_host_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(InvalidHead, match="a Host is a name or an address"):
        request(headers=[("Host", value)])


def test_a_length_said_twice_is_refused() -> None:
    with pytest.raises(InvalidHead, match="more than one Content-Length"):
        response([("Content-Length", "1"), ("content-length", "1")])


def test_http_1_0_changes_to_no_other_protocol() -> None:
    upgrade = [("Connection", "upgrade"), ("Upgrade", "nest")]
    assert response(upgrade, 101).head.startswith(b"HTTP/1.1 101 ")
    with pytest.raises(InvalidHead, match=r"HTTP/1\.0 cannot change"):
        response(upgrade, 101, version=HTTP_1_0)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.sampled_from(["Content-Length", "content-LENGTH"]))
def test_a_resized_request_is_the_one_that_would_be_written_anew(first: int, other: int, name: str) -> None:
    def with_length(length: int) -> RequestEncoder:
        return request("POST", "/?content-length:1", [HOST, (name, str(length)), ("X", "content-length: 1")])

    resized = with_length(first).resized(other)
    anew = with_length(other)
    assert resized.head == anew.head
    assert (resized.content_length, resized.done, resized.keep_alive, resized.chunked) == (
        anew.content_length,
        anew.done,
        anew.keep_alive,
        anew.chunked,
    )


def test_a_resized_request_has_a_body_of_its_own() -> None:
    encoder = request("POST", headers=[HOST, ("Content-Length", "3"), ("Connection", "close")])
    assert encoder.data(b"egg") == b"egg"
    other = encoder.resized(4)
    assert not other.keep_alive
    assert encoder.done
    assert not other.done
    assert other.data(b"eggs") + other.end() == b"eggs"
    with pytest.raises(BodyLengthMismatch):
        other.data(b"!")
    empty = encoder.resized(0)
    assert (empty.done, empty.end(), empty.content_length) == (True, b"", 0)


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        pytest.param((), 3, id="no length"),
        pytest.param((("Transfer-Encoding", "chunked"),), 3, id="chunked"),
        pytest.param((("Content-Length", "3"),), -1, id="negative"),
        pytest.param((("Content-Length", "3"),), 2**63, id="beyond all lengths"),
    ],
)
def test_what_declares_no_length_cannot_be_resized(headers: HeaderPairs, length: int) -> None:
    encoder = request("POST", headers=[HOST, *cast("tuple[tuple[str, str], ...]", headers)])
    with pytest.raises(InvalidHead):
        encoder.resized(length)


def test_a_tunnel_cannot_be_resized() -> None:
    with pytest.raises(InvalidHead):
        request("CONNECT", "shore.example:443", headers=[HOST, ("Content-Length", "3")]).resized(4)
