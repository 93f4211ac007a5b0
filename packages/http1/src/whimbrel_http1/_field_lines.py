"""Cut names and values out of a section that a scanner has read (RFC 9112 section 5).

The scanner has checked every byte, so these functions only look for the ends of things.
"""

from __future__ import annotations

from whimbrel_http1._grammar import BY_SEARCH, name_is, pattern, skip_blanks, trim
from whimbrel_http1._typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_extensions import i64  # a native integer once compiled, an int otherwise

__all__ = [
    "cut_field",
    "cut_fields",
    "find_field",
    "find_fields",
    "index_fields",
    "split_fields",
]

_CR: Final = 0x0D
_COLON: Final = 0x3A
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
        colon: i64 = _colon_of(data, line)
        last: i64 = _line_end(data, colon + 1)
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
            values.append(block[first : trim(block, first, end)])
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
