"""Read a head, or a section of field lines, from bytes that come in any pieces (RFC 9112 sections 2 to 5).

Each byte is looked at once, whatever the pieces: a scanner keeps its place within the line, not the
line. What decides the framing of a message is noticed at the end of the line that says it, so a
faulty head is refused before it is complete, at the same byte for every way to cut it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from whimbrel_http1._grammar import is_token, name_is, split_list, target_end, text_end, token_end
from whimbrel_http1.errors import MalformedMessage, MessageTooLarge, ParseError

if TYPE_CHECKING:
    from mypy_extensions import i64  # a native integer once compiled, an int otherwise

    from whimbrel_http1.limits import Limits

__all__ = ["FIELDS", "REQUEST", "RESPONSE", "HeadScanner", "find_field", "find_fields", "split_fields"]

# What a scanner reads.
RESPONSE: Final = 0
REQUEST: Final = 1
FIELDS: Final = 2

# What the next byte belongs to; plain numbers because a phase is compared for every line.
_START: Final = 0
_BLANK_LF: Final = 1
_STATUS: Final = 2
_REASON: Final = 3
_METHOD: Final = 4
_TARGET: Final = 5
_VERSION: Final = 6
_START_LF: Final = 7
_NAME: Final = 8
_VALUE: Final = 9
_VALUE_LF: Final = 10
_LAST_LF: Final = 11

_HT: Final = 0x09
_LF: Final = 0x0A
_CR: Final = 0x0D
_SP: Final = 0x20
_COMMA: Final = 0x2C
_ZERO: Final = 0x30
_NINE: Final = 0x39
_COLON: Final = 0x3A

_NO_LIMIT: Final = 1 << 60
_MAX_LENGTH: Final = (1 << 63) - 1
_VERSION_START: Final = b"HTTP/1."
_VERSION_OCTETS: Final = 8
_STATUS_OCTETS: Final = 12


@final
class HeadScanner:
    """Find the end of one head after another, and what it says about framing.

    Args:
        kind: `RESPONSE`, `REQUEST`, or `FIELDS` for field lines without a start line.
        limits: What to refuse; None for no bounds.
        count_limit: The field of `limits` that bounds the number of field lines.
        size_limit: The field of `limits` that bounds the whole section.
    """

    def __init__(
        self, kind: i64, limits: Limits | None, count_limit: str = "fields", size_limit: str = "head_bytes"
    ) -> None:
        self._kind: i64 = kind
        self._count_name = count_limit
        self._size_name = size_limit
        self._line_limit: i64 = _NO_LIMIT
        self._field_limit: i64 = _NO_LIMIT
        self._count_limit: i64 = _NO_LIMIT
        self._size_limit: i64 = _NO_LIMIT
        if limits is not None:
            self._line_limit = _bound(limits.line_bytes)
            self._field_limit = _bound(limits.field_bytes)
            self._count_limit = _bound(getattr(limits, count_limit))
            self._size_limit = _bound(getattr(limits, size_limit))
        self._parts: list[bytes] = []
        self._line_parts: list[bytes] = []
        self.reset(0)

    def reset(self, before: i64) -> None:
        """Make ready for the next section; `before` bytes of its message were read elsewhere."""
        self._phase: i64 = _NAME if self._kind == FIELDS else _START
        self._before: i64 = before
        self._read: i64 = 0  # bytes of this section in earlier pieces
        self._held: i64 = 0  # those of them that belong to the line in progress
        self._colon: i64 = 0  # offset of the colon within the line in progress
        self._place: i64 = 0  # where in the message a fault found by a line's content lies
        self.block = b""
        self.fields_start: i64 = 0  # offset in `block` of the first field line
        self.method_end: i64 = 0  # offsets in `block`, of requests
        self.target_end: i64 = 0
        self.fields: i64 = 0
        self.content_length: i64 = -1
        self.codings: list[bytes] | None = None
        self.close = False
        self.keep_alive = False
        self.upgrade_option = False
        self.upgrade_field = False
        self.expect_continue = False
        self.hosts: i64 = 0

    @property
    def begun(self) -> bool:
        """Whether a byte of the section was read, blank lines before it aside."""
        return self._phase > _START or len(self._parts) > 0

    @property
    def untouched(self) -> bool:
        """Whether not one byte was read since the last reset."""
        return self._read == 0

    @property
    def received(self) -> int:
        """Bytes of the section read so far."""
        return self._read

    @property
    def chunked(self) -> bool:
        """Whether the last transfer coding is chunked."""
        codings = self.codings
        return codings is not None and len(codings) > 0 and codings[-1] == b"chunked"

    def scan(self, data: bytes, start: i64) -> i64:
        """Read on at `data[start]`.

        Returns:
            The offset after the section, which then is in `block`; -1 when it needs more bytes.

        Raises:
            MalformedMessage: A byte breaks the grammar, or the line it ends breaks the framing.
            MessageTooLarge: A limit is exceeded.
        """
        size: i64 = len(data)
        position: i64 = start
        line: i64 = start - self._held  # where the line begins; before `start` if in earlier pieces
        kept: i64 = start  # what lies before is in `_parts`
        origin: i64 = start - self._read
        phase: i64 = self._phase
        if phase < _NAME:
            position = self._scan_start(data, start)
            if position < 0:
                return -1
            phase = _NAME
            line = position
            if len(self._parts) > 0:
                kept = position
            else:
                kept = position - self.fields_start
        colon: i64 = self._colon
        while True:
            allowed: i64 = self._size_limit - (line - origin)
            allowed = min(allowed, self._field_limit)
            stop: i64 = line + allowed + 1
            end: i64 = min(size, stop)
            if phase == _NAME:
                position = token_end(data, position, end)
                if position == end:
                    break
                octet: i64 = data[position]
                if octet == _COLON and position > line:
                    colon = position - line
                    if self.fields == self._count_limit:
                        raise MessageTooLarge(self._count_name, self._count_limit)
                    self.fields += 1
                    position += 1
                    phase = _VALUE
                elif octet == _CR and position == line:
                    position += 1
                    phase = _LAST_LF
                else:
                    raise self._name_fault(data, line, start, position, origin)
            if phase == _VALUE:
                position = text_end(data, position, end)
                if position == end:
                    break
                if data[position] != _CR:
                    raise self._fault(
                        "a field value holds no control character",
                        "RFC 9110 section 5.5",
                        data,
                        line,
                        start,
                        position,
                        origin,
                    )
                position += 1
                phase = _VALUE_LF
            if position == size:
                break
            if data[position] != _LF:
                raise self._fault(
                    "a line ends with CR LF", "RFC 9112 section 2.2", data, line, start, position, origin
                )
            position += 1
            if line >= start:
                if phase == _VALUE_LF and self._kind != FIELDS:
                    self._place = self._before + position - origin
                    self._notice(data, line, line + colon, position - 2)
            else:
                kept = self._end_held_line(data, start, position, colon, phase, origin)
            if position - origin > self._size_limit:
                raise MessageTooLarge(self._size_name, self._size_limit)
            if phase == _LAST_LF:
                self._finish(data, kept, position)
                return position
            line = position
            phase = _NAME
        if position == stop and phase != _VALUE_LF and phase != _LAST_LF:
            raise self._too_large(line - origin, self._field_limit, "field_bytes")
        self._colon = colon
        self._suspend(data, start, line, kept, phase)
        return -1

    def _end_held_line(
        self, data: bytes, start: i64, position: i64, colon: i64, phase: i64, origin: i64
    ) -> i64:
        """Complete a line that began in an earlier piece; return where the next one begins."""
        self._line_parts.append(data[start:position])
        whole = b"".join(self._line_parts)
        self._line_parts.clear()
        self._parts.append(whole)
        if phase == _VALUE_LF and self._kind != FIELDS:
            self._place = self._before + position - origin
            self._notice(whole, 0, colon, len(whole) - 2)
        return position

    def _suspend(self, data: bytes, start: i64, line: i64, kept: i64, phase: i64) -> None:
        """Keep the place, and the bytes from `kept` on, until more bytes arrive."""
        size: i64 = len(data)
        if line > kept:
            self._parts.append(data[kept:line])
        first: i64 = max(start, line)
        if first < size:
            self._line_parts.append(data[first:size])
        self._held = size - line
        self._read += size - start
        self._phase = phase

    def _finish(self, data: bytes, kept: i64, position: i64) -> None:
        if len(self._parts) == 0:
            self.block = data[kept:position]
            return
        self._parts.append(data[kept:position])
        self.block = b"".join(self._parts)
        self._parts.clear()

    # The start line.

    def _scan_start(self, data: bytes, start: i64) -> i64:
        """Read a start line (RFC 9112 sections 3 and 4) and the blank lines before it."""
        size: i64 = len(data)
        position: i64 = start
        line: i64 = start - self._held
        origin: i64 = start - self._read
        while position < size:
            phase = self._phase
            if phase == _START:
                if position - origin > self._size_limit:
                    raise MessageTooLarge(self._size_name, self._size_limit)
                position = self._skip_blank_line(data, position)
                line = position
                continue
            if phase == _BLANK_LF:
                if data[position] != _LF:
                    raise self._fault(
                        "a line ends with CR LF", "RFC 9112 section 2.2", data, line, start, position, origin
                    )
                position += 1
                line = position
                self._phase = _START
                self._line_parts.clear()
                continue
            if phase == _START_LF:
                if data[position] != _LF:
                    raise self._fault(
                        "a line ends with CR LF", "RFC 9112 section 2.2", data, line, start, position, origin
                    )
                position += 1
                self._end_start_line(data, start, line, position)
                return position
            allowed: i64 = self._size_limit - (line - origin)
            allowed = min(allowed, self._line_limit)
            stop: i64 = line + allowed + 1
            end: i64 = min(size, stop)
            end = max(end, position)
            position = self._scan_start_part(data, line, position, end, start, origin)
            if position >= stop and self._phase != _START_LF:
                raise self._too_large(line - origin, self._line_limit, "line_bytes")
        if self._phase == _START:
            self._held = 0
            self._read += size - start
        else:
            self._suspend(data, start, line, max(start, line), self._phase)
        return -1

    def _skip_blank_line(self, data: bytes, position: i64) -> i64:
        # A robust reader ignores empty lines before a message (RFC 9112 section 2.2).
        if data[position] == _CR:
            self._phase = _BLANK_LF
            return position + 1
        self._phase = _STATUS if self._kind == RESPONSE else _METHOD
        return position

    def _scan_start_part(
        self, data: bytes, line: i64, position: i64, end: i64, start: i64, origin: i64
    ) -> i64:
        """Read on within the part of the start line that `_phase` names; return the place reached."""
        phase = self._phase
        if phase == _STATUS:
            return self._scan_status(data, line, position, end, start, origin)
        if phase == _VERSION:
            return self._scan_version(data, line, position, end, start, origin)
        rule = "RFC 9112 section 3"
        if phase == _REASON:
            position = text_end(data, position, end)
            if position < end:
                if data[position] != _CR:
                    what = "a reason phrase holds no control character"
                    raise self._fault(what, "RFC 9112 section 4", data, line, start, position, origin)
                self._phase = _START_LF
                position += 1
        elif phase == _METHOD:
            position = token_end(data, position, end)
            if position < end:
                if data[position] != _SP or position == line:
                    what = "a method is a token, and one blank follows it"
                    raise self._fault(what, rule + ".1", data, line, start, position, origin)
                self.method_end = position - line
                self._phase = _TARGET
                position += 1
        else:
            position = target_end(data, position, end)
            if position < end:
                if data[position] != _SP or position - line == self.method_end + 1:
                    what = "a request target is visible ASCII, and one blank follows it"
                    raise self._fault(what, rule + ".2", data, line, start, position, origin)
                self.target_end = position - line
                self._phase = _VERSION
                position += 1
        return position

    def _scan_status(self, data: bytes, line: i64, position: i64, end: i64, start: i64, origin: i64) -> i64:
        while position < end:
            index = position - line
            octet: i64 = data[position]
            if index < _VERSION_OCTETS:
                if not _version_octet_fits(index, octet):
                    what = "a response begins with HTTP/1.0 or HTTP/1.1"
                    raise self._fault(what, "RFC 9112 section 2.3", data, line, start, position, origin)
            elif index == _STATUS_OCTETS:
                if octet == _SP:
                    self._phase = _REASON
                elif octet == _CR:
                    # The blank after the code is missing on many servers, and nothing is unclear.
                    self._phase = _START_LF
                else:
                    what = "a status code has three digits, and a blank follows it"
                    raise self._fault(what, "RFC 9112 section 4", data, line, start, position, origin)
                return position + 1
            elif not _status_octet_fits(index, octet):
                what = "one blank and a status code of three digits, 100 or more, follow the version"
                raise self._fault(what, "RFC 9112 section 4", data, line, start, position, origin)
            position += 1
        return position

    def _scan_version(self, data: bytes, line: i64, position: i64, end: i64, start: i64, origin: i64) -> i64:
        while position < end:
            index = position - line - self.target_end - 1
            octet: i64 = data[position]
            if index < _VERSION_OCTETS:
                if not _version_octet_fits(index, octet):
                    what = "a request line ends with HTTP/1.0 or HTTP/1.1"
                    raise self._fault(what, "RFC 9112 section 2.3", data, line, start, position, origin)
            elif octet == _CR:
                self._phase = _START_LF
                return position + 1
            else:
                what = "nothing follows the version"
                raise self._fault(what, "RFC 9112 section 3", data, line, start, position, origin)
            position += 1
        return position

    def _end_start_line(self, data: bytes, start: i64, line: i64, position: i64) -> None:
        self.fields_start = position - line
        if line < start:
            self._line_parts.append(data[start:position])
            self._parts.append(b"".join(self._line_parts))
            self._line_parts.clear()

    # What the fields say about framing.

    def _notice(self, data: bytes, start: i64, colon: i64, end: i64) -> None:
        """Take note of a field that decides how the message is framed or what follows it."""
        length: i64 = colon - start
        if length == 14:
            if name_is(data, start, colon, b"content-length"):
                self._notice_length(data, start, colon + 1, end)
        elif length == 10:
            if name_is(data, start, colon, b"connection"):
                self._notice_connection(data, colon + 1, end)
        elif length == 17:
            if name_is(data, start, colon, b"transfer-encoding"):
                self._notice_codings(data, start, colon + 1, end)
        elif length == 4:
            if name_is(data, start, colon, b"host"):
                self._notice_host(data, start, end)
        elif length == 7:
            if name_is(data, start, colon, b"upgrade"):
                self.upgrade_field = True
        elif length == 6:
            if name_is(data, start, colon, b"expect"):
                value = data[colon + 1 : end].strip(b" \t").lower()
                self.expect_continue = self.expect_continue or value == b"100-continue"
        elif length == 16 and name_is(data, start, colon, b"proxy-connection"):
            # Not a standard field; a peer that says "close" in it does close.
            kept = self.keep_alive
            self._notice_connection(data, colon + 1, end)
            self.keep_alive = kept

    def _notice_length(self, data: bytes, start: i64, position: i64, end: i64) -> None:
        """Read a Content-Length: one number, or the same number again (RFC 9112 section 6.3, item 5)."""
        while True:
            position = _skip_blanks(data, position, end)
            digits: i64 = position
            value: i64 = 0
            while position < end and _ZERO <= data[position] <= _NINE:
                digit: i64 = data[position] - _ZERO
                if value > (_MAX_LENGTH - digit) // 10:
                    raise self._line_fault("Content-Length is out of range", data, start, end)
                value = value * 10 + digit
                position += 1
            if position == digits:
                raise self._line_fault("Content-Length is a number in decimal digits", data, start, end)
            if self.content_length >= 0 and self.content_length != value:
                raise self._line_fault("there are different values of Content-Length", data, start, end)
            self.content_length = value
            position = _skip_blanks(data, position, end)
            if position == end:
                break
            if data[position] != _COMMA:
                raise self._line_fault("Content-Length is a number in decimal digits", data, start, end)
            position += 1
        if self.codings is not None:
            raise self._both_framings(data, start, end)

    def _notice_codings(self, data: bytes, start: i64, position: i64, end: i64) -> None:
        """Read a Transfer-Encoding (RFC 9112 section 6.1)."""
        codings = self.codings
        if codings is None:
            codings = self.codings = []
        if self.content_length >= 0:
            raise self._both_framings(data, start, end)
        for element in split_list(data[position:end].lower()):
            name = element.partition(b";")[0].rstrip(b" \t")
            if not is_token(name):
                raise self._line_fault("a transfer coding is a token", data, start, end)
            if name == b"chunked":
                if name != element:
                    raise self._line_fault("chunked has no parameters", data, start, end)
                if name in codings:
                    raise self._line_fault("chunked is applied once", data, start, end)
            codings.append(name)

    def _notice_connection(self, data: bytes, position: i64, end: i64) -> None:
        """Look for the connection options that matter here (RFC 9110 section 7.6.1)."""
        while position < end:
            position = _skip_blanks(data, position, end)
            first: i64 = position
            while position < end and data[position] != _COMMA:
                position += 1
            last: i64 = position
            while last > first and (data[last - 1] == _SP or data[last - 1] == _HT):
                last -= 1
            if name_is(data, first, last, b"keep-alive"):
                self.keep_alive = True
            elif name_is(data, first, last, b"close"):
                self.close = True
            elif name_is(data, first, last, b"upgrade"):
                self.upgrade_option = True
            position += 1

    def _notice_host(self, data: bytes, start: i64, end: i64) -> None:
        self.hosts += 1
        if self.hosts > 1 and self._kind == REQUEST:
            raise MalformedMessage(
                "a request has one Host", self._place, "RFC 9112 section 3.2", data[start:end]
            )

    # Faults.

    def _line_fault(self, what: str, data: bytes, start: i64, end: i64) -> ParseError:
        return MalformedMessage(what, self._place, "RFC 9112 section 6", data[start:end])

    def _both_framings(self, data: bytes, start: i64, end: i64) -> ParseError:
        # Both framings at once is how messages are smuggled: never guess which one the peer meant.
        what = "Content-Length and Transfer-Encoding exclude each other"
        return MalformedMessage(what, self._place, "RFC 9112 section 6.3", data[start:end])

    def _name_fault(self, data: bytes, line: i64, start: i64, position: i64, origin: i64) -> ParseError:
        what = "a field name is a token, and a colon follows it at once"
        rule = "RFC 9112 section 5.1"
        if position == line and (data[position] == _SP or data[position] == _HT):
            what, rule = "a field line is not folded", "RFC 9112 section 5.2"
        return self._fault(what, rule, data, line, start, position, origin)

    def _fault(
        self, what: str, rule: str, data: bytes, line: i64, start: i64, position: i64, origin: i64
    ) -> ParseError:
        first: i64 = max(start, line)
        seen = b"".join(self._line_parts) + data[first : position + 1]
        return MalformedMessage(what, self._before + position - origin, rule, seen)

    def _too_large(self, line_offset: i64, line_limit: i64, line_name: str) -> ParseError:
        if self._size_limit - line_offset < line_limit:
            return MessageTooLarge(self._size_name, self._size_limit)
        return MessageTooLarge(line_name, line_limit)


def split_fields(block: bytes, start: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return the names and values of a section that a scanner has read; values lose outer blanks."""
    pairs: list[tuple[bytes, bytes]] = []
    line: i64 = start
    while block[line] != _CR:
        colon: i64 = _colon_of(block, line)
        first: i64 = _skip_blanks(block, colon + 1, len(block))
        end: i64 = _line_end(block, first)
        pairs.append((block[line:colon], block[first : _trim(block, first, end)]))
        line = end + 2
    return tuple(pairs)


