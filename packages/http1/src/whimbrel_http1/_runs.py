"""Recognise the field lines that the heads of one connection have in common.

A server says most of a head again with each response: its name, its policies, the type of what it serves.
Lines that a head shares with the one before are kept, joined to runs, with what they said. Where the bytes of
a run stand again at the start of a line they are passed over whole: what was found of them once still holds.
"""

from __future__ import annotations

from whimbrel_http1._notes import NOTED_NAMES, FramingNotes
from whimbrel_http1._typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from mypy_extensions import i64  # a native integer once compiled, an int otherwise

__all__ = ["KnownRuns", "Run"]

_COLON: Final = 0x3A
_PATIENCE: Final = 256
_SECRET: Final = b"set-cookie:"  # what is for one client only is not known beyond its parser


@final
class Run:
    """Field lines that follow each other, without fault.

    Attributes:
        text: The lines, each with its CRLF.
        size: The bytes of `text`.
        fields: How many lines there are.
        pairs: Their names and values, as `split_fields` cuts them.
        noted: Where in `text` the lines are that say something about framing: begin, colon, end.
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
        """Learn from a head without fault that differs from the one before, if it was not much as expected.

        Args:
            before: The head before.
            block: The head that was read.
            fields_start: Where its field lines begin.
            fields: How many there are.
        """
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
