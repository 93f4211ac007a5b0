"""How long a body is, as one pure decision (RFC 9112 section 6.3)."""

from __future__ import annotations

import pytest

from whimbrel_http1._framing import (
    CHUNKED,
    TUNNEL,
    UNTIL_CLOSE,
    connection_persists,
    request_body,
    response_body,
)


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
    assert response_body(status, method, length, coded=coded, chunked=chunked) == expected


def test_a_request_body_never_reads_until_close() -> None:
    assert request_body(-1, chunked=False) == 0
    assert request_body(5, chunked=False) == 5
    assert request_body(-1, chunked=True) == CHUNKED


def test_close_always_wins() -> None:
    assert connection_persists(1, close=False, keep_alive=False)
    assert connection_persists(0, close=False, keep_alive=True)
    assert not connection_persists(0, close=False, keep_alive=False)
    assert not connection_persists(1, close=True, keep_alive=True)
