"""Responses: what is accepted, what is refused, and that no cut of the bytes matters."""

from __future__ import annotations

import string
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_http1 import (
    HTTP_1_0,
    HTTP_1_1,
    Awaiting,
    EndOfMessage,
    Event,
    FeedAfterEnd,
    InterruptedEvents,
    Limits,
    MalformedMessage,
    MessageTooLarge,
    ParseError,
    ResponseHead,
    ResponseParser,
    TruncatedMessage,
    Upgraded,
)
from whimbrel_http1.testing import Dialogue, read_events

OK = b"HTTP/1.1 200 OK\r\n"
TOKEN = (string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode()
CONTROLS = [octet for octet in (*range(0x20), 0x7F) if octet != 0x09]


def head(event: Event) -> ResponseHead:
    assert isinstance(event, ResponseHead)
    return event


def read(*pieces: bytes, method: str = "GET", eof: bool = False, limits: Limits | None = None) -> Dialogue:
    parser = ResponseParser(request_method=method, limits=limits or Limits())
    return read_events(parser, pieces, eof=eof)


def bytewise(wire: bytes) -> list[bytes]:
    return [wire[index : index + 1] for index in range(len(wire))]


def same(first: Dialogue, second: Dialogue) -> bool:
    """Compare two dialogues, faults by their facts."""
    facts = [(type(it.fault), it.fault.args if it.fault else ()) for it in (first, second)]
    return first.events == second.events and facts[0] == facts[1]


# One plain dialogue.


def test_a_response_is_a_head_a_body_and_an_end() -> None:
    wire = OK + b"Content-Length: 5\r\nX-Nest: \t4 eggs \r\n\r\nshore"
    assert ResponseParser().feed(wire) == [
        ResponseHead(
            200,
            "OK",
            HTTP_1_1,
            ((b"Content-Length", b"5"), (b"X-Nest", b"4 eggs")),
            content_length=5,
        ),
        b"shore",
        EndOfMessage(),
    ]


# Accepted heads: (id, wire after which a head must have been reported).


def accepted() -> Iterator[tuple[str, bytes]]:
    for status in (100, 101, 102, 103, 199, 200, 204, 299, 304, 404, 418, 499, 500, 599, 600, 999):
        yield f"RFC 9112 4: status {status}", b"HTTP/1.1 %d x\r\n\r\n" % status
    for octet in TOKEN:
        yield f"RFC 9110 5.6.2: {octet:#x} in a name", OK + b"a%cz: 1\r\n\r\n" % octet
    yield "RFC 9110 5.5: every octet of obs-text", OK + b"a: " + bytes(range(0x80, 0x100)) + b"\r\n\r\n"
    yield "RFC 9110 5.5: every visible octet", OK + b"a: " + bytes(range(0x20, 0x7F)) + b"\r\n\r\n"
    yield "RFC 9110 5.5: tab within", OK + b"a: 1\t2\r\n\r\n"
    yield "RFC 9110 5.5: empty value", OK + b"a:\r\nb: \r\nc:\t \r\n\r\n"
    yield "RFC 9112 4: no blank and no phrase", b"HTTP/1.1 200\r\n\r\n"
    yield "RFC 9112 4: empty phrase", b"HTTP/1.1 200 \r\n\r\n"
    yield "RFC 9112 4: phrase of blanks", b"HTTP/1.1 200  \t \r\n\r\n"
    yield "RFC 9112 4: phrase beyond ASCII", b"HTTP/1.1 200 \xc3\xa9\xff\r\n\r\n"
    yield "RFC 9112 2.3: HTTP/1.0", b"HTTP/1.0 200 OK\r\n\r\n"
    yield "RFC 9112 2.2: one empty line before", b"\r\n" + OK + b"\r\n"
    yield "RFC 9112 2.2: three empty lines before", b"\r\n" * 3 + OK + b"\r\n"
    for value in (b"0", b"00", b"5", b" 5", b"5 ", b"\t5\t", b"005", b"9223372036854775807"):
        yield f"RFC 9110 8.6: length {value!r}", OK + b"Content-Length:" + value + b"\r\n\r\n"
    for value in (
        b"chunked",
        b"CHUNKED",
        b"gzip, chunked",
        b"gzip;q=1 , chunked",
        b", chunked,",
        b"identity",
        b"gzip",
    ):
        yield f"RFC 9112 6.1: coding {value!r}", OK + b"Transfer-Encoding: " + value + b"\r\n\r\n"
    yield (
        "RFC 9112 6.1: codings in two lines",
        OK + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
    )
    for value in (b"close", b"keep-alive", b"x, close", b'"x"', b",,", b"", b"upgrade"):
        yield f"RFC 9110 7.6.1: option {value!r}", OK + b"Connection: " + value + b"\r\n\r\n"


ACCEPTED = dict(accepted())


def test_the_table_of_accepted_heads_is_long_enough() -> None:
    assert len(ACCEPTED) >= 100


@pytest.mark.parametrize("wire", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_legal_head_is_accepted(wire: bytes) -> None:
    whole = read(wire)
    assert whole.fault is None
    assert isinstance(whole.events[0], ResponseHead)
    assert same(whole, read(*bytewise(wire)))


# Rejected heads: (id that begins with the rule the error must name, wire).


def rejected_octets() -> Iterator[tuple[str, bytes]]:
    for octet in CONTROLS:
        if octet not in b"\r\n":
            yield f"RFC 9110 section 5.5: {octet:#04x} in a value", OK + b"a: 1%c2\r\n\r\n" % octet
            yield f"RFC 9112 section 4: {octet:#04x} in the phrase", b"HTTP/1.1 200 a%cb\r\n\r\n" % octet
    for octet in (*(octet for octet in CONTROLS if octet != 0x0A), *b'\t "(),/;<=>?@[\\]{}\x80\xff'):
        yield f"RFC 9112 section 5.1: {octet:#04x} in a name", OK + b"a%cb: 1\r\n\r\n" % octet


def rejected() -> Iterator[tuple[str, bytes]]:
    yield from rejected_octets()
    yield "RFC 9112 section 5.1: blank before the colon", OK + b"a : 1\r\n\r\n"
    yield "RFC 9112 section 5.1: tab before the colon", OK + b"a\t: 1\r\n\r\n"
    yield "RFC 9112 section 5.1: no name", OK + b": 1\r\n\r\n"
    yield "RFC 9112 section 5.1: no colon", OK + b"abc\r\n\r\n"
    yield "RFC 9112 section 5.2: folded line", OK + b"a: 1\r\n 2\r\n\r\n"
    yield "RFC 9112 section 5.2: line folded with a tab", OK + b"a: 1\r\n\t2\r\n\r\n"
    yield "RFC 9112 section 5.2: blank after the status line", OK + b" a: 1\r\n\r\n"
    yield "RFC 9112 section 2.2: CR alone after a value", OK + b"a: 1\rb: 2\r\n\r\n"
    yield "RFC 9112 section 2.2: CR CR LF", OK + b"a: 1\r\r\n\r\n"
    yield "RFC 9112 section 2.2: CR alone at the end", OK + b"a: 1\r\n\rx"
    yield "RFC 9112 section 2.2: CR alone after the status line", b"HTTP/1.1 200 OK\rx"
    yield "RFC 9112 section 2.2: CR alone before the head", b"\rHTTP/1.1 200 OK\r\n\r\n"
    yield "RFC 9112 section 2.2: LF alone before the head", b"\n" + OK + b"\r\n"
    yield "RFC 9112 section 2.2: LF alone after the status", b"HTTP/1.1 200\n\r\n"
    yield "RFC 9112 section 2.2: LF alone after the phrase", b"HTTP/1.1 200 a\nb\r\n\r\n"
    yield "RFC 9112 section 2.2: LF alone after a name", OK + b"a\nb: 1\r\n\r\n"
    yield "RFC 9112 section 2.2: LF alone after a value", OK + b"a: 1\n2\r\n\r\n"
    yield "RFC 9112 section 2.2: LF alone at the end", OK + b"a: 1\r\n\n"
    for start in (b"HTTP/2.0", b"HTTP/1.2", b"HTTP/0.9", b"HTTP/11.1", b"http/1.1", b"HTTP 1.1", b"HTTPS/1.1", b"ICY", b"HTTP/1,1", b"HTTP/1.", b" HTTP/1.1", b"RTSP/1.0", b"\x16\x03\x01"):  # fmt: skip
        yield f"RFC 9112 section 2.3: {start!r}", start + b" 200 OK\r\n\r\n"
    yield "RFC 9112 section 4: tab after the version", b"HTTP/1.1\t200 OK\r\n\r\n"
    yield "RFC 9112 section 4: two digits of minor version", b"HTTP/1.11 200 OK\r\n\r\n"
    yield "RFC 9112 section 4: two blanks", b"HTTP/1.1  200 OK\r\n\r\n"
    for code in (
        b"",
        b"2",
        b"20",
        b"2000",
        b"20x",
        b"-20",
        b"+20",
        b"2_0",
        b"099",
        b"000",
        "٢٠٠".encode(),
        b"0x1",
    ):
        yield f"RFC 9112 section 4: status {code!r}", b"HTTP/1.1 " + code + b" x\r\n\r\n"
    for value in (b"", b"-1", b"+1", b"1_0", b"0x1", b"1.0", b"1e3", b"4 2", b"1;", b"1,", b",1", b"1,2", b"1, 2", b"1, 1", b"1,1", "٣".encode(), b"9223372036854775808", b"1" + b"0" * 30, b'"1"', b"one"):  # fmt: skip
        yield f"RFC 9112 section 6: length {value!r}", OK + b"Content-Length: " + value + b"\r\n\r\n"
    lengths = b"Content-Length: 1\r\n"
    for other in (b"Content-Length: 1", b"Content-Length: 2", b"CONTENT-LENGTH: 0", b"content-length: 10"):
        yield f"RFC 9112 section 6: and {other!r}", OK + lengths + other + b"\r\n\r\n"
    for value in (b"chunked", b"CHUNKED", b"identity", b"gzip", b"gzip, chunked", b""):
        coding = b"Transfer-Encoding: " + value + b"\r\n"
        yield f"RFC 9112 section 6.3: length, then {value!r}", OK + lengths + coding + b"\r\n"
        yield f"RFC 9112 section 6.3: {value!r}, then length", OK + coding + lengths + b"\r\n"
    for value in (b"chunked, chunked", b"chunked;a=b", b"chun ked", b"\xe7hunked", b"gzip@, chunked", b'"chunked"', b"=chunked"):  # fmt: skip
        yield f"RFC 9112 section 6: coding {value!r}", OK + b"Transfer-Encoding: " + value + b"\r\n\r\n"
    yield "RFC 9112 section 6: chunked in two lines", OK + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n"


REJECTED = dict(rejected())


def test_the_table_of_rejected_heads_is_long_enough() -> None:
    assert len(REJECTED) >= 150


@pytest.mark.parametrize(("name", "wire"), REJECTED.items(), ids=REJECTED.keys())
def test_a_head_that_breaks_a_rule_is_rejected(name: str, wire: bytes) -> None:
    whole = read(wire)
    assert isinstance(whole.fault, MalformedMessage)
    assert whole.events == ()
    assert whole.fault.rule == name.partition(":")[0]
    assert len(whole.fault.excerpt) <= 100
    assert same(whole, read(*bytewise(wire)))


# How long is the body (RFC 9112 section 6.3)?


@pytest.mark.parametrize(
    ("method", "status", "fields", "sent", "body"),
    [
        ("HEAD", 200, b"Content-Length: 9\r\n", b"", b""),
        ("HEAD", 200, b"Transfer-Encoding: chunked\r\n", b"", b""),
        ("GET", 204, b"Content-Length: 9\r\n", b"", b""),
        ("GET", 304, b"Transfer-Encoding: chunked\r\n", b"", b""),
        ("GET", 200, b"Content-Length: 3\r\n", b"egg", b"egg"),
        ("GET", 200, b"Content-Length: 0\r\n", b"", b""),
        ("CONNECT", 404, b"Content-Length: 3\r\n", b"egg", b"egg"),
        ("GET", 200, b"Transfer-Encoding: gzip, chunked\r\n", b"3\r\negg\r\n0\r\n\r\n", b"egg"),
    ],
)
def test_a_body_has_one_length(method: str, status: int, fields: bytes, sent: bytes, body: bytes) -> None:
    parser = ResponseParser(request_method=method)
    events = parser.feed(b"HTTP/1.1 %d x\r\n%b\r\n%b" % (status, fields, sent))
    assert b"".join(event for event in events if isinstance(event, bytes)) == body
    assert events[-1] == EndOfMessage()
    assert parser.reusable
    assert parser.feed_eof() == []


@pytest.mark.parametrize(
    "fields", [b"", b"Transfer-Encoding: gzip\r\n", b"Transfer-Encoding: chunked, gzip\r\n"]
)
def test_a_body_without_a_length_ends_with_the_connection(fields: bytes) -> None:
    parser = ResponseParser()
    events = parser.feed(OK + fields + b"\r\n")
    assert not head(events[0]).keep_alive
    assert parser.state is Awaiting.CLOSE
    piece = b"egg"
    assert parser.feed(piece)[0] is piece
    assert parser.feed_eof() == [EndOfMessage()]
    assert not parser.reusable
    with pytest.raises(FeedAfterEnd):
        parser.feed(b"x")


def test_the_longest_body_of_all_begins_as_any_other() -> None:
    head = OK + b"Content-Length: %d\r\n\r\n" % (2**63 - 1)
    seen = read_events(ResponseParser(), [head + b"eg", b"gs"], eof=True)
    assert seen.events[1:] == (b"eggs",)
    assert isinstance(seen.fault, TruncatedMessage)
    assert (seen.fault.received, seen.fault.expected) == (4, 2**63 - 1)


def test_a_piece_that_is_wholly_body_is_passed_on_as_it_is() -> None:
    for fields, size in ((b"Content-Length: 9\r\n", b""), (b"Transfer-Encoding: chunked\r\n", b"9\r\n")):
        parser = ResponseParser()
        parser.feed(OK + fields + b"\r\n" + size)
        piece = b"egg"
        assert parser.feed(piece)[0] is piece


def test_pieces_may_be_any_buffer() -> None:
    parser = ResponseParser()
    assert parser.feed(bytearray(OK)) == []
    assert parser.feed(memoryview(b"Content-Length: 3\r\n\r\negg"))[1:] == [b"egg", EndOfMessage()]
    with pytest.raises(TypeError):
        parser.feed(5)  # type: ignore[arg-type]  # misuse on purpose
    with pytest.raises(TypeError):
        parser.feed("HTTP")  # type: ignore[arg-type]  # misuse on purpose


# Interim responses and changes of protocol.


def test_an_interim_head_has_no_end_and_the_final_one_follows() -> None:
    events = read(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n").events
    assert [head(event).interim for event in events[:2]] == [True, False]
    assert events[2:] == (EndOfMessage(),)


def test_interim_responses_are_counted_until_the_final_one() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    final = OK + b"Content-Length: 0\r\n\r\n"
    limits = Limits(interim_responses=2)
    assert read((interim * 2 + final) * 3, limits=limits).fault is None
    fault = read(interim * 3 + final, limits=limits).fault
    assert isinstance(fault, MessageTooLarge)
    assert (fault.limit, fault.value) == ("interim_responses", 2)
    assert read(interim, limits=Limits(interim_responses=0)).fault is not None


INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


def test_after_an_interim_head_the_final_one_is_due() -> None:
    parser = ResponseParser()
    parser.feed(INTERIM)
    assert parser.state is Awaiting.START_LINE
    assert not parser.reusable
    parser.feed(OK + b"Content-Length: 0\r\n\r\n")
    assert parser.reusable


def test_after_an_interim_head_a_method_is_that_of_the_next_response() -> None:
    parser = ResponseParser()
    parser.feed(INTERIM)
    parser.next_response("HEAD")
    one = OK + b"Content-Length: 4\r\n\r\n"
    assert parser.feed(one + b"eggs")[1:] == [b"eggs", EndOfMessage()]
    assert parser.feed(one)[1:] == [EndOfMessage()]


def test_no_protocol_is_changed_in_http_1_0() -> None:
    fault = read(b"HTTP/1.0 101 x\r\nConnection: upgrade\r\nUpgrade: nest\r\n\r\n").fault
    assert isinstance(fault, MalformedMessage)
    assert fault.rule == "RFC 9110 section 7.8"


@pytest.mark.parametrize(
    ("method", "status"), [("GET", 101), ("CONNECT", 200), ("CONNECT", 204), ("HEAD", 101)]
)
@pytest.mark.parametrize("surplus", [b"", b"egg", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_change_of_protocol_hands_over_the_surplus_once(method: str, status: int, surplus: bytes) -> None:
    parser = ResponseParser(request_method=method)
    events = parser.feed(b"HTTP/1.1 %d x\r\nUpgrade: nest\r\n\r\n%b" % (status, surplus))
    assert events[1:] == [Upgraded(surplus)]
    assert parser.state is Awaiting.NOTHING
    assert not parser.reusable
    with pytest.raises(FeedAfterEnd):
        parser.feed(b"x")
    assert parser.feed_eof() == []


# May the connection be used again (RFC 9112 section 9.3)?


@pytest.mark.parametrize(
    ("version", "fields", "expected"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.1", b"Connection: CLOSE\r\n", False),
        (b"1.1", b"Connection: keep-alive, close\r\n", False),
        (b"1.1", b"Connection: keep-alive\r\nConnection: close\t\r\n", False),
        (b"1.1", b"Connection: closed\r\n", True),
        (b"1.1", b"Proxy-Connection: close\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: Keep-Alive\r\n", True),
        (b"1.0", b"Connection: x , keep-alive\r\n", True),
        (b"1.0", b"Proxy-Connection: keep-alive\r\n", False),
        (b"1.0", b"Connection: keep-alive, close\r\n", False),
    ],
)
def test_version_and_connection_decide_about_reuse(version: bytes, fields: bytes, expected: bool) -> None:
    parser = ResponseParser()
    events = parser.feed(b"HTTP/%b 200 OK\r\n%bContent-Length: 0\r\n\r\n" % (version, fields))
    assert head(events[0]).keep_alive is expected
    assert parser.reusable is expected


def test_transfer_codings_in_http_1_0_condemn_the_connection() -> None:
    events = ResponseParser().feed(
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    assert head(events[0]).version is HTTP_1_0
    assert not head(events[0]).keep_alive


def test_bytes_after_a_message_that_closes_are_a_fault() -> None:
    dialogue = read(OK + b"Connection: close\r\nContent-Length: 0\r\n\r\n", b"\r\n")
    assert isinstance(dialogue.fault, MalformedMessage)
    assert dialogue.events[-1] == EndOfMessage()


def test_states_are_told() -> None:
    parser = ResponseParser()
    seen = [parser.state]
    for piece in (
        b"H",
        b"TTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"0\r\n\r\n",
        b"\r\n",
        b"\r",
    ):
        parser.feed(piece)
        seen.append(parser.state)
    parser = ResponseParser()
    parser.feed(OK + b"Content-Length: 1\r\nConnection: close\r\n\r\n")
    seen.append(parser.state)
    parser.feed(b"x")
    seen.append(parser.state)
    assert seen == [
        Awaiting.START_LINE,
        Awaiting.HEAD,
        Awaiting.CHUNKS,
        Awaiting.START_LINE,
        Awaiting.START_LINE,
        Awaiting.HEAD,
        Awaiting.BODY,
        Awaiting.NOTHING,
    ]


def life(parser: ResponseParser) -> tuple[bool, bool, bool]:
    return parser.reusable, parser.must_close, parser.upgraded


@pytest.mark.parametrize(
    ("method", "last", "expected"),
    [
        ("GET", b"", (False, False, False)),
        ("GET", b"x", (True, False, False)),
        ("GET", b"x\r\n", (False, False, False)),
        ("GET", b"xHTTP/1.1 101 x\r\n\r\nnest", (False, False, True)),
        ("CONNECT", b"xHTTP/1.1 200 x\r\n\r\nnest", (False, False, True)),
        ("GET", b"xHTTP/1.1 200 x\r\n\r\n", (False, False, False)),
        ("GET", b"xHTTP/1.0 200 x\r\nContent-Length: 1\r\n\r\n", (False, False, False)),
        ("GET", b"xHTTP/1.0 200 x\r\nContent-Length: 1\r\n\r\ny", (False, True, False)),
        ("GET", b"xno response", (False, True, False)),
    ],
)
def test_a_parser_tells_what_becomes_of_its_connection(
    method: str, last: bytes, expected: tuple[bool, bool, bool]
) -> None:
    parser = ResponseParser()
    assert life(parser) == (True, False, False)
    parser.feed(OK + b"Content-Length: 1\r\n\r\n")
    parser.next_response(method)
    parser.feed(last)
    assert life(parser) == expected
    with suppress(ParseError):
        parser.feed_eof()
    assert life(parser) == (False, not expected[2], expected[2])


def test_one_byte_of_the_next_message_forbids_reuse() -> None:
    for surplus in (b"\r", b"\r\n", b"H", OK):
        parser = ResponseParser()
        assert parser.reusable
        parser.feed(OK + b"Content-Length: 0\r\n\r\n" + surplus)
        assert not parser.reusable


# Pipelining.


def test_a_client_that_pipelines_names_its_requests_before_a_byte_arrives() -> None:
    parser = ResponseParser(request_method="HEAD")
    for method in ("GET", "HEAD", "CONNECT"):
        parser.pipeline(method)
    wire = OK + b"Content-Length: 2\r\n\r\n"
    events = read_events(parser, [wire, wire + b"ab", wire + wire + b"cd"]).events
    assert [event for event in events if not isinstance(event, ResponseHead)] == [
        EndOfMessage(),
        b"ab",
        EndOfMessage(),
        EndOfMessage(),
        Upgraded(b"cd"),
    ]


def test_pipelining_goes_on_where_all_is_answered_and_while_something_is_read() -> None:
    parser = ResponseParser(request_method="HEAD")
    wire = OK + b"Content-Length: 2\r\n\r\n"
    (answer, _) = parser.feed(wire)
    parser.pipeline("HEAD")
    assert len(parser.feed(wire)) == 2
    parser.next_response("GET")
    parser.pipeline("HEAD")
    parser.feed(wire)
    parser.pipeline("GET")
    assert parser.feed(b"ab" + wire + wire + b"cd")[1:] == [
        EndOfMessage(),
        answer,
        EndOfMessage(),
        answer,
        b"cd",
        EndOfMessage(),
    ]


def test_what_was_pipelined_while_a_response_was_read_is_not_answered_yet() -> None:
    parser = ResponseParser()
    wire = OK + b"Content-Length: 2\r\n\r\n"
    parser.feed(wire + b"ab" + wire)
    parser.pipeline("HEAD")
    parser.feed(b"cd")
    parser.pipeline("GET")
    assert parser.feed(wire + wire + b"ef")[1::2] == [EndOfMessage(), b"ef"]


def test_the_next_method_is_set_for_the_next_response() -> None:
    parser = ResponseParser(request_method="HEAD")
    parser.next_response("HEAD")
    assert len(parser.feed(OK + b"Content-Length: 3\r\n\r\n")) == 2
    parser.next_response("GET")
    assert parser.feed(OK + b"Content-Length: 3\r\n\r\negg")[1:] == [b"egg", EndOfMessage()]


def test_methods_queue_while_a_response_is_read() -> None:
    parser = ResponseParser()
    parser.feed(b"H")
    parser.next_response("HEAD")
    parser.next_response("GET")
    one = b"TTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
    events = parser.feed(one + b"egg" + b"H" + one + b"H" + one + b"egg")
    assert [event for event in events if not isinstance(event, ResponseHead)] == [
        b"egg",
        EndOfMessage(),
        EndOfMessage(),
        b"egg",
        EndOfMessage(),
    ]


# The end of the connection.


@pytest.mark.parametrize(
    ("wire", "received", "expected", "part"),
    [
        (b"H", 1, None, "head"),
        (b"\r\n" + OK, 19, None, "head"),
        (b"HTTP/1.1 103 x\r\n\r\n", 0, None, "head"),
        (OK + b"Content-Length: 5\r\n\r\n", 0, 5, "body"),
        (OK + b"Content-Length: 5\r\n\r\nshor", 4, 5, "body"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", 0, None, "body"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nshor", 4, None, "body"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nshore\r\n0\r\n", 5, None, "body"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n", 0, None, "body"),
    ],
)
def test_a_message_cut_short_is_never_passed_off_as_whole(
    wire: bytes, received: int, expected: int | None, part: str
) -> None:
    for pieces in ([wire], bytewise(wire)):
        fault = read(*pieces, eof=True).fault
        assert isinstance(fault, TruncatedMessage)
        assert (fault.received, fault.expected, fault.part) == (received, expected, part)


@pytest.mark.parametrize("wire", [b"", b"\r\n", OK + b"Content-Length: 0\r\n\r\n"])
def test_the_end_between_messages_is_clean(wire: bytes) -> None:
    parser = ResponseParser()
    parser.feed(wire)
    assert parser.feed_eof() == []
    assert parser.feed_eof() == []
    assert not parser.reusable


# Faults and events.


def test_what_precedes_a_fault_is_delivered_first() -> None:
    wire = OK + b"Content-Length: 3\r\n\r\negg" + b"HTTP/9.9"
    events = ResponseParser().feed(wire)
    assert isinstance(events, InterruptedEvents)
    assert len(events) == 3
    assert events[1] == b"egg"
    seen: list[Event] = []
    with pytest.raises(MalformedMessage):
        seen.extend(events)
    assert seen == events[:]


def test_every_way_to_iterate_meets_the_fault() -> None:
    def interrupted() -> list[Event]:
        return ResponseParser().feed(OK + b"Content-Length: 0\r\n\r\nx")

    with pytest.raises(MalformedMessage):
        list(interrupted())
    with pytest.raises(MalformedMessage):
        tuple(interrupted())
    with pytest.raises(MalformedMessage):
        [*interrupted()]
    events: list[Event] = []
    with pytest.raises(MalformedMessage):
        events += interrupted()


def test_a_fault_that_nothing_precedes_is_raised_at_once_and_again() -> None:
    parser = ResponseParser()
    with pytest.raises(MalformedMessage) as first:
        parser.feed(b"x")
    for more in (OK, b"", None):
        with pytest.raises(MalformedMessage) as later:
            parser.feed_eof() if more is None else parser.feed(more)
        assert later.value is first.value
    assert parser.state is Awaiting.NOTHING
    assert not parser.reusable


def test_a_feed_without_a_fault_returns_a_plain_list() -> None:
    assert type(ResponseParser().feed(OK + b"\r\n")) is list


# Any cut.

SCENES = [
    OK + b"Content-Length: 5\r\n\r\nshore" + OK + b"Content-Length: 0\r\n\r\n",
    b"\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK + b"Transfer-Encoding: chunked\r\nA:  b \r\n\r\n"
    b'3;x="a\\"b";y = z\r\negg\r\n0A\r\n0123456789\r\n0\r\nDigest: abc\r\n\r\n' + OK + b"\r\nrest of it",
    b"HTTP/1.1 101 x\r\nUpgrade: nest\r\n\r\nsurplus",
    OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    OK + b"A: b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\nabcd\r\n",
    OK + b"Connection: close\r\nContent-Length: 3\r\n\r\nabcd",
    OK + b"Content-Length: 10\r\n\r\nabcd",
]


@given(st.sampled_from(SCENES), st.data())
def test_any_cut_gives_the_same_events(wire: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=12)))
    pieces = [wire[start:end] for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    assert same(read(*pieces, eof=True), read(wire, eof=True))


@given(st.binary(max_size=200), st.sampled_from([b"", OK, OK + b"Transfer-Encoding: chunked\r\n\r\n"]))
def test_arbitrary_bytes_give_events_or_one_parse_error(noise: bytes, start: bytes) -> None:
    wire = start + noise
    whole = read(wire, eof=True)
    assert same(whole, read(*bytewise(wire), eof=True))
    assert whole.fault is None or isinstance(whole.fault, ParseError)


@given(st.sampled_from(SCENES), st.integers(0, 250), st.integers(0, 255))
def test_a_changed_byte_gives_events_or_one_parse_error(wire: bytes, place: int, octet: int) -> None:
    changed = wire[:place] + bytes([octet]) + wire[place + 1 :]
    assert same(read(changed, eof=True), read(*bytewise(changed), eof=True))


def test_the_parser_knows_where_the_end_of_the_data_has_cut_a_chunk() -> None:
    parser = ResponseParser()
    parser.feed(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    dialogue = [
        (b"4", [], False),
        (b"\r\n", [], False),
        (b"wh", [b"wh"], True),
        (b"im", [b"im"], False),
        (b"\r\n2\r\n", [], False),
        (b"br\r\n3\r\ne", [b"br", b"e"], True),
        (b"ls\r\n1\r\n!\r\n", [b"ls", b"!"], False),
        (b"0\r\n\r\n", [EndOfMessage()], False),
    ]
    for wire, events, cut in dialogue:
        assert parser.feed(wire) == events
        assert parser.within_chunk is cut


def test_a_body_of_known_length_has_no_chunks() -> None:
    parser = ResponseParser()
    parser.feed(OK + b"Content-Length: 4\r\n\r\nwh")
    assert not parser.within_chunk
