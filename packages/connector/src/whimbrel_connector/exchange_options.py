"""How an answer is read: the parser and the limits that an exchange is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from whimbrel_connector.observer import ConnectObserver
from whimbrel_http1 import DEFAULT_LIMITS, Event, Limits, ResponseParser

__all__ = ["ExchangeOptions", "ParserFactory", "WireParser"]


class WireParser(Protocol):
    """All that an exchange asks of a parser of responses.

    It may have two things more. A property `within_chunk` tells whether the chunk of the piece of body
    reported last goes on in the next one, where every other piece ends its chunk; where there is none,
    streams tell of no chunks. `next_response(request_method)` makes ready for the answer to the next
    request on the same connection, and is called only while `reusable` is true; where there is none,
    each response has a parser of its own.
    """

    @property
    def reusable(self) -> bool:
        """Whether the message ended, not one byte is left over, and the peer keeps the connection."""

    def feed(self, data: bytes) -> Sequence[Event]:
        """Return the events completed by `data`, in wire order."""

    def feed_eof(self) -> Sequence[Event]:
        """Return what the end of input completes, or raise ParseError."""


class ParserFactory(Protocol):
    """Makes a parser for one response."""

    def __call__(self, *, request_method: str, limits: Limits) -> WireParser:
        """Return a parser for the answer to a request with this method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOptions:
    """How answers are read; made once and shared by many exchanges.

    Attributes:
        parser: Makes the parser of each response.
        limits: What the parser refuses to hold.
        decode: Whether the stream undoes the content coding.
        buffer_bytes: The stream's lower mark: reading pauses above twice as many buffered bytes.
        send_seconds: How long the peer may take nothing of a request that waits to be sent; None for no
            limit. What the system's buffers hold counts as taken.
        first_byte_seconds: Longest silence of the peer between a request that was sent and the head of
            its response; None: as `read_seconds` says.
        read_seconds: Longest silence of the peer; None for no limit.
        continue_seconds: How long a body waits for `100 Continue` before it goes out unasked
            (RFC 9110 section 10.1.1).
        translate: Puts another error in the place of the one that readers of a body would get.
        observer: Who is told how the request comes by its connection, or None.
        fresh: Whether it must be a connection that has served no request: a harmless one that met a stale
            connection is sent again on such a one (RFC 9112 section 9.3.1). Idle ones to the same place
            are closed: they have been idle for longer than the one that was stale.
        is_timed: Whether one of `send_seconds`, `first_byte_seconds` and `read_seconds` is given.

    Raises:
        TypeError: `buffer_bytes` is no number.
    """

    parser: ParserFactory = ResponseParser
    limits: Limits = DEFAULT_LIMITS
    decode: bool = False
    buffer_bytes: int = 65536
    send_seconds: float | None = None
    first_byte_seconds: float | None = None
    read_seconds: float | None = None
    continue_seconds: float = 1.0
    translate: Callable[[BaseException], BaseException] | None = None
    observer: ConnectObserver | None = None
    fresh: bool = False
    is_timed: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Note once whether an exchange has anything to time."""
        size: object = self.buffer_bytes
        if not isinstance(size, (int, float)):
            msg = f"buffer_bytes is a number, not {size!r}"
            raise TypeError(msg)
        limits = (self.send_seconds, self.first_byte_seconds, self.read_seconds)
        object.__setattr__(self, "is_timed", limits != (None, None, None))
