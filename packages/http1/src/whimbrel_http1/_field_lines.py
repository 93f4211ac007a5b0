"""Cut names and values out of a section that a scanner has read (RFC 9112 section 5).

The scanner has checked every byte, so these functions only look for the ends of things.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast, final

from whimbrel_http1._grammar import BY_SEARCH, name_is, skip_blanks

if TYPE_CHECKING:
    from mypy_extensions import i64  # a native integer once compiled, an int otherwise

__all__ = ["FieldMemory", "find_field", "find_fields", "split_fields"]

_HT: Final = 0x09
_LF: Final = 0x0A
_CR: Final = 0x0D
_SP: Final = 0x20
_COLON: Final = 0x3A


@final
class FieldMemory:
    """The fields of the last head that was cut, for a peer that says much the same again.

    Lines equal to those at the same place of the last head are not cut anew: their pair is used again.
    """

    def __init__(self) -> None:
        # Pairs are held as objects: compiled code would take a `tuple[bytes, bytes]` apart and build
        # another one from it.
        self._last: tuple[bytes, int, tuple[object, ...]] = (b"\r\n", 0, ())

    def split(self, block: bytes, start: int) -> tuple[tuple[bytes, bytes], ...]:
        """Return what `split_fields` returns."""
        known, known_start, known_pairs = self._last  # read and replaced as one: a thread may share it
        if known_start == start and known == block:
            return cast("tuple[tuple[bytes, bytes], ...]", known_pairs)
        pairs: list[object] = []
        line: i64 = start
        known_line: i64 = known_start
        while block[line] != _CR:
            shared: i64 = _shared_end(block, line, known, known_line)
            if shared > 0:
                pairs.append(known_pairs[len(pairs)])
                line += shared
                known_line += shared
                continue
            end: i64 = _add_pair(block, line, pairs)
            line = end + 2
            if known[known_line] != _CR:
                known_line = _line_end(known, known_line) + 2
        fields = tuple(pairs)
        self._last = (block, start, fields)
        return cast("tuple[tuple[bytes, bytes], ...]", fields)


def split_fields(block: bytes, start: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return the names and values of a section that a scanner has read; values lose outer blanks."""
    pairs: list[object] = []
    line: i64 = start
    while block[line] != _CR:
        line = _add_pair(block, line, pairs) + 2
    return cast("tuple[tuple[bytes, bytes], ...]", tuple(pairs))


def _add_pair(block: bytes, line: i64, pairs: list[object]) -> i64:
    """Add the pair of the line at `line`; return where its CR is."""
    colon: i64 = _colon_of(block, line)
    first: i64 = skip_blanks(block, colon + 1, len(block))
    end: i64 = _line_end(block, first)
    pairs.append((block[line:colon], block[first : _trim(block, first, end)]))
    return end


def _shared_end(block: bytes, line: i64, known: bytes, known_line: i64) -> i64:
    """Return the bytes of the field line that begins at both places, 0 if there are different ones."""
    if BY_SEARCH:
        end = block.index(b"\n", line) + 1
        return end - line if known.startswith(block[line:end], known_line) else 0
    size: i64 = min(len(block) - line, len(known) - known_line)
    index: i64 = 0
    while index < size:
        octet: i64 = block[line + index]
        if octet != known[known_line + index]:
            return 0
        index += 1
        if octet == _LF:
            return index
    return 0


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
            first: i64 = skip_blanks(block, colon + 1, end)
            values.append(block[first : _trim(block, first, end)])
            if not everything:
                break
        line = end + 2
    return values


def _colon_of(block: bytes, position: i64) -> i64:
    if BY_SEARCH:
        return block.index(b":", position)
    while block[position] != _COLON:
        position += 1
    return position


def _line_end(block: bytes, position: i64) -> i64:
    if BY_SEARCH:
        return block.index(b"\r", position)
    while block[position] != _CR:
        position += 1
    return position


def _trim(data: bytes, first: i64, end: i64) -> i64:
    """Return the end of `data[first:end]` without the blanks at its end."""
    while end > first and (data[end - 1] == _SP or data[end - 1] == _HT):
        end -= 1
    return end
