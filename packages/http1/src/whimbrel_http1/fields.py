"""Fields as text by name, and a block of field lines that is no part of a message (RFC 9110 section 5)."""

from __future__ import annotations

from collections.abc import Mapping

from whimbrel_http1._lines import index_fields, split_fields
from whimbrel_http1._scanner import FIELDS, HeadScanner
from whimbrel_http1._typing import TYPE_CHECKING
from whimbrel_http1.errors import MalformedMessage
from whimbrel_http1.terms import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whimbrel_http1.terms import Limits

__all__ = ["Headers", "parse_fields"]


class Headers(Mapping[str, str]):
    """Field values by name, decoded when this is made; whoever needs one field asks the head for it.

    Values are read as UTF-8; bytes that are not are escaped as surrogates, so nothing is lost. A
    field that came more than once stands for its first value: `get_all` has them all. Iterating
    gives each name once, in lower case, in wire order.

    >>> headers = Headers(((b"Vary", b"Accept"), (b"vary", b"Cookie")))
    >>> headers["VARY"], headers.get_all("vary"), list(headers)
    ('Accept', ['Accept', 'Cookie'], ['vary'])
    """

    __slots__ = ("_first", "_raw")

    def __init__(self, raw_headers: tuple[tuple[bytes, bytes], ...]) -> None:
        self._raw = raw_headers
        self._first: dict[str, str] = index_fields(raw_headers)

    def __getitem__(self, name: str) -> str:
        return self._first[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._first

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def get_all(self, name: str) -> list[str]:
        """Return the values of all fields called `name`, in wire order."""
        lowered = name.lower().encode("utf-8", "surrogateescape")
        return [
            value.decode("utf-8", "surrogateescape")
            for candidate, value in self._raw
            if candidate.lower() == lowered
        ]

    def __repr__(self) -> str:
        return f"Headers({self._raw!r})"


def parse_fields(block: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[tuple[bytes, bytes], ...]:
    r"""Split field lines into names and values, by the grammar of heads.

    Args:
        block: Lines that end with CRLF (the last one may lack it), without the empty line after them.
        limits: `fields`, `field_bytes` and `head_bytes` matter here.

    Returns:
        `((name, value), ...)` in wire order and letter case, values without outer blanks.

    Raises:
        MalformedMessage: A name is not a token, a value holds a control character, a line is folded
            or ends otherwise than with CRLF, or an empty line is among them.
        MessageTooLarge: A limit is exceeded.

    >>> parse_fields(b"Content-Type: text/plain\r\nX-Nest: 4")
    ((b'Content-Type', b'text/plain'), (b'X-Nest', b'4'))
    """
    scanner = HeadScanner(FIELDS, limits)
    ended = not block or block.endswith(b"\r\n")
    section = block + (b"\r\n" if ended else b"\r\n\r\n")
    end = scanner.scan(section, 0)
    if end != len(section):
        raise MalformedMessage("an empty line is among the fields", max(end, 0), "RFC 9112 section 5")
    return split_fields(scanner.block, 0)
