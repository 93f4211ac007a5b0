"""Decode the chunked transfer coding (RFC 9112 section 7.1).

The size of a chunk is reckoned digit by digit and its extensions are checked and dropped: no line is held.
"""

from __future__ import annotations

from whimbrel_http1._grammar import HEX_VALUES, NOT_HEX, TEXT_OCTETS, TOKEN_OCTETS
from whimbrel_http1._lines import mender_for, split_fields
from whimbrel_http1._scanner import FIELDS, HeadScanner, bound
from whimbrel_http1._typing import TYPE_CHECKING, Final, final, i64
from whimbrel_http1.errors import MalformedMessage, MessageTooLarge, ParseError
from whimbrel_http1.events import body_piece
from whimbrel_http1.terms import STRICT, Leniency

if TYPE_CHECKING:
    from whimbrel_http1._lines import LineMender
    from whimbrel_http1.events import Event
    from whimbrel_http1.terms import Limits

__all__ = ["ChunkReader"]

# What the next byte belongs to; plain numbers because a phase is looked up for every byte of a line.
_SIZE: Final = 0
_BLANK: Final = 1
_NAME_START: Final = 2
_NAME: Final = 3
_NAME_BLANK: Final = 4
_VALUE_START: Final = 5
_VALUE: Final = 6
_QUOTED: Final = 7
_ESCAPED: Final = 8
_QUOTE_END: Final = 9
_SIZE_LF: Final = 10
_DATA: Final = 11
_DATA_CR: Final = 12
_DATA_LF: Final = 13
_TRAILERS: Final = 14
_FAULT: Final = 255

_LF: Final = 0x0A
_CR: Final = 0x0D

_MAX_DIGITS: Final = 16
_STRICT: Final = STRICT
_MAX_SIZE: Final = 1 << 60

# The classes of octets that a chunk line tells apart, and for each phase the next one by class
# (section 7.1.1, with the "bad" blanks that a recipient has to accept).
_OTHER, _TEXT, _TOKEN, _WHITE, _SEMICOLON, _EQUALS, _QUOTE, _BACKSLASH, _RETURN = range(9)
_CLASSES: Final = 9
_EXTENSION_GRAMMAR: Final[dict[int, dict[int, int]]] = {
    _SIZE: {_WHITE: _BLANK, _SEMICOLON: _NAME_START, _RETURN: _SIZE_LF},
    _BLANK: {_WHITE: _BLANK, _SEMICOLON: _NAME_START},
    _NAME_START: {_WHITE: _NAME_START, _TOKEN: _NAME},
    _NAME: {
        _TOKEN: _NAME,
        _WHITE: _NAME_BLANK,
        _SEMICOLON: _NAME_START,
        _EQUALS: _VALUE_START,
        _RETURN: _SIZE_LF,
    },
    _NAME_BLANK: {_WHITE: _NAME_BLANK, _SEMICOLON: _NAME_START, _EQUALS: _VALUE_START},
    _VALUE_START: {_WHITE: _VALUE_START, _TOKEN: _VALUE, _QUOTE: _QUOTED},
    _VALUE: {_TOKEN: _VALUE, _WHITE: _BLANK, _SEMICOLON: _NAME_START, _RETURN: _SIZE_LF},
    _QUOTED: {
        **dict.fromkeys((_TEXT, _TOKEN, _WHITE, _SEMICOLON, _EQUALS), _QUOTED),
        _QUOTE: _QUOTE_END,
        _BACKSLASH: _ESCAPED,
    },
    _ESCAPED: dict.fromkeys((_TEXT, _TOKEN, _WHITE, _SEMICOLON, _EQUALS, _QUOTE, _BACKSLASH), _QUOTED),
    _QUOTE_END: {_WHITE: _BLANK, _SEMICOLON: _NAME_START, _RETURN: _SIZE_LF},
}


def _transitions(grammar: dict[int, dict[int, int]]) -> bytes:
    return bytes(row.get(octet_class, _FAULT) for row in grammar.values() for octet_class in range(_CLASSES))


_NEXT: Final = _transitions(_EXTENSION_GRAMMAR)
_NEXT_WITH_BLANKS: Final = _transitions(
    _EXTENSION_GRAMMAR | {_BLANK: {_WHITE: _BLANK, _SEMICOLON: _NAME_START, _RETURN: _SIZE_LF}}
)


def _class_of(octet: int) -> int:
    special = b'\t ;="\\\r'.find(octet)
    if special >= 0:
        return (_WHITE, _WHITE, _SEMICOLON, _EQUALS, _QUOTE, _BACKSLASH, _RETURN)[special]
    if TOKEN_OCTETS[octet]:
        return _TOKEN
    return _TEXT if TEXT_OCTETS[octet] else _OTHER


_CLASS_OF: Final = bytes(_class_of(octet) for octet in range(256))


