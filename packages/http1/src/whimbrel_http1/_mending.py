"""Put lines right that end or continue in ways a caller asked to overlook, before they are judged.

The strict scanner sees lines that end with CR LF and do not continue; everything else about them it
judges as ever. Offsets in faults count the bytes it sees.
"""

from __future__ import annotations

from whimbrel_http1._typing import TYPE_CHECKING, Final, final
from whimbrel_http1.leniency import Leniency

if TYPE_CHECKING:
    from mypy_extensions import i64  # a native integer once compiled, an int otherwise

    from whimbrel_http1._scanner import HeadScanner

__all__ = ["LineMender", "mender_for", "scan_section"]

_HT: Final = 0x09
_LF: Final = 0x0A
_CR: Final = 0x0D
_SP: Final = 0x20


def mender_for(leniencies: Leniency, *, start_line: bool) -> LineMender | None:
    """Return what mends lines as `leniencies` say, None where they say nothing of lines."""
    bare_lf = Leniency.BARE_LF in leniencies
    folded = Leniency.FOLDED_LINES in leniencies
    return LineMender(start_line=start_line, bare_lf=bare_lf, folded=folded) if bare_lf or folded else None


def scan_section(scanner: HeadScanner, mender: LineMender | None, data: bytes, start: i64) -> i64:
    """Let `scanner` read on at `data[start]`, through `mender` where lines are mended."""
    return scanner.scan(data, start) if mender is None else mender.scan(scanner, data, start)


@final
class LineMender:
    """Pass one section after another on to a scanner, line ends put right.

    Text is passed on as it comes. The end of a field line is held back until the next byte tells
    whether the line goes on, and a CR until the next byte tells whether it is one.

    Args:
        start_line: Whether a section begins with a line that is never folded.
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

    def scan(self, scanner: HeadScanner, data: bytes, start: i64) -> i64:
        """Let `scanner` read on at `data[start]`; as `HeadScanner.scan`, with its answers and faults."""
        position: i64 = start
        size: i64 = len(data)
        while position < size:
            self._resolve_held(scanner, data[position])
            lf: i64 = data.find(b"\n", position)
            end: i64 = size if lf < 0 else lf
            self._pass_text(scanner, data[position:end])
            position = end + 1
            if lf >= 0 and self._end_line(scanner):
                self.reset()
                return position
        return -1

    def _resolve_held(self, scanner: HeadScanner, octet: i64) -> None:
        """Pass on what was held back, now that the byte after it is known."""
        if self._ended:
            self._ended = False
            goes_on = octet in (_SP, _HT)
            self._empty = not goes_on
            scanner.scan(b" " if goes_on else b"\r\n", 0)
        elif self._cr and octet != _LF:
            self._cr = False
            self._empty = False
            scanner.scan(b"\r", 0)

    def _pass_text(self, scanner: HeadScanner, text: bytes) -> None:
        if text.endswith(b"\r"):
            self._cr = True
            text = text[:-1]
        if text:
            self._empty = False
            scanner.scan(text, 0)

    def _end_line(self, scanner: HeadScanner) -> bool:
        """End a line, and tell whether that ends the section."""
        if not self._cr and not self._bare_lf:
            scanner.scan(b"\n", 0)
        self._cr = False
        if self._may_fold and not self._empty:
            self._ended = True
            return False
        if not self._empty:
            self._empty = True
            self._may_fold = self._folded
        return scanner.scan(b"\r\n", 0) >= 0
