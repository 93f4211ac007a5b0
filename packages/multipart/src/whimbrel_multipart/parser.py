"""Read a multipart body without I/O (RFC 2046 section 5.1): bytes in, events out.

Bytes go in through `MultipartParser.feed`; `PartBegin`, the content as `bytes`, `PartEnd` and
`EndOfMultipart` come out. However the body is cut, the same parts with the same content come out. Content
is handed on as soon as it cannot be part of a delimiter; nothing but a part's header block is ever held.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from whimbrel_http1 import Limits, MessageTooLarge, ParseError, parse_fields
from whimbrel_multipart._boundary import boundary_octets
from whimbrel_multipart.errors import LimitExceeded, MalformedMultipart, RemoteError, TruncatedMultipart
from whimbrel_multipart.limits import MultipartLimits

__all__ = ["EndOfMultipart", "MultipartEvent", "MultipartParser", "PartBegin", "PartEnd"]


@dataclass(frozen=True, slots=True)
class PartBegin:
    """A part begins.

    Attributes:
        raw_headers: `((name, value), ...)` in wire order and letter case, values without outer blanks.
    """

    raw_headers: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The content of a part is complete."""


@dataclass(frozen=True, slots=True)
class EndOfMultipart:
    """The closing delimiter was read; what follows it is ignored."""


MultipartEvent: TypeAlias = PartBegin | bytes | PartEnd | EndOfMultipart

_PART_END = PartEnd()
# Blanks after a boundary (RFC 2046 "transport padding"); a longer run makes it no delimiter.
_PADDING_BYTES = 1024
_PIECE_BYTES = 262_144


class Awaiting(Enum):
    """What the parser must see next."""

    FIRST_DELIMITER = "first delimiter"
    HEADERS = "end of a part's headers"
    DELIMITER = "delimiter after a part"
    NOTHING = "nothing"


class _Match(Enum):
    """What stands where a delimiter was found."""

    DELIMITER, CLOSING, CONTENT, UNKNOWN_YET = range(4)


