"""Read requests (RFC 9112): bytes in, events out, for the server's side of a connection."""

from __future__ import annotations

from whimbrel_http1._framing import TUNNEL, connection_persists, request_body
from whimbrel_http1._parser import Parser
from whimbrel_http1._scanner import REQUEST
from whimbrel_http1._typing import TYPE_CHECKING, final
from whimbrel_http1.errors import MalformedMessage
from whimbrel_http1.events import lazy_request_head
from whimbrel_http1.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from mypy_extensions import i64  # a native integer once compiled, an int otherwise

    from whimbrel_http1._scanner import HeadScanner
    from whimbrel_http1.events import Event, RequestHead
    from whimbrel_http1.limits import Limits

__all__ = ["RequestParser"]


@final
class RequestParser(Parser):
    """Read the requests of one connection.

    A request is a `RequestHead`, pieces of body as `bytes`, and an `EndOfMessage`; after it the next
    bytes begin the next request, if the connection may be used again; otherwise they are a fault.

    In HTTP/1.1 there must be a Host, in no version two, and what it says must be a host and perhaps a
    port (RFC 9112 section 3.2); whether it is one that is served here is for the caller to judge.

    After a CONNECT head comes `Upgraded` with the bytes that follow, and nothing more is read: whoever
    refuses the tunnel closes. After the end of a request whose head says `upgrade`, the parser keeps
    what arrives (at most `limits.held_bytes`) until `accept_upgrade` or `refuse_upgrade` is called,
    so that bytes are never read as the wrong protocol.

    Args:
        limits: What to refuse.
    """

    def __init__(self, *, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(REQUEST, limits)

    def accept_upgrade(self) -> bytes:
        """Return what arrived after the request; the connection now belongs to the new protocol.

        Raises:
            FeedAfterEnd: No upgrade waits for a decision.
        """
        self._decide(accepted=True)
        return self._take_held()

    def refuse_upgrade(self) -> list[Event]:
        """Go on with HTTP/1.1 and return the events of what arrived meanwhile, as `feed` does.

        Raises:
            FeedAfterEnd: No upgrade waits for a decision.
            ParseError: As in `feed`.
        """
        self._decide(accepted=False)
        return self.feed(self._take_held())

    def _understand(self, scanner: HeadScanner) -> RequestHead:
        block = scanner.block
        target_end: i64 = scanner.target_end
        minor: i64 = block[target_end + 8] - 48
        method = block[: scanner.method_end].decode("ascii")
        if minor == 1 and scanner.hosts == 0:
            raise MalformedMessage("a request has a Host", len(block), "RFC 9112 section 3.2")
        if scanner.coded:
            _check_codings(scanner, minor, len(block))
        persists = connection_persists(minor, close=scanner.close, keep_alive=scanner.keep_alive)
        upgrade = minor == 1 and scanner.upgrade_option and scanner.upgrade_field
        head = lazy_request_head(
            block,
            scanner.fields_start,
            scanner.pairs,
            method,
            block[scanner.method_end + 1 : target_end].decode("ascii"),
            minor,
            scanner.content_length,
            chunked=scanner.chunked,
            keep_alive=persists,
            upgrade=upgrade,
            expect_continue=minor == 1 and scanner.expect_continue,
        )
        body: i64 = TUNNEL
        if method != "CONNECT":
            body = request_body(scanner.content_length, chunked=scanner.chunked)
        head.frame(body)
        return head


def _check_codings(scanner: HeadScanner, minor: i64, offset: i64) -> None:
    """Refuse a request whose end cannot be found for certain (RFC 9112 sections 6.1 and 6.3)."""
    if minor == 0:
        raise MalformedMessage("HTTP/1.0 has no transfer codings", offset, "RFC 9112 section 6.1")
    if not scanner.chunked:
        raise MalformedMessage(
            "chunked is the last transfer coding of a request", offset, "RFC 9112 section 6.3"
        )
