"""Read a head, or a section of field lines, from bytes that come in any pieces (RFC 9112 sections 2 to 5).

Each byte is looked at once, whatever the pieces: a scanner keeps its place within the line, not the line. A
faulty head is refused before it is complete, at the same byte for every way to cut it.
"""

from __future__ import annotations

from whimbrel_http1._framing import NOTED_NAMES, FramingNotes
from whimbrel_http1._grammar import BY_SEARCH, TEXT, TOKEN, pattern, table, target_end, text_end, token_end
from whimbrel_http1._lines import KnownRuns, cut_field, cut_fields
from whimbrel_http1._typing import TYPE_CHECKING, Final, final, i64
from whimbrel_http1.errors import MalformedMessage, MessageTooLarge, ParseError

if TYPE_CHECKING:
    from whimbrel_http1._lines import Run
    from whimbrel_http1.terms import Limits

__all__ = ["FIELDS", "REQUEST", "RESPONSE", "HeadScanner", "bound"]

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
_COLON: Final = 0x3A

_NO_LIMIT: Final = 1 << 60
# A version, a blank and a status code: for each place of theirs, and each octet, whether it may stand there.
_FORM: Final = b"".join(
    table(members) for members in (*(b"H T T P / 1 . 01".split()), b" ", b"123456789", *[b"0123456789"] * 2)
)
_VERSION_OCTETS: Final = 8
_STATUS_OCTETS: Final = 12
_FIELD_LINE: Final = pattern(rb"[%b]+:[%b]*\r\n", TOKEN, TEXT)
_FIELD_LINES: Final = pattern(rb"(?:[%b]+:[%b]*\r\n)*", TOKEN, TEXT)
_NOTED_LINE: Final = pattern(rb"\n((?i:%b)):[^\r]*" % b"|".join(NOTED_NAMES))
_STATUS_LINE: Final = pattern(rb"HTTP/1\.[01] [1-9][0-9][0-9](?: [%b]*)?\r\n", TEXT)


