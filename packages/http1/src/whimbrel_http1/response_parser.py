"""Read responses (RFC 9112): bytes in, events out, for the client's side of a connection."""

from __future__ import annotations

import sys

from whimbrel_http1._framing import UNTIL_CLOSE, connection_persists, response_body
from whimbrel_http1._parser import Parser
from whimbrel_http1._scanner import RESPONSE, bound
from whimbrel_http1._typing import TYPE_CHECKING, Final, final
from whimbrel_http1.errors import MalformedMessage, MessageTooLarge
from whimbrel_http1.events import lazy_response_head
from whimbrel_http1.leniency import STRICT, Leniency
from whimbrel_http1.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from mypy_extensions import i64  # a native integer once compiled, an int otherwise

    from whimbrel_http1._runs import KnownRuns
    from whimbrel_http1._scanner import HeadScanner
    from whimbrel_http1.events import RequestHead, ResponseHead
    from whimbrel_http1.limits import Limits

__all__ = ["ResponseParser"]

_STRICT: Final = STRICT
# Without the lock of the interpreter a compiled attribute may not be read while a thread writes it.
_SHARES: Final = bool(getattr(sys, "_is_gil_enabled", lambda: True)())


@final
class _Read:
    """What a parser read first, and what it knows since.

    It is swapped whole, and neither the head nor a run is changed, so threads may share it. A head with a
    Set-Cookie is for one client only: it is forgotten with its parser.
    """

    def __init__(self, limits: Limits, head: RequestHead | ResponseHead, runs: KnownRuns | None) -> None:
        self.limits = limits
        self.head = head
        self.runs = runs


@final
class _Last:
    """What the last strict parser read, for the next one that is made with the same limits."""

    def __init__(self) -> None:
        self.read: _Read | None = None


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
            if last is not None and last.limits is limits:
                self._head = last.head
                self._runs = last.runs
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
        coded = scanner.coded
        chunked = scanner.chunked
        interim = status < 200 and status != 101
        if interim:
            self._count_interim()
        elif status == 101 and minor == 0:
            what = "HTTP/1.0 cannot change to another protocol"
            raise MalformedMessage(what, len(block), "RFC 9110 section 7.8")
        body: i64 = response_body(status, self._method, scanner.content_length, coded=coded, chunked=chunked)
        persists = connection_persists(minor, close=scanner.close, keep_alive=scanner.keep_alive)
        if body == UNTIL_CLOSE or (coded and minor == 0):
            # HTTP/1.0 knows no transfer coding: its framing is in doubt (RFC 9112 section 6.1).
            persists = False
        head = lazy_response_head(
            block,
            scanner.fields_start,
            scanner.pairs,
            minor,
            scanner.content_length,
            chunked=chunked,
            keep_alive=persists,
        )
        head.frame(body, self._method)
        if self._lends and not interim:
            self._lends = False
            lent = self._head if scanner.secret else head
            if lent is not None:
                _LAST.read = _Read(self._limits, lent, scanner.known)
        return head

    def _begin_message(self) -> None:
        super()._begin_message()
        self._answered = not self._next_methods
        if self._next_methods:
            self._method = self._next_methods.pop(0)

    def _count_interim(self) -> None:
        self._interim += 1
        limit: i64 = bound(self._limits.interim_responses)
        if self._interim > limit:
            raise MessageTooLarge("interim_responses", limit)