def find_fields(block: bytes, start: int, name: bytes) -> list[bytes]:
    """Return the values of each field called `name` in a section that a scanner has read."""
    return _find(block, start, name.lower(), everything=True)


def find_field(block: bytes, start: int, name: bytes) -> bytes | None:
    """Return the value of the first field called `name`, None without one."""
    values = _find(block, start, name.lower(), everything=False)
    return values[0] if values else None


def _find(block: bytes, start: int, lowered: bytes, *, everything: bool) -> list[bytes]:
    values: list[bytes] = []
    line: i64 = start
    while block[line] != _CR:
        colon: i64 = _colon_of(block, line)
        end: i64 = _line_end(block, colon + 1)
        if name_is(block, line, colon, lowered):
            first: i64 = _skip_blanks(block, colon + 1, end)
            values.append(block[first : _trim(block, first, end)])
            if not everything:
                break
        line = end + 2
    return values


def _colon_of(block: bytes, position: i64) -> i64:
    while block[position] != _COLON:
        position += 1
    return position


def _line_end(block: bytes, position: i64) -> i64:
    while block[position] != _CR:
        position += 1
    return position


def _skip_blanks(data: bytes, position: i64, end: i64) -> i64:
    while position < end and (data[position] == _SP or data[position] == _HT):
        position += 1
    return position


def _trim(data: bytes, first: i64, end: i64) -> i64:
    """Return the end of `data[first:end]` without the blanks at its end."""
    while end > first and (data[end - 1] == _SP or data[end - 1] == _HT):
        end -= 1
    return end


def _version_octet_fits(index: i64, octet: i64) -> bool:
    if index < _VERSION_OCTETS - 1:
        return octet == _VERSION_START[index]
    return octet == _ZERO or octet == _ZERO + 1


def _status_octet_fits(index: i64, octet: i64) -> bool:
    if index == _VERSION_OCTETS:
        return octet == _SP
    return _ZERO + (1 if index == _VERSION_OCTETS + 1 else 0) <= octet <= _NINE


def _bound(limit: int | None) -> i64:
    return _NO_LIMIT if limit is None or limit > _NO_LIMIT else limit