class MultipartParser:
    """Split a multipart body into its parts.

    Args:
        boundary: The boundary parameter of the body's Content-Type, without dashes before it.
        limits: `parts`, `part_headers` and `part_header_bytes` matter here.

    Raises:
        InvalidBoundary: The boundary is empty, longer than 70 characters, or not visible ASCII.

    A delimiter is CRLF, two dashes, the boundary, blanks and CRLF; the closing one has two dashes in place
    of the last two. What only begins like one is content, as for Python's and Go's readers: the boundary of
    an inner body may begin with that of the outer.
    """

    def __init__(self, boundary: str | bytes, *, limits: MultipartLimits | None = None) -> None:
        text = boundary if isinstance(boundary, str) else boundary.decode("latin-1")
        self._delimiter = b"\r\n--" + boundary_octets(text)
        self._limits = MultipartLimits() if limits is None else limits
        self._field_limits = Limits(fields=self._limits.part_headers, field_bytes=None, head_bytes=None)
        # A delimiter at the very start has no line end before it: give it one.
        self._buffer = b"\r\n"
        self._consumed = -2
        # Where what is awaited may begin; before it, everything has been understood.
        self._cursor = 0
        self._searched = 0
        # The line end at the cursor may begin a delimiter, but is not content.
        self._line_end = 2
        self._parts = 0
        self._awaiting = Awaiting.FIRST_DELIMITER
        self._events: list[MultipartEvent] = []
        self._fault: RemoteError | None = None

    def feed(self, data: bytes) -> list[MultipartEvent]:
        """Return the events completed by `data`, in wire order.

        What was understood before a fault is returned first; the next call raises the fault.

        Raises:
            MalformedMultipart: A part's headers cannot be read.
            LimitExceeded: A limit was exceeded.
        """
        if self._fault is not None:
            raise self._fault
        try:
            # Searched and copied in pieces that fit the processor's cache, a long body takes a fifth.
            for start in range(0, len(data), _PIECE_BYTES):
                self._feed_piece(data[start : start + _PIECE_BYTES])
        except RemoteError as exc:
            self._fault = exc
            if not self._events:
                raise
        events = self._events
        self._events = []
        return events

    def _feed_piece(self, data: bytes) -> None:
        if self._awaiting is Awaiting.NOTHING:
            return
        self._buffer = self._buffer + data if self._buffer else bytes(data)
        while (following := self._advance()) is not None:
            self._awaiting = following
        self._trim()

    def feed_eof(self) -> list[MultipartEvent]:
        """Say that the body has ended.

        Returns:
            No event: the last one came with the closing delimiter.

        Raises:
            TruncatedMultipart: The closing delimiter was not read.
            MultipartError: A fault found earlier and not raised yet.
        """
        if self._fault is None and self._awaiting is not Awaiting.NOTHING:
            what = f"the body ended before the {self._awaiting.value}"
            offset = max(0, self._consumed + len(self._buffer))
            self._fault = TruncatedMultipart(what, "RFC 2046 section 5.1.1", offset)
        if self._fault is not None:
            raise self._fault
        return []

    def _trim(self) -> None:
        """Forget what has been understood."""
        if self._cursor:
            self._buffer = self._buffer[self._cursor :]
            self._consumed += self._cursor
            self._searched = max(0, self._searched - self._cursor)
            self._cursor = 0

    def _advance(self) -> Awaiting | None:
        """Make one transition, or return None until more bytes arrive."""
        match self._awaiting:
            case Awaiting.FIRST_DELIMITER | Awaiting.DELIMITER:
                return self._read_to_delimiter()
            case Awaiting.HEADERS:
                return self._read_headers()
            case Awaiting.NOTHING:
                self._cursor = len(self._buffer)
                return None

    def _read_to_delimiter(self) -> Awaiting | None:
        start = self._buffer.find(self._delimiter, self._cursor)
        while start >= 0:
            after = start + len(self._delimiter)
            match, after = self._match_delimiter(after)
            if match is _Match.DELIMITER or match is _Match.CLOSING:
                self._take_content(start)
                self._cursor = self._searched = after
                return self._end_part(closing=match is _Match.CLOSING)
            if match is _Match.UNKNOWN_YET:
                self._take_content(start)
                return None
            start = self._buffer.find(self._delimiter, after)
        self._take_content(self._possible_delimiter())
        return None

    def _match_delimiter(self, after: int) -> tuple[_Match, int]:
        """Tell what follows the boundary that ends at `after`, and where that ends.

        A delimiter ends before its CRLF: the part may have neither headers nor content, and then the
        line end belongs to the next delimiter as well.
        """
        buffer = self._buffer
        if buffer.startswith(b"--", after):
            return _Match.CLOSING, after + 2
        padded = buffer[after : after + _PADDING_BYTES + 2]
        rest = padded.lstrip(b" \t")
        blanks = len(padded) - len(rest)
        if blanks > _PADDING_BYTES:
            return _Match.CONTENT, after
        if rest.startswith(b"\r\n"):
            return _Match.DELIMITER, after + blanks
        undecided = rest in {b"", b"\r"} or (rest == b"-" and blanks == 0)
        if undecided and after + len(padded) == len(buffer):
            return _Match.UNKNOWN_YET, after
        return _Match.CONTENT, after

    def _possible_delimiter(self) -> int:
        """Return where the buffer's end may be the beginning of a delimiter, or the buffer's length."""
        buffer, delimiter = self._buffer, self._delimiter
        start = buffer.find(b"\r", max(self._cursor, len(buffer) - len(delimiter) + 1))
        while start >= 0:
            if delimiter.startswith(buffer[start:]):
                return start
            start = buffer.find(b"\r", start + 1)
        return len(buffer)

    def _take_content(self, end: int) -> None:
        """Hand on what stands between the cursor and `end`, and move the cursor there."""
        start = self._cursor + self._line_end
        if end <= self._cursor:
            return
        if start < end and self._awaiting is Awaiting.DELIMITER:
            self._events.append(self._buffer[start:end])
        self._line_end = 0
        self._cursor = end

    def _end_part(self, *, closing: bool) -> Awaiting:
        if self._awaiting is Awaiting.DELIMITER:
            self._events.append(_PART_END)
        if closing:
            self._events.append(EndOfMultipart())
            return Awaiting.NOTHING
        return Awaiting.HEADERS

    def _read_headers(self) -> Awaiting | None:
        """Read the header block; the cursor stands at the line end before it."""
        most = self._limits.part_header_bytes
        begin = self._cursor + 2
        end = self._buffer.find(b"\r\n\r\n", self._searched) + 2
        # A block at the limit is followed by one octet at most before its empty line is complete.
        held = len(self._buffer) - 1 if end < 2 else end
        if held - begin > most:
            raise LimitExceeded("part_header_bytes", most)
        if end < 2:
            self._searched = max(self._cursor, len(self._buffer) - 3)
            return None
        allowed = self._limits.parts
        if allowed is not None and self._parts >= allowed:
            raise LimitExceeded("parts", allowed)
        self._parts += 1
        self._events.append(PartBegin(self._parse_headers(self._buffer[begin:end])))
        self._cursor, self._line_end = end, 2
        return Awaiting.DELIMITER

    def _parse_headers(self, block: bytes) -> tuple[tuple[bytes, bytes], ...]:
        if not block:
            return ()
        try:
            return parse_fields(block, self._field_limits)
        except MessageTooLarge as exc:
            raise LimitExceeded("part_headers", self._limits.part_headers) from exc
        except ParseError as exc:
            offset = max(0, self._consumed + self._cursor + 2)
            raise MalformedMultipart("a part's headers cannot be read", "RFC 9112 section 5", offset) from exc
