"""What is sent: a request that goes out once, and how a body writes itself."""

from collections.abc import Iterable
from typing import Protocol

from whimbrel_http1 import HTTP_1_1, HttpVersion, MessageEncoder, RequestEncoder

__all__ = ["Body", "BodyWriter", "Request"]


class BodyWriter(Protocol):
    """Where a body writes itself."""

    async def write(self, data: bytes, /) -> None:
        """Send `data`; wait while the peer is slower than the body."""


class Body(Protocol):
    """A body that is not in memory as a whole: a file, a stream, a generator."""

    async def write(self, writer: BodyWriter, /) -> None:
        """Write all of it to `writer`."""


class Request:
    """One request as it goes out (RFC 9112 section 3).

    One whose head declares no body may be sent any number of times, at the same time too: what was checked
    is not checked again, and many who wait with it hold one object. One with a body is sent once.

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
        TypeError: The body is neither bytes nor anything with `write`.
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
        if type(body) is not bytes and not isinstance(body, bytes) and not hasattr(body, "write"):
            msg = f"a body is bytes, or has a coroutine method write(writer), and is no {type(body).__name__}"
            raise TypeError(msg)
        self.method = method
        self._original = RequestEncoder(method, target, headers, version=version)
        self.encoder: MessageEncoder = self._original
        self.body = body
        self.expects_continue = expects_continue
        self.offers_upgrade = offers_upgrade

    @property
    def leaves_at_once(self) -> bool:
        """Whether head and body leave in one write, which waits for nothing."""
        return isinstance(self.body, bytes) and not self.expects_continue

    def with_body(self, body: bytes | Body) -> "Request":
        """Return the request with another body of the same framing; only one of both is sent."""
        return _Changed(self, self._original, self.encoder, body)

    def resized(self, body: bytes | Body, length: int) -> "Request":
        """Return the request with another body, of `length` bytes; it may be sent besides this one.

        Raises:
            whimbrel_http1.LocalError: The head declares no length of a body.
        """
        return _Changed(self, self._original, self._original.resized(length), body)


class _Changed(Request):
    """A request that was checked, with another body."""

    __slots__ = ()

    def __init__(
        self, request: Request, original: RequestEncoder, encoder: MessageEncoder, body: bytes | Body
    ) -> None:
        self.method = request.method
        self._original = original
        self.encoder = encoder
        self.body = body
        self.expects_continue = request.expects_continue
        self.offers_upgrade = request.offers_upgrade
