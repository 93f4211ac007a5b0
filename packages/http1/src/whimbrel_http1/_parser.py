"""What both parsers share: one message after another, each a head, a body and an end.

A subclass says what a complete head means; everything after the head is read here.
"""

from __future__ import annotations

from abc import abstractmethod

from whimbrel_http1._chunked import ChunkReader
from whimbrel_http1._framing import CHUNKED, INTERIM, UNTIL_CLOSE
from whimbrel_http1._lines import LineMender, mender_for
from whimbrel_http1._scanner import HeadScanner, bound
from whimbrel_http1._typing import TYPE_CHECKING, Final, i64
from whimbrel_http1.errors import (
    FeedAfterEnd,
    InterruptedEvents,
    MalformedMessage,
    MessageTooLarge,
    ParseError,
    TruncatedMessage,
)
from whimbrel_http1.events import EndOfMessage, RequestHead, ResponseHead, Upgraded, body_piece
from whimbrel_http1.terms import STRICT, Awaiting, Leniency

if TYPE_CHECKING:
    from whimbrel_http1._lines import KnownRuns
    from whimbrel_http1.events import Event
    from whimbrel_http1.terms import Limits

__all__ = ["Parser"]

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
