"""Read a block of field lines that is not part of a message (RFC 9112 section 5), such as a part's head."""

from __future__ import annotations

from whimbrel_http1._field_lines import split_fields
from whimbrel_http1._scanner import FIELDS, HeadScanner
from whimbrel_http1._typing import TYPE_CHECKING
from whimbrel_http1.errors import MalformedMessage
from whimbrel_http1.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from whimbrel_http1.events import RawHeaders
    from whimbrel_http1.limits import Limits

__all__ = ["parse_fields"]


def parse_fields(block: bytes, limits: Limits = DEFAULT_LIMITS) -> RawHeaders:
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