@final
class ChunkReader:
    """Read one chunked body after another."""

    def __init__(self, limits: Limits, leniencies: Leniency = STRICT) -> None:
        self._next = _NEXT
        self._mender: LineMender | None = None
        if leniencies is not _STRICT:
            self._overlook(leniencies)
        self._limits = limits
        self._line_limit: i64 = bound(limits.chunk_line_bytes)
        self._extension_limit: i64 = bound(limits.chunk_extension_bytes)
        self._scanner: HeadScanner | None = None
        self.reset(0)

    def _overlook(self, leniencies: Leniency) -> None:
        self._mender = mender_for(leniencies, start_line=False)
        if Leniency.BLANK_AFTER_CHUNK_SIZE in leniencies:
            self._next = _NEXT_WITH_BLANKS

    def reset(self, before: i64) -> None:
        """Make ready for the next body; `before` bytes of its message were the head."""
        self._phase: i64 = _SIZE
        self._offset: i64 = before  # bytes of the message in earlier pieces
        self._line: i64 = 0  # bytes of the chunk line in earlier pieces
        self._digits: i64 = 0
        self._left: i64 = 0  # bytes of the chunk still to come
        self._extensions: i64 = 0
        self.cut = False  # the last piece of body was not the end of its chunk
        self.received: i64 = 0
        self.trailers: tuple[tuple[bytes, bytes], ...] = ()

    def read(self, data: bytes, start: i64, events: list[Event]) -> i64:
        """Read on at `data[start]`, adding pieces of body to `events`.

        Returns:
            The offset after the body and its trailers, -1 when they need more bytes.

        Raises:
            MalformedMessage: A byte breaks the grammar.
            MessageTooLarge: A limit is exceeded.
        """
        size: i64 = len(data)
        position: i64 = start
        while position < size:
            phase = self._phase
            if phase == _DATA:
                position = self._read_data(data, position, size, events)
            elif phase == _DATA_CR:
                if data[position] != _CR:
                    raise self._fault("CR LF follows the data of a chunk", data, start, position)
                self._phase = _DATA_LF
                position += 1
            elif phase == _DATA_LF:
                if data[position] != _LF:
                    raise self._fault("CR LF follows the data of a chunk", data, start, position)
                self._phase = _SIZE
                self._line = 0
                self._digits = 0
                position += 1
            elif phase == _TRAILERS:
                return self._read_trailers(data, start, position)
            else:
                position = self._read_size_line(data, start, position, size)
        self._offset += size - start
        return -1

    def _read_data(self, data: bytes, position: i64, size: i64, events: list[Event]) -> i64:
        end: i64 = position + self._left
        end = min(end, size)
        events.append(body_piece(data, position, end))
        self.received += end - position
        self._left -= end - position
        self.cut = self._left > 0
        if not self.cut:
            self._phase = _DATA_CR
        return end

    def _read_size_line(self, data: bytes, start: i64, position: i64, size: i64) -> i64:
        """Read on within a chunk line; return the place reached."""
        line: i64 = position - self._line
        phase: i64 = self._phase
        while position < size:
            octet: i64 = data[position]
            if phase == _SIZE_LF:
                if octet != _LF:
                    raise self._fault("a chunk line ends with CR LF", data, start, position)
                self._end_size_line(position - 1 - line, position + 1 - start)
                return position + 1
            if position - line == self._line_limit and octet != _CR:
                raise MessageTooLarge("chunk_line_bytes", self._line_limit)
            value: i64 = HEX_VALUES[octet]
            if phase == _SIZE and value != NOT_HEX:
                self._take_digit(value, data, start, position)
            elif phase == _SIZE and self._digits == 0:
                raise self._fault("a chunk begins with its size in hex digits", data, start, position)
            else:
                phase = self._next[phase * _CLASSES + _CLASS_OF[octet]]
                if phase == _FAULT:
                    what = "a chunk size is followed by CR LF or ;name[=value]"
                    raise self._fault(what, data, start, position)
            position += 1
        self._phase = phase
        self._line = position - line
        return position

    def _take_digit(self, value: i64, data: bytes, start: i64, position: i64) -> None:
        if self._digits == _MAX_DIGITS or self._left >= _MAX_SIZE >> 4:
            raise self._fault("a chunk size has at most 16 digits and is below 2**60", data, start, position)
        self._left = self._left << 4 | value
        self._digits += 1

    def _end_size_line(self, line_bytes: i64, read: i64) -> None:
        self._extensions += line_bytes - self._digits
        # Extensions that cost more than the data they come with serve nobody but an attacker.
        if self._extensions - self.received > self._extension_limit:
            raise MessageTooLarge("chunk_extension_bytes", self._extension_limit)
        if self._left > 0:
            self._phase = _DATA
            return
        self._phase = _TRAILERS
        self._trailer_scanner().reset(self._offset + read)

    def _read_trailers(self, data: bytes, start: i64, position: i64) -> i64:
        scanner, mender = self._trailer_scanner(), self._mender
        end: i64 = (
            scanner.scan(data, position) if mender is None else mender.scan(scanner.scan, data, position)
        )
        if end < 0:
            self._offset += len(data) - start
        elif scanner.fields > 0:
            self.trailers = split_fields(scanner.block, 0)
        return end

    def _trailer_scanner(self) -> HeadScanner:
        scanner = self._scanner
        if scanner is None:
            scanner = self._scanner = HeadScanner(FIELDS, self._limits, trailers=True)
        return scanner

    def _fault(self, what: str, data: bytes, start: i64, position: i64) -> ParseError:
        offset = self._offset + position - start
        return MalformedMessage(what, offset, "RFC 9112 section 7.1", data[position : position + 1])