@final
class HeadScanner(FramingNotes):
    """Find the end of one head after another, and what it says about framing.

    Args:
        kind: `RESPONSE`, `REQUEST`, or `FIELDS` for field lines without a start line.
        limits: What to refuse; None for no bounds.
        trailers: Whether the limits on trailers apply, and not those on heads.
    """

    def __init__(self, kind: i64, limits: Limits | None, *, trailers: bool = False) -> None:
        super().__init__(one_host=kind == REQUEST)
        self._kind: i64 = kind
        self._trailers = trailers
        self._line_limit: i64 = _NO_LIMIT
        self._field_limit: i64 = _NO_LIMIT
        self._count_limit: i64 = _NO_LIMIT
        self._size_limit: i64 = _NO_LIMIT
        if limits is not None:
            self._line_limit = bound(limits.line_bytes)
            self._field_limit = bound(limits.field_bytes)
            self._count_limit = bound(limits.trailer_fields if trailers else limits.fields)
            self._size_limit = bound(limits.trailers_bytes if trailers else limits.head_bytes)
        self._parts: list[bytes] | None = None  # complete lines of earlier pieces
        self._line_parts: list[bytes] | None = None  # what earlier pieces held of the line in progress
        # Offsets in the piece being read; they lie before it for what began in earlier pieces.
        self._start: i64 = 0  # where this reading began
        self._origin: i64 = 0  # where the section begins
        self._line: i64 = 0  # where the line begins
        self._kept: i64 = 0  # what lies before is in `_parts`
        self._end: i64 = 0  # where the text of the line must end, or the piece does
        self._stop: i64 = 0  # where the text of the line would exceed a limit
        self.block = b""
        self.cuts = (
            False  # whether names and values are cut while lines are read, because they were asked for
        )
        self.pairs: list[tuple[bytes, bytes]] | None = None  # those of all the lines, if they were cut
        self.fields_start: i64 = 0  # offset in `block` of the first field line
        self.method_end: i64 = 0  # offsets in `block`, of requests
        self.target_end: i64 = 0
        self.known: KnownRuns | None = None
        self._last = b""  # the section before
        self._start_line = b""  # its start line
        self._forget_section()
        self.reset(0)

    def reset(self, before: i64) -> None:
        """Make ready for the next section; `before` bytes of its message were read elsewhere."""
        self._phase: i64 = _NAME if self._kind == FIELDS else _START
        self._before: i64 = before
        self._read: i64 = 0  # bytes of this section in earlier pieces
        self._held: i64 = 0  # those of them that belong to the line in progress
        self._colon: i64 = 0  # offset of the colon within the line in progress

    def follow(self, block: bytes, fields_start: i64, known: KnownRuns | None) -> None:
        """Go on from `block`, a section that another scanner read by the same rules, and what that knew."""
        self.block = block
        self._start_line = block[:fields_start]
        if known is not None:
            mine = self.known = KnownRuns(framing=self._kind != FIELDS)
            mine.follow(known)

    def _forget_section(self) -> None:
        if self.block:
            self._last = self.block
            self.block = b""
        self.pairs = [] if self.cuts else None
        self.fields: i64 = 0
        self.forget()
        if self.known is not None:
            self.known.begin()

    @property
    def begun(self) -> bool:
        """Whether a byte of the section was read, blank lines before it aside."""
        return self._phase != _START

    @property
    def untouched(self) -> bool:
        """Whether not one byte was read since the last reset."""
        return self._read == 0

    @property
    def received(self) -> int:
        """Bytes of the section read so far."""
        return self._read

    def scan(self, data: bytes, start: i64) -> i64:
        """Read on at `data[start]`.

        Returns:
            The offset after the section, which then is in `block`; -1 when it needs more bytes.

        Raises:
            MalformedMessage: A byte breaks the grammar, or the line it ends breaks the framing.
            MessageTooLarge: A limit is exceeded.
        """
        if self._read == 0:
            self._forget_section()
        size: i64 = len(data)
        position: i64 = start
        self._start = self._kept = start
        self._origin = start - self._read
        self._line = start - self._held
        if self._phase < _NAME:
            position = self._pass_start_line(data, position)
            if position == start:
                position = self._scan_start_line(data, position, size)
        if position < size and self._line >= start:
            position = self._line = self._pass_lines(data, position, size)
            if self._ends_at(data, position, size):
                self._finish(data, position + 2)
                return position + 2
        return self._scan_lines(data, position, size)

    def _scan_lines(self, data: bytes, position: i64, size: i64) -> i64:
        """Read field lines that are cut or unusual, one phase at a time; return as `scan` does."""
        self._bound_line(self._field_limit, size)
        while position < size:
            if self._phase == _NAME:
                position = self._scan_name(data, position)
            if self._phase == _VALUE:
                position = self._scan_value(data, position)
            if self._phase >= _VALUE_LF and position < size:
                last = self._phase == _LAST_LF
                self._end_line(data, position)
                position += 1
                if last:
                    self._finish(data, position)
                    return position
                self._line = position
                self._phase = _NAME
                self._bound_line(self._field_limit, size)
        self._suspend(data, size)
        return -1

    def _ends_at(self, data: bytes, position: i64, size: i64) -> bool:
        """Tell whether the empty line that ends the section stands at `position`, whole and within limits."""
        return (
            position + 1 < size
            and data[position] == _CR
            and data[position + 1] == _LF
            and position + 2 - self._origin <= self._size_limit
        )

    def _pass_lines(self, data: bytes, position: i64, size: i64) -> i64:
        """Pass over field lines that are whole in this piece and break no rule.

        Returns:
            Where the first other line begins; it is read from its start, one phase at a time.
        """
        known = self.known
        while position < size and self.fields < self._count_limit:
            run = None if known is None else known.find(data, position)
            if run is not None:
                after: i64 = position + run.size
                if self.fields + run.fields > self._count_limit or after - self._origin > self._size_limit:
                    break
                self._pass_run(data, position, run)
            elif BY_SEARCH:
                after = self._search_lines(data, position, many=known is None or known.exhausted)
            else:
                after = self._pass_line(data, position, size)
            if after == position:
                break
            position = after
        return position

    def _pass_run(self, data: bytes, position: i64, run: Run) -> None:
        """Pass over lines that were read before; each passed the limit on one line then."""
        self.fields += run.fields
        if self.pairs is not None:
            self.pairs.extend(run.pairs)
        if run.notes is None or self.adopt(run.notes):
            return
        for start, colon, end in run.noted:
            place: i64 = self._before + position + end + 2 - self._origin
            self.notice(data, position + start, position + colon, position + end, place)

    def _pass_line(self, data: bytes, position: i64, size: i64) -> i64:
        """Return the offset after the line at `position`, or `position`: it is not whole or breaks a rule."""
        left: i64 = self._size_limit - (position - self._origin)
        end: i64 = min(position + min(self._field_limit, left) + 1, size)
        colon: i64 = token_end(data, position, end)
        if colon >= end or colon == position or data[colon] != _COLON:
            return position
        last: i64 = text_end(data, colon + 1, end)
        if last >= end or last + 1 >= size or data[last] != _CR or data[last + 1] != _LF:
            return position
        after: i64 = last + 2
        if after - self._origin > self._size_limit:
            return position
        self.fields += 1
        if self._kind != FIELDS:
            self.notice(data, position, colon, last, self._before + after - self._origin)
        if self.pairs is not None:
            cut_field(self.pairs, data, position, colon, last)
        return after

    def _search_lines(self, data: bytes, position: i64, *, many: bool) -> i64:
        """Do what `_pass_line` does, for many lines at once or for one, by searching."""
        found = (_FIELD_LINES if many else _FIELD_LINE).match(data, position)
        end: i64 = position if found is None else found.end()
        fields = self.fields + data.count(b"\n", position, end)
        long = end - position > self._field_limit or end - self._origin > self._size_limit
        if long or fields > self._count_limit:
            return position
        if self._kind != FIELDS:
            if position == 0:  # the end of the line before, which is looked for, is in another piece
                return position
            offset = self._before - self._origin
            for noted in _NOTED_LINE.finditer(data, position - 1, end):
                first, colon = noted.span(1)
                last = noted.end()
                self.notice(data, first, colon, last, offset + last + 2)
        self.fields = fields
        if self.pairs is not None:
            cut_fields(self.pairs, data, position, end)
        return end

    def _bound_line(self, limit: i64, size: i64) -> None:
        """Set how far the text of this line may reach; its CR may stand one further."""
        left: i64 = self._size_limit - (self._line - self._origin)
        stop: i64 = self._line + (min(limit, left)) + 1
        self._stop = stop
        self._end = min(stop, size)

    def _check_length(self, position: i64, limit: i64, name: str) -> i64:
        """Return `position`, where the piece ended, unless the line is too long there."""
        if position >= self._stop:
            if self._size_limit - (self._line - self._origin) < limit:
                raise self._too_long()
            raise MessageTooLarge(name, limit)
        return position

    def _scan_name(self, data: bytes, position: i64) -> i64:
        position = token_end(data, position, self._end)
        if position == self._end:
            return self._check_length(position, self._field_limit, "field_bytes")
        octet: i64 = data[position]
        if octet == _COLON and position > self._line:
            if self.fields == self._count_limit:
                raise MessageTooLarge("trailer_fields" if self._trailers else "fields", self._count_limit)
            self.fields += 1
            self.pairs = None
            self._colon = position - self._line
            self._phase = _VALUE
        elif octet == _CR and position == self._line:
            self._phase = _LAST_LF
        elif position == self._line and octet in (_SP, _HT):
            raise self._fault("a field line is not folded", "RFC 9112 section 5.2", data, position)
        else:
            what = "a field name is a token, and a colon follows it at once"
            raise self._fault(what, "RFC 9112 section 5.1", data, position)
        return position + 1

    def _scan_value(self, data: bytes, position: i64) -> i64:
        position = text_end(data, position, self._end)
        if position >= self._end:
            return self._check_length(position, self._field_limit, "field_bytes")
        if data[position] != _CR:
            what = "a field value holds no control character"
            raise self._fault(what, "RFC 9110 section 5.5", data, position)
        self._phase = _VALUE_LF
        return position + 1

    def _end_line(self, data: bytes, position: i64) -> None:
        """Check the LF at `position`, the size of the section so far, and what the line says."""
        self._check_lf(data, position)
        end: i64 = position + 1
        if end - self._origin > self._size_limit:
            raise self._too_long()
        whole = data
        line: i64 = self._line
        if line < self._start:
            whole = self._join_line(data, end)
            line = 0
        if self._phase == _VALUE_LF and self._kind != FIELDS:
            last: i64 = line + end - self._line - 2
            self.notice(whole, line, line + self._colon, last, self._before + end - self._origin)

    def _check_lf(self, data: bytes, position: i64) -> None:
        if data[position] != _LF:
            raise self._fault("a line ends with CR LF", "RFC 9112 section 2.2", data, position)

    def _join_line(self, data: bytes, end: i64) -> bytes:
        """Move a line that began in an earlier piece to the complete ones, and return it."""
        whole = b"".join([*(self._line_parts or ()), data[self._start : end]])
        self._line_parts = None
        self._keep(whole)
        self._kept = end
        return whole

    def _keep(self, lines: bytes) -> None:
        if self._parts is None:
            self._parts = [lines]
        else:
            self._parts.append(lines)

    def _suspend(self, data: bytes, size: i64) -> None:
        """Keep the place, and the bytes that are not kept yet, until more arrive."""
        line: i64 = self._line
        if line > self._kept:
            self._keep(data[self._kept : line])
        first: i64 = max(line, self._start)
        if first < size:
            if self._line_parts is None:
                self._line_parts = []
            self._line_parts.append(data[first:size])
        self._held = size - line
        self._read += size - self._start

    def _finish(self, data: bytes, position: i64) -> None:
        parts = self._parts
        if parts is None:
            self.block = data[self._kept : position]
        else:
            parts.append(data[self._kept : position])
            self.block = b"".join(parts)
            self._parts = None
        if self._last:
            self._learn()

    def _learn(self) -> None:
        """Remember what may come again, now that a second section of the connection is read."""
        known = self.known
        if known is None:
            known = self.known = KnownRuns(framing=self._kind != FIELDS)
        known.end(self._last, self.block, self.fields_start, self.fields)
        self._last = b""
        if len(self._start_line) != self.fields_start or not self.block.startswith(self._start_line):
            self._start_line = self.block[: self.fields_start]

    # The start line.

    def _pass_start_line(self, data: bytes, position: i64) -> i64:
        """Return the offset after the start line if it is that of the section before, else `position`."""
        known: i64 = len(self._start_line)
        if known == 0 or self._read > 0 or data[position : position + known] != self._start_line:
            return position
        self.fields_start = known
        self._phase = _NAME
        self._line = position + known
        return self._line

    def _scan_start_line(self, data: bytes, position: i64, size: i64) -> i64:
        """Read a start line (RFC 9112 sections 3 and 4) and the blank lines before it."""
        self._bound_line(self._line_limit, size)
        while position < size:
            phase = self._phase
            if phase == _START_LF:
                self._check_lf(data, position)
                self._end_start_line(data, position + 1)
                return position + 1
            if phase <= _BLANK_LF:
                position = self._scan_blank_line(data, position, size)
            elif phase == _STATUS:
                position = self._scan_status(data, position)
            elif phase == _REASON:
                position = self._scan_reason(data, position)
            elif phase == _METHOD:
                position = self._scan_method(data, position)
            elif phase == _TARGET:
                position = self._scan_target(data, position)
            else:
                position = self._scan_version(data, position)
            if position >= self._end and self._phase != _START_LF:
                self._check_length(position, self._line_limit, "line_bytes")
        return position

    def _scan_blank_line(self, data: bytes, position: i64, size: i64) -> i64:
        """Pass over an empty line before a message, as robust readers do (RFC 9112 section 2.2)."""
        if self._phase == _BLANK_LF:
            self._check_lf(data, position)
            self._phase = _START
        elif data[position] == _CR:
            self._phase = _BLANK_LF
        else:
            self._phase = _STATUS if self._kind == RESPONSE else _METHOD
            return position
        self._line = self._kept = position + 1
        self._bound_line(self._line_limit, size)
        if self._stop <= self._line:
            raise self._too_long()
        return position + 1

    def _scan_status(self, data: bytes, position: i64) -> i64:
        line: i64 = self._line
        if BY_SEARCH and position == line:
            found = _STATUS_LINE.match(data, position, self._end + 1)
            if found is not None:
                self._phase = _START_LF
                return found.end() - 1
        while position < self._end:
            index = position - line
            octet: i64 = data[position]
            if index == _STATUS_OCTETS:
                return self._end_status(data, position)
            if _FORM[index << 8 | octet] == 0:
                what, rule = "a response begins with HTTP/1.0 or HTTP/1.1", "RFC 9112 section 2.3"
                if index >= _VERSION_OCTETS:
                    what = "one blank and a status code of three digits, 100 or more, follow the version"
                    rule = "RFC 9112 section 4"
                raise self._fault(what, rule, data, position)
            position += 1
        return position

    def _end_status(self, data: bytes, position: i64) -> i64:
        if data[position] == _SP:
            self._phase = _REASON
        elif data[position] == _CR:
            # The blank after the code is missing on many servers, and nothing is unclear.
            self._phase = _START_LF
        else:
            what = "a status code has three digits, and a blank follows it"
            raise self._fault(what, "RFC 9112 section 4", data, position)
        return position + 1

    def _scan_reason(self, data: bytes, position: i64) -> i64:
        position = text_end(data, position, self._end)
        if position < self._end:
            if data[position] != _CR:
                what = "a reason phrase holds no control character"
                raise self._fault(what, "RFC 9112 section 4", data, position)
            self._phase = _START_LF
            position += 1
        return position

    def _scan_method(self, data: bytes, position: i64) -> i64:
        position = token_end(data, position, self._end)
        if position < self._end:
            if data[position] != _SP or position == self._line:
                what = "a method is a token, and one blank follows it"
                raise self._fault(what, "RFC 9112 section 3.1", data, position)
            self.method_end = position - self._line
            self._phase = _TARGET
            position += 1
        return position

    def _scan_target(self, data: bytes, position: i64) -> i64:
        position = target_end(data, position, self._end)
        if position < self._end:
            if data[position] != _SP or position - self._line == self.method_end + 1:
                what = "a request target is visible ASCII, and one blank follows it"
                raise self._fault(what, "RFC 9112 section 3.2", data, position)
            self.target_end = position - self._line
            self._phase = _VERSION
            position += 1
        return position

    def _scan_version(self, data: bytes, position: i64) -> i64:
        first: i64 = self._line + self.target_end + 1
        while position < self._end:
            octet: i64 = data[position]
            if position - first < _VERSION_OCTETS:
                if _FORM[(position - first) << 8 | octet] == 0:
                    what = "a request line ends with HTTP/1.0 or HTTP/1.1"
                    raise self._fault(what, "RFC 9112 section 2.3", data, position)
            elif octet == _CR:
                self._phase = _START_LF
                return position + 1
            else:
                raise self._fault("CR LF follows the version", "RFC 9112 section 3", data, position)
            position += 1
        return position

    def _end_start_line(self, data: bytes, end: i64) -> None:
        if end - self._origin > self._size_limit:
            raise self._too_long()
        self.fields_start = end - self._line
        if self._line < self._start:
            self._join_line(data, end)
        self._line = end
        self._phase = _NAME

    def _too_long(self) -> ParseError:
        return MessageTooLarge("trailers_bytes" if self._trailers else "head_bytes", self._size_limit)

    def _fault(self, what: str, rule: str, data: bytes, position: i64) -> ParseError:
        if data[position] == _LF:  # whatever else was due: a line broken off is what a reader will look for
            what, rule = "a line ends with CR LF, not with LF alone", "RFC 9112 section 2.2"
        first: i64 = max(self._line, self._start)
        seen = b"".join(self._line_parts or ()) + data[first : position + 1]
        return MalformedMessage(what, self._before + position - self._origin, rule, seen)


def bound(limit: int | None) -> i64:
    """Return a limit as a number of 64 bits; None, and what no message reaches, are the highest."""
    return _NO_LIMIT if limit is None or limit > _NO_LIMIT else limit
