"""What happens to lines beside their scanning: they are mended before it, then cut, and known again.

A server says most of a head again with each response. Lines that a head shares with the one before are kept
as runs, with what they said; where the bytes of a run stand again where a line begins, they are passed over.
"""

from __future__ import annotations

from whimbrel_http1._framing import NOTED_NAMES, FramingNotes
from whimbrel_http1._grammar import BY_SEARCH, name_is, pattern, skip_blanks, trim
from whimbrel_http1._typing import TYPE_CHECKING, Final, final, i64
from whimbrel_http1.terms import Leniency

if TYPE_CHECKING:
    from collections.abc import Callable

    Scan = Callable[[bytes, int], int]

__all__ = [
    "KnownRuns",
    "LineMender",
    "Run",
    "cut_field",
    "cut_fields",
    "find_fields",
    "index_fields",
    "mender_for",
    "split_fields",
]

_HT: Final = 0x09
_LF: Final = 0x0A
_CR: Final = 0x0D
_SP: Final = 0x20
_COLON: Final = 0x3A
_PATIENCE: Final = 256
_SECRET: Final = b"set-cookie:"  # what is for one client only is not known beyond its parser
_FIELD_LINE: Final = pattern(rb"([^:]+):([^\r]*)\r\n")


def split_fields(block: bytes, start: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return the names and values of a section that a scanner has read; values lose outer blanks."""
    pairs: list[tuple[bytes, bytes]] = []
    cut_fields(pairs, block, start, len(block) - 2)
    return tuple(pairs)


def cut_fields(pairs: list[tuple[bytes, bytes]], data: bytes, start: i64, end: i64) -> None:
    """Add the names and values of the lines `data[start:end]`, without fault, to `pairs`."""
    if BY_SEARCH:
        pairs += [(name, value.strip(b" \t")) for name, value in _FIELD_LINE.findall(data, start, end)]
        return
    line: i64 = start
    while line < end:
        colon: i64 = _find(_COLON, data, line)
        last: i64 = _find(_CR, data, colon + 1)
        cut_field(pairs, data, line, colon, last)
        line = last + 2


def cut_field(pairs: list[tuple[bytes, bytes]], data: bytes, start: i64, colon: i64, end: i64) -> None:
    """Add the name and the value of the line `data[start:end]` to `pairs`."""
    first: i64 = skip_blanks(data, colon + 1, end)
    pairs.append((data[start:colon], data[first : trim(data, first, end)]))


def index_fields(pairs: tuple[tuple[bytes, bytes], ...]) -> dict[str, str]:
    """Return the first value of each field as text, by name in lower case."""
    index: dict[str, str] = {}
    for name, value in pairs:
        lowered = name.lower().decode("ascii")
        if lowered not in index:
            index[lowered] = value.decode("utf-8", "surrogateescape")
    return index


def find_fields(block: bytes, start: int, name: bytes) -> list[bytes]:
    """Return the values of each field called `name` in a section that a scanner has read."""
    lowered = name.lower()
    values: list[bytes] = []
    line: i64 = start
    while block[line] != _CR:
        colon: i64 = _find(_COLON, block, line)
        end: i64 = _find(_CR, block, colon + 1)
        if name_is(block, line, colon, lowered):
            first: i64 = skip_blanks(block, colon + 1, end)
            values.append(block[first : trim(block, first, end)])
        line = end + 2
    return values


def _find(wanted: i64, block: bytes, position: i64) -> i64:
    if BY_SEARCH:
        return block.index(wanted, position)
    while block[position] != wanted:
        position += 1
    return position


@final
class Run:
    """Field lines without fault that follow each other.

    Attributes:
        text: The lines, each with its CRLF; `size` bytes, `fields` lines.
        pairs: Their names and values.
        noted: Where lines in `text` begin, have their colon and end that frame something.
        notes: What these say; None where there are none.
        first, last, colon: The octets at both ends of the first name, and where its colon is.
    """

    def __init__(self, lines: list[bytes], *, framing: bool) -> None:
        self.text = b"\r\n".join([*lines, b""])
        self.size: i64 = len(self.text)
        self.fields: i64 = len(lines)
        self.pairs: list[tuple[bytes, bytes]] = []
        self.noted: list[tuple[int, int, int]] = []
        self.notes: FramingNotes | None = None
        line = 0
        for text in lines:
            name, _, value = text.partition(b":")
            self.pairs.append((name, value.strip(b" \t")))
            if framing and name.lower() in NOTED_NAMES:
                self._note(line, line + len(name), line + len(text))
            line += len(text) + 2
        self.colon: i64 = self.text.index(b":")
        self.last: i64 = self.text[self.colon - 1]
        self.first: i64 = self.text[0]

    def _note(self, start: int, colon: int, end: int) -> None:
        notes = self.notes
        if notes is None:
            notes = self.notes = FramingNotes(one_host=False)
            notes.may_repeat_length = True  # whatever stands here was let pass
        self.noted.append((start, colon, end))
        notes.notice(self.text, start, colon, end, end)


@final
class KnownRuns:
    """The runs to look for in the next head of a connection, in their order.

    Args:
        framing: Whether fields say something about framing.
    """

    def __init__(self, *, framing: bool) -> None:
        self._framing = framing
        self._runs: list[Run] = []
        self._next: i64 = 0
        self._passed: i64 = 0
        self._usual: i64 = 0  # lines that stand in no run, in the head that was learnt from
        self._surprises: i64 = 0

    def follow(self, other: KnownRuns) -> None:
        """Begin with what `other` has learnt."""
        self._runs = other._runs
        self._usual = other._usual
        self._surprises = other._surprises

    def begin(self) -> None:
        """Make ready for the next head."""
        self._next = 0
        self._passed = 0

    @property
    def exhausted(self) -> bool:
        """Whether no run is left to look for."""
        return self._next >= len(self._runs)

    def find(self, data: bytes, position: i64) -> Run | None:
        """Return the run that stands at `data[position]`, where a line begins; None without one.

        The next run is looked for and the one after it, and each is compared once in a head, so the
        work is linear whatever the peer sends.
        """
        index: i64 = self._next
        last: i64 = min(index + 2, len(self._runs))
        while index < last:
            run = self._runs[index]
            index += 1
            if data[position] != run.first:
                continue
            colon: i64 = position + run.colon
            if colon < len(data) and data[colon] == _COLON and data[colon - 1] == run.last:
                self._next = index
                if data[position : position + run.size] != run.text:
                    return None
                self._passed += run.fields
                return run
        return None

    def end(self, before: bytes, block: bytes, fields_start: i64, fields: i64) -> None:
        """Learn from `block`, a head with so many `fields`, if it was not much as expected."""
        strange: i64 = fields - self._passed
        if strange <= self._usual and 2 * strange <= fields:
            return
        self._surprises += 1
        # Where little is alike it is tried less and less often, and then now and again.
        if self._surprises & (self._surprises - 1) and self._surprises % _PATIENCE:
            return
        known = set(before.split(b"\r\n"))
        runs: list[Run] = []
        self._usual = fields
        lines: list[bytes] = []
        for line in block[fields_start:-2].split(b"\r\n"):
            if line and line in known and line[:11].lower() != _SECRET:
                lines.append(line)
            elif lines:
                self._usual -= len(lines)
                runs.append(Run(lines, framing=self._framing))
                lines = []
        # What little is alike is not worth looking for. The list that others may follow is left as it is.
        self._runs = runs if 2 * self._usual <= fields else []


def mender_for(leniencies: Leniency, *, start_line: bool) -> LineMender | None:
    """Return what mends lines as `leniencies` say, None where they say nothing of lines."""
    bare_lf = Leniency.BARE_LF in leniencies
    folded = Leniency.FOLDED_LINES in leniencies
    return LineMender(start_line=start_line, bare_lf=bare_lf, folded=folded) if bare_lf or folded else None


@final
class LineMender:
    """Pass one section after another on to a scanner, lines put right that end or continue as overlooked.

    All else about lines the scanner judges as ever; offsets in faults count the bytes it sees. The end of a
    field line is held back until the next byte tells whether the line goes on, and so is a CR.

    Args:
        start_line: Whether a section begins with one, which is never folded.
        bare_lf: Take LF alone for the end of a line.
        folded: Join a line that begins with a blank to the one before.
    """

    def __init__(self, *, start_line: bool, bare_lf: bool, folded: bool) -> None:
        self._start_line = start_line
        self._bare_lf = bare_lf
        self._folded = folded
        self.reset()

    def reset(self) -> None:
        """Make ready for the next section."""
        self._may_fold = self._folded and not self._start_line
        self._empty = True  # nothing of this line was read
        self._cr = False  # a CR is held back
        self._ended = False  # the end of a line is held back

    @property
    def waits(self) -> bool:
        """Whether something is held back."""
        return self._cr or self._ended

    def scan(self, scan: Scan, data: bytes, start: i64) -> i64:
        """Let `scan`, of a `HeadScanner`, read on at `data[start]`; with its answers and faults."""
        position: i64 = start
        size: i64 = len(data)
        while position < size:
            self._resolve_held(scan, data[position])
            lf: i64 = data.find(b"\n", position)
            end: i64 = size if lf < 0 else lf
            self._pass_text(scan, data[position:end])
            position = end + 1
            if lf >= 0 and self._end_line(scan):
                self.reset()
                return position
        return -1

    def _resolve_held(self, scan: Scan, octet: i64) -> None:
        """Pass on what was held back, now that the byte after it is known."""
        if self._ended:
            self._ended = False
            goes_on = octet in (_SP, _HT)
            self._empty = not goes_on
            scan(b" " if goes_on else b"\r\n", 0)
        elif self._cr and octet != _LF:
            self._cr = False
            self._empty = False
            scan(b"\r", 0)

    def _pass_text(self, scan: Scan, text: bytes) -> None:
        if text.endswith(b"\r"):
            self._cr = True
            text = text[:-1]
        if text:
            self._empty = False
            scan(text, 0)

    def _end_line(self, scan: Scan) -> bool:
        """End a line, and tell whether that ends the section."""
        if not self._cr and not self._bare_lf:
            scan(b"\n", 0)
        self._cr = False
        if self._may_fold and not self._empty:
            self._ended = True
            return False
        if not self._empty:
            self._empty = True
            self._may_fold = self._folded
        return scan(b"\r\n", 0) >= 0
