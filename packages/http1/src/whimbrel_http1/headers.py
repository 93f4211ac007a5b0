"""The fields of a head as text, by name in any letter case (RFC 9110 section 5)."""

from __future__ import annotations

from collections.abc import Mapping

from whimbrel_http1._field_lines import index_fields
from whimbrel_http1._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Headers"]


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
