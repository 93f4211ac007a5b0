"""How long a body is, as one pure decision (RFC 9112 section 6.3)."""

from __future__ import annotations

import pytest

from whimbrel_http1._framing import CHUNKED, TUNNEL, UNTIL_CLOSE, FramingNotes


def notes(length: int = -1, *lines: bytes, coded: bool = False, chunked: bool = False) -> FramingNotes:
    """Return the notes on a head with such a length, or such codings, and with `lines`."""
    it = FramingNotes(one_host=False)
    it.content_length = length
    if coded:
        it.codings = [b"chunked" if chunked else b"gzip"]
    for line in lines:
        it.notice(line, 0, line.index(b":"), len(line), len(line))
    return it


@pytest.mark.parametrize(
    ("status", "method", "length", "coded", "chunked", "expected"),
    [
        (200, "GET", 5, False, False, 5),
        (200, "GET", 0, False, False, 0),
        (200, "GET", -1, False, False, UNTIL_CLOSE),
        (200, "GET", -1, True, True, CHUNKED),
        (200, "GET", -1, True, False, UNTIL_CLOSE),
        (200, "HEAD", 5, False, False, 0),
        (200, "HEAD", -1, True, True, 0),
        (204, "GET", 5, False, False, 0),
        (304, "GET", -1, True, True, 0),
        (100, "GET", 5, False, False, 0),
        (101, "GET", 5, False, False, TUNNEL),
        (200, "CONNECT", 5, False, False, TUNNEL),
        (204, "CONNECT", -1, False, False, TUNNEL),
        (300, "CONNECT", 5, False, False, 5),
        (200, "head", 5, False, False, 5),
    ],
)
def test_a_response_body_is_decided_in_this_order(
    status: int, method: str, length: int, coded: bool, chunked: bool, expected: int
) -> None:
    assert notes(length, coded=coded, chunked=chunked).response_body(status, method) == expected


def test_a_request_body_never_reads_until_close() -> None:
    assert notes().request_body("GET") == 0
    assert notes(5).request_body("GET") == 5
    assert notes(coded=True, chunked=True).request_body("POST") == CHUNKED
    assert notes(5).request_body("CONNECT") == TUNNEL


def test_close_always_wins() -> None:
    keep_alive, close = b"Connection: keep-alive", b"Connection: close"
    assert notes().persists(1)
    assert notes(-1, keep_alive).persists(0)
    assert not notes().persists(0)
    assert not notes(-1, keep_alive, close).persists(1)
