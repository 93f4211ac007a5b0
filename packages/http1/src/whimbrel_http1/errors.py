"""What can go wrong: the caller broke a rule (`LocalError`), or the peer did (`ParseError`).

Every error carries its facts as attributes, pickles, and never shows more than 100 bytes of what
the peer sent, escaped.
"""

from __future__ import annotations

from whimbrel_http1._typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeVar

    _Event = TypeVar("_Event")

__all__ = [
    "BodyLengthMismatch",
    "ContentDecodingError",
    "FeedAfterEnd",
    "Http1Error",
    "InterruptedEvents",
    "InvalidHead",
    "LocalError",
    "MalformedMessage",
    "MessageTooLarge",
    "ParseError",
    "TruncatedMessage",
    "UnsupportedCoding",
]

_EXCERPT_BYTES: Final = 100


class Http1Error(Exception):
    """The root of all that this package raises on purpose."""


class LocalError(Http1Error):
    """The caller asked for what the rules of HTTP/1.1 forbid."""


class InvalidHead(LocalError, ValueError):
    """A head cannot be written because one of its parts is not legal.

    Attributes:
        argument: The part at fault: `"method"`, `"target"`, `"status"`, `"reason"`, `"version"`,
            `"headers"` or `"trailers"`.
        what: What is wrong with it.
        excerpt: The text at fault, escaped, at most 100 characters; empty where none is to blame.
    """

    def __init__(self, argument: str, what: str, excerpt: str = "") -> None:
        super().__init__(argument, what, excerpt)
        self.argument, self.what, self.excerpt = argument, what, ascii(excerpt)[1:-1][:_EXCERPT_BYTES]

    def __str__(self) -> str:
        shown = f": '{self.excerpt}'" if self.excerpt else ""
        return f"{self.argument}: {self.what}{shown}"


class BodyLengthMismatch(LocalError):
    """The body written is not as long as its head declares (RFC 9112 section 6.3).

    Attributes:
        declared: Bytes declared by the head; 0 where it declares no body.
        written: Bytes that would have been written.
    """

    def __init__(self, declared: int, written: int) -> None:
        super().__init__(declared, written)
        self.declared, self.written = declared, written

    def __str__(self) -> str:
        return (
            f"the head declares a body of {self.declared} bytes, not of {self.written} (RFC 9112 section 6.3)"
        )


class FeedAfterEnd(LocalError):
    """A parser was fed after its connection ended or changed to another protocol.

    Attributes:
        reason: Why nothing more is read.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnsupportedCoding(LocalError):
    """No library for this content coding is installed, or nobody knows it.

    Attributes:
        coding: Its name, at most 100 characters.
    """

    def __init__(self, coding: str) -> None:
        super().__init__(coding[:_EXCERPT_BYTES])
        self.coding = coding[:_EXCERPT_BYTES]

    def __str__(self) -> str:
        return f"content coding {self.coding!a} cannot be used here"


class ParseError(Http1Error):
    """The peer sent what a parser refuses; the connection is of no further use."""


class MalformedMessage(ParseError):
    """The bytes do not form a message.

    Attributes:
        what: What was expected or is wrong.
        offset: Bytes of this message read before the fault.
        rule: The clause that was broken, such as "RFC 9112 section 7.1".
        excerpt: The last bytes before the fault and the one at fault, at most 100.
    """

    def __init__(self, what: str, offset: int, rule: str, excerpt: bytes = b"") -> None:
        clipped = excerpt[-_EXCERPT_BYTES:]
        super().__init__(what, offset, rule, clipped)
        self.what, self.offset, self.rule, self.excerpt = what, offset, rule, clipped

    def __str__(self) -> str:
        shown = f", near {ascii(self.excerpt)[1:]}" if self.excerpt else ""
        return f"{self.what} at byte {self.offset} ({self.rule}){shown}"


class MessageTooLarge(ParseError):
    """The peer sent more than a limit allows.

    Attributes:
        limit: The name of the limit, a field of `Limits`.
        value: What it allows.
    """

    def __init__(self, limit: str, value: int) -> None:
        super().__init__(limit, value)
        self.limit, self.value = limit, value

    def __str__(self) -> str:
        return f"the message exceeds {self.limit}={self.value}"


class TruncatedMessage(ParseError):
    """The connection ended within a message.

    Attributes:
        received: Bytes read of the part that was cut short: of the body, or of the head when
            `part` is `"head"`.
        expected: Bytes that part should have had, None where the message does not say.
        part: `"head"` or `"body"`.
    """

    def __init__(self, received: int, expected: int | None, part: str = "body") -> None:
        super().__init__(received, expected, part)
        self.received, self.expected, self.part = received, expected, part

    def __str__(self) -> str:
        whole = "" if self.expected is None else f" of {self.expected}"
        return (
            f"the connection ended after {self.received}{whole} bytes of the {self.part} (RFC 9112 section 8)"
        )


class ContentDecodingError(ParseError):
    """The content does not decode.

    Attributes:
        coding: The content coding that failed, such as `"gzip"`.
        what: What is wrong: corrupt, cut short, or beyond a limit.
    """

    def __init__(self, coding: str, what: str) -> None:
        super().__init__(coding[:_EXCERPT_BYTES], what)
        self.coding, self.what = coding[:_EXCERPT_BYTES], what

    def __str__(self) -> str:
        return f"content coding {self.coding!a}: {self.what}"


class InterruptedEvents(list["_Event"]):
    """The events before a fault: iterating yields them and then raises it.

    Length and indexing see the events alone.

    Attributes:
        fault: What iterating raises after the last event.
    """

    def __init__(self, events: list[_Event], fault: ParseError) -> None:
        super().__init__(events)
        self.fault = fault

    def __iter__(self) -> Iterator[_Event]:
        yield from super().__iter__()
        raise self.fault.with_traceback(None)
