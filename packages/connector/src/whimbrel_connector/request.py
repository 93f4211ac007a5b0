"""What is sent, and how the answer is to be read: the values an exchange is given."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from whimbrel_connector.observer import ConnectObserver
from whimbrel_http1 import (
    DEFAULT_LIMITS,
    HTTP_1_1,
    Event,
    HttpVersion,
    Limits,
    MessageEncoder,
    RequestEncoder,
    ResponseParser,
)

__all__ = ["Body", "BodyWriter", "ExchangeOptions", "ParserFactory", "Request", "WireParser"]


class BodyWriter(Protocol):
    """Where a body writes itself."""

    async def write(self, data: bytes, /) -> None:
        """Send `data`; wait while the peer is slower than the body."""


class Body(Protocol):
    """A body that is not in memory as a whole: a file, a stream, a generator."""

    async def write(self, writer: BodyWriter, /) -> None:
        """Write all of it to `writer`."""


class Request:
    """One request as it goes out (RFC 9112 section 3), to be sent once.

    Args:
        method: The method, such as GET.
        target: The request target: path and query, or another form where a proxy wants it.
        headers: Name and value pairs in wire order, with Host and with the framing of the body:
            `Content-Length`, or `Transfer-Encoding: chunked`, or neither when there is no body.
            `Connection: close` among them ends the connection with this exchange.
        body: The whole body, or something that writes itself.
        expects_continue: The head says `Expect: 100-continue`: the body waits for the server's word.
        offers_upgrade: The head offers another protocol: `101 Switching Protocols` is welcome.
        version: The HTTP version.

    Raises:
        whimbrel_http1.LocalError: The head cannot be written by the rules.
    """

    __slots__ = ("_original", "body", "encoder", "expects_continue", "method", "offers_upgrade")

    def __init__(
        self,
        method: str,
        target: str,
        headers: Iterable[tuple[str, str]],
        body: bytes | Body = b"",
        *,
        expects_continue: bool = False,
        offers_upgrade: bool = False,
        version: HttpVersion = HTTP_1_1,
    ) -> None:
        self.method = method
        self._original = RequestEncoder(method, target, headers, version=version)
        self.encoder: MessageEncoder = self._original
        self.body = body
        self.expects_continue = expects_continue
        self.offers_upgrade = offers_upgrade

    def with_body(self, body: bytes | Body) -> "Request":
        """Return the request with another body of the same framing; only one of both is sent."""
        return self._with(self.encoder, body)

    def resized(self, body: bytes | Body, length: int) -> "Request":
        """Return the request with another body, of `length` bytes; it may be sent besides this one.

        Raises:
            whimbrel_http1.LocalError: The head declares no length of a body.
        """
        return self._with(self._original.resized(length), body)

    def _with(self, encoder: MessageEncoder, body: bytes | Body) -> "Request":
        other = Request.__new__(Request)
        other.method, other.encoder, other.body = self.method, encoder, body
        other._original = self._original  # noqa: SLF001  the same class
        other.expects_continue, other.offers_upgrade = self.expects_continue, self.offers_upgrade
        return other


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
        limits = (self.send_seconds, self.first_byte_seconds, self.read_seconds)
        object.__setattr__(self, "is_timed", limits != (None, None, None))
