"""Read responses, as a client does, and requests, as a server does (RFC 9112); and field lines alone."""

from __future__ import annotations

import sys

from whimbrel_http1._framing import INTERIM, UNTIL_CLOSE
from whimbrel_http1._lines import split_fields
from whimbrel_http1._parser import Parser
from whimbrel_http1._scanner import FIELDS, REQUEST, RESPONSE, HeadScanner
from whimbrel_http1._typing import TYPE_CHECKING, Final, final, i64
from whimbrel_http1.errors import MalformedMessage
from whimbrel_http1.events import HTTP_1_0, HTTP_1_1, RequestHead, ResponseHead
from whimbrel_http1.terms import DEFAULT_LIMITS, STRICT, Leniency

if TYPE_CHECKING:
    from whimbrel_http1._lines import KnownRuns
    from whimbrel_http1.events import Event, RawHeaders
    from whimbrel_http1.terms import Limits

__all__ = ["RequestParser", "ResponseParser", "parse_fields"]

_STRICT: Final = STRICT
# Without the lock of the interpreter a compiled attribute may not be read while a thread writes it.
_SHARES: Final = bool(getattr(sys, "_is_gil_enabled", lambda: True)())


@final
class _Last:
    """What the last strict parser read first, for the next one that is made with the same limits.

    The tuple is swapped whole, and nothing in it is changed, so threads may share it. A head with a
    Set-Cookie is for one client only: it is forgotten with its parser.
    """

    def __init__(self) -> None:
        self.read: tuple[Limits, ResponseHead, KnownRuns | None] | None = None


_LAST: Final = _Last()


@final
class ResponseParser(Parser):
    r"""Read the responses of one connection.

    A response is a `ResponseHead`, pieces of body as `bytes`, and an `EndOfMessage`. An interim head
    (1xx but 101) comes alone, and the final one follows. After 101, and after 2xx to CONNECT, comes
    `Upgraded` with the bytes that follow the head, and the parser reads nothing more: whether 101 was
    asked for is for the caller to judge. HTTP/1.0 has no 101; it is refused.

    After `EndOfMessage` the next bytes begin the next response, if the connection may be used again;
    otherwise they are a fault.

    Args:
        request_method: The method of the request that is answered first; HEAD and CONNECT frame their
            answers in their own ways.
        limits: What to refuse.
        leniencies: What to overlook; nothing, unless a server needs it.

    >>> parser = ResponseParser()
    >>> parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nshore")[1:]
    [b'shore', EndOfMessage(())]
    """

    def __init__(
        self,
        *,
        request_method: str = "GET",
        limits: Limits = DEFAULT_LIMITS,
        leniencies: Leniency = Leniency.STRICT,
    ) -> None:
        super().__init__(RESPONSE, limits, leniencies)
        self._method = request_method
        self._lends = _SHARES and leniencies is _STRICT
        if self._lends:
            last = _LAST.read
            if last is not None and last[0] is limits:
                self._head = last[1]
                self._runs = last[2]
        self._answered = False  # whether the response to the last request that was spoken of is read
        self._next_methods: list[str] | None = None

    def next_response(self, request_method: str) -> None:
        """Say which method the next response answers.

        Between messages it means the response that comes next. While a response is being read, an
        interim head of it included, it means the one after it, and each further call the one after
        that; without a call the last method holds on.
        """
        if self.reusable:
            self._method = request_method
            self._answered = False
        else:
            self._queue(request_method)

    def pipeline(self, request_method: str) -> None:
        """Say which method a request has that is sent before others are answered (RFC 9112 section 9.3.2).

        One call for each such request, in the order of sending: its response is the one after all that the
        constructor, `next_response` and this method spoke of before, whatever has arrived of them.
        """
        if self._answered and self.reusable:
            self.next_response(request_method)
        else:
            self._queue(request_method)

    def _queue(self, request_method: str) -> None:
        if self._next_methods is None:
            self._next_methods = []
        self._next_methods.append(request_method)

    def _understand(self, scanner: HeadScanner) -> ResponseHead:
        block = scanner.block
        status: i64 = (block[9] - 48) * 100 + (block[10] - 48) * 10 + (block[11] - 48)
        minor: i64 = block[7] - 48
        interim = status < 200 and status != 101
        if status == 101 and minor == 0:
            what = "HTTP/1.0 cannot change to another protocol"
            raise MalformedMessage(what, len(block), "RFC 9110 section 7.8")
        body: i64 = INTERIM if interim else scanner.response_body(status, self._method)
        persists = scanner.persists(minor)
        if body == UNTIL_CLOSE or (scanner.coded and minor == 0):
            # HTTP/1.0 knows no transfer coding: its framing is in doubt (RFC 9112 section 6.1).
            persists = False
        head = ResponseHead(
            status,
            version=HTTP_1_1 if minor == 1 else HTTP_1_0,
            content_length=scanner.length,
            chunked=scanner.chunked,
            keep_alive=persists,
        )
        head.stand_for(scanner, body, self._method)
        if self._lends and not interim:
            self._lends = False
            self._lend(head, scanner)
        return head

    def _lend(self, head: ResponseHead, scanner: HeadScanner) -> None:
        if scanner.secret:
            last = _LAST.read
            if last is None or last[0] is not self._limits:
                return
            head = last[1]
        _LAST.read = (self._limits, head, scanner.known)

    def _begin_message(self) -> None:
        super()._begin_message()
        self._answered = not self._next_methods
        if self._next_methods:
            self._method = self._next_methods.pop(0)


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
        head = RequestHead(
            method,
            block[scanner.method_end + 1 : target_end].decode("ascii"),
            HTTP_1_1 if minor == 1 else HTTP_1_0,
            content_length=scanner.length,
            chunked=scanner.chunked,
            keep_alive=scanner.persists(minor),
            upgrade=minor == 1 and scanner.upgrade_option and scanner.upgrade_field,
            expect_continue=minor == 1 and scanner.expect_continue,
        )
        head.stand_for(scanner, scanner.request_body(method), "")
        return head


