"""How long is a body? One pure decision for reading and writing (RFC 9112 section 6.3)."""

from __future__ import annotations

from whimbrel_http1._typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_extensions import i64  # a native integer once compiled, an int otherwise

__all__ = ["CHUNKED", "TUNNEL", "UNTIL_CLOSE", "connection_persists", "request_body", "response_body"]

# Answers that are not a number of bytes.
CHUNKED: Final = -1
UNTIL_CLOSE: Final = -2
TUNNEL: Final = -3


def response_body(
    status: i64, request_method: str, content_length: i64, *, coded: bool, chunked: bool
) -> i64:
    """Return the bytes of a response's body, or `CHUNKED`, `UNTIL_CLOSE` or `TUNNEL`.

    Args:
        status: The status code.
        request_method: The method of the request that is answered.
        content_length: What Content-Length says, -1 without one.
        coded: Whether there is a Transfer-Encoding.
        chunked: Whether chunked is the last of its codings.
    """
    if status == 101 or (200 <= status < 300 and request_method == "CONNECT"):
        return TUNNEL
    if status < 200 or status in (204, 304) or request_method == "HEAD":
        return 0
    if chunked:
        return CHUNKED
    if coded or content_length < 0:
        return UNTIL_CLOSE
    return content_length


def request_body(content_length: i64, *, chunked: bool) -> i64:
    """Return the bytes of a request's body, or `CHUNKED`; a request never reads until close."""
    if chunked:
        return CHUNKED
    return max(0, content_length)


def connection_persists(minor: i64, *, close: bool, keep_alive: bool) -> bool:
    """Tell whether version and Connection let the connection live on (RFC 9112 section 9.3)."""
    if close:
        return False
    return minor == 1 or keep_alive
