"""Read responses, as a client does, and requests, as a server does (RFC 9112); and field lines alone.

Messages follow one another, each a head, a body and an end. The public classes say what a complete head
means; what they share is in `Parser`.
"""

from __future__ import annotations

import sys
from abc import abstractmethod

from whimbrel_http1._chunked import ChunkReader
from whimbrel_http1._framing import (
    CHUNKED,
    INTERIM,
    UNTIL_CLOSE,
)
from whimbrel_http1._lines import LineMender, mender_for, split_fields
from whimbrel_http1._scanner import FIELDS, REQUEST, RESPONSE, HeadScanner, bound
from whimbrel_http1._typing import TYPE_CHECKING, Final, final, i64
from whimbrel_http1.errors import (
    FeedAfterEnd,
    InterruptedEvents,
    MalformedMessage,
    MessageTooLarge,
    ParseError,
    TruncatedMessage,
)
from whimbrel_http1.events import (
    HTTP_1_0,
    HTTP_1_1,
    EndOfMessage,
    RequestHead,
    ResponseHead,
    Upgraded,
    body_piece,
)
from whimbrel_http1.terms import DEFAULT_LIMITS, STRICT, Awaiting, Leniency

if TYPE_CHECKING:
    from whimbrel_http1._lines import KnownRuns
    from whimbrel_http1.events import Event, RawHeaders
    from whimbrel_http1.terms import Limits

__all__ = ["RequestParser", "ResponseParser", "parse_fields"]

# What a parser awaits; plain numbers inside, because it is asked several times in each feed.
_HEAD: Final = 0
_BODY: Final = 1
_CHUNKS: Final = 2
_CLOSE: Final = 3
_TUNNEL: Final = 4  # the head that changes the protocol is read, the change not yet reported
_UPGRADED: Final = 5
_DECISION: Final = 6
_FINISHED: Final = 7  # the last message says that the connection closes
_ENDED: Final = 8

_PUBLIC: Final = {
    _HEAD: Awaiting.HEAD,
    _BODY: Awaiting.BODY,
    _CHUNKS: Awaiting.CHUNKS,
    _CLOSE: Awaiting.CLOSE,
    _DECISION: Awaiting.DECISION,
}
_END: Final = EndOfMessage()
_STRICT: Final = STRICT
# Without the lock of the interpreter a compiled attribute may not be read while a thread writes it.
_SHARES: Final = bool(getattr(sys, "_is_gil_enabled", lambda: True)())