def _check_codings(scanner: HeadScanner, minor: i64, offset: i64) -> None:
    """Refuse a request whose end cannot be found for certain (RFC 9112 sections 6.1 and 6.3)."""
    if minor == 0:
        raise MalformedMessage("HTTP/1.0 has no transfer codings", offset, "RFC 9112 section 6.1")
    if not scanner.chunked:
        raise MalformedMessage(
            "chunked is the last transfer coding of a request", offset, "RFC 9112 section 6.3"
        )


def parse_fields(block: bytes, limits: Limits = DEFAULT_LIMITS) -> RawHeaders:
    r"""Split field lines into names and values, by the grammar of heads.

    Args:
        block: Lines that end with CRLF (the last one may lack it), without the empty line after them.
        limits: `fields`, `field_bytes` and `head_bytes` matter here.

    Returns:
        `((name, value), ...)` in wire order and letter case, values without outer blanks.

    Raises:
        MalformedMessage: A name is not a token, a value holds a control character, a line is folded
            or ends otherwise than with CRLF, or an empty line is among them.
        MessageTooLarge: A limit is exceeded.

    >>> parse_fields(b"Content-Type: text/plain\r\nX-Nest: 4")
    ((b'Content-Type', b'text/plain'), (b'X-Nest', b'4'))
    """
    scanner = HeadScanner(FIELDS, limits)
    ended = not block or block.endswith(b"\r\n")
    section = block + (b"\r\n" if ended else b"\r\n\r\n")
    end = scanner.scan(section, 0)
    if end != len(section):
        raise MalformedMessage("an empty line is among the fields", max(end, 0), "RFC 9112 section 5")
    return split_fields(scanner.block, 0)
