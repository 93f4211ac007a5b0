"""The same bytes through httptools (llhttp) and h11: every difference is a listed one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_http1 import EndOfMessage, ResponseHead, ResponseParser, Upgraded
from whimbrel_http1.testing import read_events

if TYPE_CHECKING:
    import h11
    import httptools
else:
    h11 = pytest.importorskip("h11")
    httptools = pytest.importorskip("httptools")


@dataclass
class Seen:
    """What a parser made of one response, as far as all three can say it."""

    status: int | None = None
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    complete: bool = False
    refused: bool = False


def by_us(wire: bytes) -> Seen:
    seen = Seen()
    dialogue = read_events(ResponseParser(), [wire], eof=True)
    seen.refused = dialogue.fault is not None
    for event in dialogue.events:
        if isinstance(event, ResponseHead):
            if seen.complete:
                break
            seen.status = event.status
            seen.fields = [(name.lower(), value) for name, value in event.raw_headers]
        elif isinstance(event, bytes):
            if not seen.complete:
                seen.body += event
        elif isinstance(event, EndOfMessage | Upgraded):
            seen.complete = True
    return seen


def by_httptools(wire: bytes) -> Seen:
    seen = Seen()

    class Callbacks:
        def on_header(self, name: bytes, value: bytes) -> None:
            if not seen.complete:
                seen.fields.append((name.lower(), value.rstrip(b" \t")))  # llhttp leaves them there

        def on_headers_complete(self) -> None:
            if not seen.complete:
                seen.status = parser.get_status_code()

        def on_body(self, body: bytes) -> None:
            if not seen.complete:
                seen.body += body

        def on_message_complete(self) -> None:
            seen.complete = seen.complete or seen.status is None or seen.status >= 200

    parser = httptools.HttpResponseParser(Callbacks())
    try:
        parser.feed_data(wire)
    except httptools.HttpParserUpgrade:
        seen.complete = True
    except httptools.HttpParserError:
        seen.refused = True
    return seen


def by_h11(wire: bytes) -> Seen:
    seen = Seen()
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    try:
        connection.receive_data(wire)
        connection.receive_data(b"")
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                seen.status = event.status_code
                seen.fields = [(name, value) for name, value in event.headers]
            elif isinstance(event, h11.Data):
                seen.body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                seen.complete = True
                return seen
            elif event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return seen
    except h11.RemoteProtocolError:
        seen.refused = True
    return seen


OK = b"HTTP/1.1 200 OK\r\n"

AGREED = {
    "known length": OK + b"Content-Length: 3\r\n\r\negg",
    "chunked": OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\negg\r\n0\r\n\r\n",
    "extensions": OK + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\negg\r\n0\r\n\r\n",
    "no content": b"HTTP/1.1 204 x\r\n\r\n",
    "not modified": b"HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n",
    "blanks around values": OK + b"A:  b \t\r\nContent-Length: 0\r\n\r\n",
    "name with a blank": OK + b"A b: c\r\n\r\n",
    "blank before colon": OK + b"A : c\r\n\r\n",
    "NUL in a value": OK + b"A: \x00\r\n\r\n",
    "different lengths": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "signed length": OK + b"Content-Length: +1\r\n\r\n",
    "chunk size with a sign": OK + b"Transfer-Encoding: chunked\r\n\r\n+3\r\negg\r\n0\r\n\r\n",
    "no CR LF after a chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\neggxx0\r\n\r\n",
    "status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
}

# Where we differ on purpose: (wire, peer that accepts what we refuse or the other way, why).
DIFFERENT: dict[str, tuple[bytes, Callable[[bytes], Seen], bool, str]] = {
    "lines ending with LF": (b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", by_h11, True, "RFC 9112 section 2.2 allows, R-17 forbids"),
    "folded line": (OK + b"A: b\r\n c\r\nContent-Length: 0\r\n\r\n", by_h11, True, "RFC 9112 section 5.2"),
    "length and chunked": (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", by_h11, True, "RFC 9112 section 6.3"),
    "status below 100": (b"HTTP/1.1 099 x\r\nContent-Length: 0\r\n\r\n", by_httptools, True, "RFC 9110 section 15"),
    "version 2.0": (b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", by_httptools, True, "RFC 9112 section 2.3"),
    "version 2.0, by h11": (b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", by_h11, True, "RFC 9112 section 2.3"),
    "other protocol": (b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", by_httptools, True, "RFC 9112 section 2.3"),
    "chunked twice": (OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", by_httptools, True, "RFC 9112 section 6.1"),
    "equal lengths": (OK + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n", by_h11, True, "RFC 9112 section 6.3, item 5"),
    "unknown coding": (OK + b"Transfer-Encoding: gzip\r\n\r\n", by_h11, False, "RFC 9112 section 6.3, item 4"),
    "bad blank in a chunk line": (OK + b"Transfer-Encoding: chunked\r\n\r\n3 ;a\r\negg\r\n0\r\n\r\n", by_httptools, False, "RFC 9112 section 7.1.1"),
}  # fmt: skip


@pytest.mark.parametrize("peer", [by_httptools, by_h11])
@pytest.mark.parametrize("wire", AGREED.values(), ids=AGREED.keys())
def test_all_agree(wire: bytes, peer: Callable[[bytes], Seen]) -> None:
    ours, theirs = by_us(wire), peer(wire)
    assert ours.refused == theirs.refused
    if not ours.refused:
        assert ours == theirs


@pytest.mark.parametrize(("wire", "peer", "we_refuse", "why"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_each_listed_difference_is_one(
    wire: bytes, peer: Callable[[bytes], Seen], we_refuse: bool, why: str
) -> None:
    assert (by_us(wire).refused, peer(wire).refused) == (we_refuse, not we_refuse), why


# Mutations: whatever llhttp refuses in a head we refuse too, and what both accept means the same.

SCENES = [AGREED["known length"], AGREED["chunked"], AGREED["extensions"], AGREED["blanks around values"]]
STRICTER = 0x80  # changed octets are taken from ASCII, where no leniency of ours or theirs is known


@given(st.sampled_from(SCENES), st.integers(0, 90), st.integers(0, STRICTER - 1), st.booleans())
def test_a_mutated_response_is_read_alike_or_refused_by_us(
    wire: bytes, place: int, octet: int, insert: bool
) -> None:
    changed = wire[:place] + bytes([octet]) + wire[place + (0 if insert else 1) :]
    ours, theirs = by_us(changed), by_httptools(changed)
    if not ours.refused:
        allowed = (
            b"Content-Length" in changed.replace(b"ontent-length", b"ontent-Length") and b", " in changed
        )
        bad_blank = (
            b" ;" in changed or b"; " in changed or b"\t" in changed or b" =" in changed or b"= " in changed
        )
        assert not theirs.refused or allowed or bad_blank
        if not theirs.refused:
            assert (ours.status, ours.fields, ours.body) == (theirs.status, theirs.fields, theirs.body)