class Parser:
    """The reading of messages in sequence; `ResponseParser` and `RequestParser` are the public classes."""

    def __init__(self, kind: i64, limits: Limits, leniencies: Leniency = STRICT) -> None:
        self._kind = kind
        self._limits = limits
        self._leniencies = leniencies
        self._head: RequestHead | ResponseHead | None = None  # the last one
        self._runs: KnownRuns | None = None  # what another parser knew, before there is a scanner
        self._scanner: HeadScanner | None = None
        self._mender: LineMender | None = None
        self._chunks: ChunkReader | None = None
        self._awaiting: i64 = _HEAD
        self._left: i64 = 0  # bytes of the body still to come
        self._received: i64 = 0
        self._interim: i64 = 0  # interim heads since the last final one: a final one is due
        self._method = ""  # that of the request that is answered
        self._persists = False
        self._decides = False
        self._held: list[bytes] | None = None
        self._held_bytes: i64 = 0
        self._fault: ParseError | None = None

    @property
    def state(self) -> Awaiting:
        """What the parser must see next."""
        if self._fault is not None:
            return Awaiting.NOTHING
        if self._awaiting == _HEAD and not self._head_begun:
            return Awaiting.START_LINE
        return _PUBLIC.get(self._awaiting, Awaiting.NOTHING)

    @property
    def reusable(self) -> bool:
        """Whether another exchange may begin on this connection, as far as its bytes tell.

        True between messages, when not one byte of the next was read and the last one lets the
        connection live on; and before the first byte. After an interim head the final one is due.
        """
        return self._fault is None and self._awaiting == _HEAD and self._interim == 0 and self._untouched

    @property
    def must_close(self) -> bool:
        """Whether nothing more can come: the connection ended or failed, or its last message is read."""
        return self._fault is not None or self._awaiting >= _FINISHED

    @property
    def upgraded(self) -> bool:
        """Whether the connection belongs to another protocol now."""
        return self._awaiting == _UPGRADED

    @property
    def within_chunk(self) -> bool:
        """Whether the chunk of the piece of body that was reported last goes on in the next piece.

        Every other piece of a chunked body ends where its chunk ends (RFC 9112 section 7.1): pieces
        of different chunks are never joined, and only the end of the data fed cuts one.
        """
        return self._awaiting == _CHUNKS and self._chunks is not None and self._chunks.cut

    @property
    def _untouched(self) -> bool:
        if self._mender is not None and self._mender.waits:
            return False
        return self._scanner is None or self._scanner.untouched

    @property
    def _head_begun(self) -> bool:
        if self._mender is not None and self._mender.waits:
            return True
        return self._scanner is not None and self._scanner.begun

    def feed(self, data: bytes | bytearray | memoryview) -> list[Event]:
        """Return the events completed by `data`, in wire order.

        Any cut of the same bytes gives the same events, pieces of body joined. A `bytes` object that
        is wholly body is passed on as it is, without a copy.

        What was understood before a fault is delivered first. A fault that no event of this call
        precedes is raised at once. Otherwise the list that is returned yields its events and then
        raises the fault: `for event in parser.feed(data)`, `list(...)` and `events += ...` see both;
        its length and indices cover the events alone. Every later `feed` or `feed_eof` raises the
        same fault.

        Raises:
            ParseError: The peer sent what is refused; nothing more can be read.
            FeedAfterEnd: The connection ended, or changed to another protocol, before.
        """
        piece = data if isinstance(data, bytes) else bytes(memoryview(data))
        if self._fault is not None or self._awaiting >= _UPGRADED:
            self._check_open()
        events: list[Event] = []
        try:
            self._read(piece, events)
        except ParseError as fault:
            return self._stop(fault, events)
        return events

    def feed_eof(self) -> list[Event]:
        """Return the events completed by the end of the connection.

        A body that the end of the connection delimits ends here. Between messages, and after an
        upgrade, there is nothing to report.

        Raises:
            TruncatedMessage: A message was cut short, or an interim head waits for its final one.
            ParseError: The fault that an earlier call met.
        """
        if self._fault is not None:
            raise self._fault.with_traceback(None)
        awaiting = self._awaiting
        self._awaiting = _UPGRADED if awaiting == _UPGRADED else _ENDED
        if awaiting == _CLOSE:
            return [_END]
        truncation: ParseError | None = None
        if awaiting == _HEAD and (self._head_begun or self._interim > 0):
            truncation = TruncatedMessage(
                0 if self._scanner is None else self._scanner.received, None, "head"
            )
        elif awaiting == _BODY:
            truncation = TruncatedMessage(self._received, self._received + self._left)
        elif awaiting == _CHUNKS:
            truncation = TruncatedMessage(self._chunk_reader().received, None)
        if truncation is not None:
            self._fault = truncation
            raise truncation
        return []

    def _check_open(self) -> None:
        if self._fault is not None:
            raise self._fault.with_traceback(None)
        if self._awaiting == _UPGRADED:
            raise FeedAfterEnd("the connection changed to another protocol")
        if self._awaiting == _ENDED:
            raise FeedAfterEnd("the connection has ended")

    def _stop(self, fault: ParseError, events: list[Event]) -> list[Event]:
        self._fault = fault
        if not events:
            raise fault
        return InterruptedEvents(events, fault)

    def _read(self, data: bytes, events: list[Event]) -> None:
        """Read all of `data`."""
        size: i64 = len(data)
        position: i64 = 0
        while position < size:
            awaiting = self._awaiting
            if awaiting == _HEAD:
                position = self._read_head(data, position, events)
                if position < 0:
                    return
                if self._awaiting == _TUNNEL:
                    self._awaiting = _UPGRADED
                    events.append(Upgraded(data[position:size]))
                    return
            elif awaiting == _BODY:
                position = self._read_body(data, position, size, events)
            elif awaiting == _CHUNKS:
                position = self._read_chunks(data, position, events)
                if position < 0:
                    return
            elif awaiting == _CLOSE:
                self._received += size - position
                events.append(body_piece(data, position, size))
                return
            elif awaiting == _DECISION:
                self._hold(data[position:size])
                return
            else:
                raise MalformedMessage(
                    "bytes follow a message after which the connection closes",
                    0,
                    "RFC 9112 section 9.6",
                    data[position : position + 1],
                )

    def _read_head(self, data: bytes, position: i64, events: list[Event]) -> i64:
        """Read on within a head; return the offset after it, -1 when it needs more bytes."""
        scanner = self._scanner
        head = self._head
        # A server says the same to one request after another within a second.
        if head is not None and self._untouched and head.comes_again(data, position, self._method):
            self._take_head(head, events)
            return position + head.size
        if scanner is None:
            scanner = self._make_scanner()
        if head is not None:
            scanner.cuts = head.was_asked
        mender = self._mender
        position = (
            scanner.scan(data, position) if mender is None else mender.scan(scanner.scan, data, position)
        )
        if position >= 0:
            head = self._head = self._understand(scanner)
            self._take_head(head, events)
        return position

    def _make_scanner(self) -> HeadScanner:
        scanner = self._scanner = HeadScanner(self._kind, self._limits)
        if self._head is not None:
            self._head.lead(scanner, self._runs)
            self._runs = None
        leniencies = self._leniencies
        if leniencies is not _STRICT:
            self._mender = mender_for(leniencies, start_line=True)
            scanner.may_repeat_length = Leniency.REPEATED_CONTENT_LENGTH in leniencies
        return scanner

    @abstractmethod
    def _understand(self, scanner: HeadScanner) -> RequestHead | ResponseHead:
        """Return the head that was read."""

    def _take_head(self, head: RequestHead | ResponseHead, events: list[Event]) -> None:
        """Report a head and await the body that `_framing` decided on."""
        body: i64 = head.body
        if body == INTERIM:
            self._interim += 1
            limit: i64 = bound(self._limits.interim_responses)
            if self._interim > limit:
                raise MessageTooLarge("interim_responses", limit)
            events.append(head)
            self._begin_head()
            return
        events.append(head)
        self._persists = head.keep_alive
        self._decides = isinstance(head, RequestHead) and head.upgrade
        self._interim = 0
        self._received = 0
        if body > 0:
            self._left = body
            self._awaiting = _BODY
        elif body == 0:
            self._end_message(_END, events)
        elif body == CHUNKED:
            self._chunk_reader().reset(head.size)
            self._awaiting = _CHUNKS
        elif body == UNTIL_CLOSE:
            self._awaiting = _CLOSE
        else:
            self._awaiting = _TUNNEL

    def _read_body(self, data: bytes, position: i64, size: i64, events: list[Event]) -> i64:
        end: i64 = position + min(self._left, size - position)  # what is left may be all that an i64 holds
        events.append(body_piece(data, position, end))
        self._left -= end - position
        self._received += end - position
        if self._left == 0:
            self._end_message(_END, events)
        return end

    def _read_chunks(self, data: bytes, position: i64, events: list[Event]) -> i64:
        chunks = self._chunk_reader()
        position = chunks.read(data, position, events)
        if position >= 0:
            self._end_message(EndOfMessage(chunks.trailers) if chunks.trailers else _END, events)
        return position

    def _chunk_reader(self) -> ChunkReader:
        chunks = self._chunks
        if chunks is None:
            chunks = self._chunks = ChunkReader(self._limits, self._leniencies)
        return chunks

    def _end_message(self, end: EndOfMessage, events: list[Event]) -> None:
        events.append(end)
        if self._decides:
            self._awaiting = _DECISION
        elif self._persists:
            self._begin_message()
        else:
            self._awaiting = _FINISHED

    def _begin_message(self) -> None:
        self._begin_head()

    def _begin_head(self) -> None:
        if self._scanner is not None:
            self._scanner.reset(0)
        self._awaiting = _HEAD

    # An upgrade that the reader of requests has to decide on.

    def _hold(self, data: bytes) -> None:
        self._held_bytes += len(data)
        limit: i64 = bound(self._limits.held_bytes)
        if self._held_bytes > limit:
            raise MessageTooLarge("held_bytes", limit)
        if self._held is None:
            self._held = []
        self._held.append(data)

    def _take_held(self) -> bytes:
        held = b"".join(self._held or ())
        self._held = None
        self._held_bytes = 0
        return held

    def _decide(self, *, accepted: bool) -> None:
        if self._fault is not None:
            raise self._fault.with_traceback(None)
        if self._awaiting != _DECISION:
            raise FeedAfterEnd("no upgrade waits for a decision")
        self._decides = False
        if accepted:
            self._awaiting = _UPGRADED
        elif self._persists:
            self._begin_message()
        else:
            self._awaiting = _FINISHED


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

    After `EndOfMessage` the next bytes begin the next response, to a request whose method `next_response`
    tells, if the connection may be used again; otherwise they are a fault.

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
