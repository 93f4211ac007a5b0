"""The versions of HTTP that are read and written here."""

from __future__ import annotations

from collections import namedtuple

from whimbrel_http1._typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import NamedTuple

    class HttpVersion(NamedTuple):
        """A version of HTTP; parsers report `HTTP_1_0` or `HTTP_1_1` and nothing else."""

        major: int
        minor: int

else:  # the same without the import
    HttpVersion = namedtuple("HttpVersion", ("major", "minor"))  # noqa: PYI024 -- the other is above
    HttpVersion.__doc__ = "A version of HTTP; parsers report `HTTP_1_0` or `HTTP_1_1` and nothing else."

__all__ = ["HTTP_1_0", "HTTP_1_1", "HttpVersion"]

HTTP_1_0: Final = HttpVersion(1, 0)
HTTP_1_1: Final = HttpVersion(1, 1)
