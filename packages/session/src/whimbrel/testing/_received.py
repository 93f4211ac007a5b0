"""A request as the answering side sees it, while it arrives and when it is remembered."""

import json as json_module
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import parse_qsl

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from whimbrel_http1 import RequestHead

__all__ = ["ReceivedRequest"]

_NextPiece = Callable[[], Awaitable[bytes]]


class ReceivedRequest:
    """A request that has come over the wire.

    Attributes:
        method: The method.
        url: The whole URL, put together from scheme, Host and target.
        target: The request target, verbatim.
        headers: Names and values as text.
        head: Everything the request line and the fields say, as bytes.
        connection: The number of the connection it came on; the connector's first is 1.
    """

    def __init__(
        self, head: RequestHead, scheme: str, next_piece: _NextPiece, *, kept_bytes: int, connection: int
    ) -> None:
        self.head = head
        self.connection = connection
        self.method = head.method
        self.target = head.target
        self.headers: CIMultiDictProxy[str] = CIMultiDictProxy(
            CIMultiDict((name.decode("latin-1"), _text_of(value)) for name, value in head.raw_headers)
        )
        self.url = _url_of(head.target, scheme, self.headers.get("Host", ""))
        self._next_piece = next_piece
        self._kept_bytes = kept_bytes
        self._kept = bytearray()
        self._is_complete = False
        self._is_too_long = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method} {self.url}>"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces of the body as they come; a slow reader holds the client back."""
        while piece := await self.next_piece():
            yield piece

    async def next_piece(self) -> bytes:
        """Return the next piece of the body, b"" behind the last one."""
        if self._is_complete:
            return b""
        piece = await self._next_piece()
        if not piece:
            self._is_complete = True
        elif len(self._kept) + len(piece) > self._kept_bytes:
            self._is_too_long = True
        else:
            self._kept += piece
        return piece

    async def read(self) -> bytes:
        """Read the body to its end, and return all of it.

        Raises:
            RuntimeError: It is longer than what is kept.
        """
        await self.drain()
        return self.body

    async def drain(self) -> None:
        """Read the body to its end, however long it is."""
        while await self.next_piece():
            pass

    @property
    def body(self) -> bytes:
        """The whole body, once it has been read.

        Raises:
            RuntimeError: It has not been read to its end, or is longer than what is kept.
        """
        if self._is_too_long:
            msg = f"the body of {self.method} {self.url} is longer than the {self._kept_bytes} bytes kept"
            raise RuntimeError(msg)
        if not self._is_complete:
            msg = f"the body of {self.method} {self.url} has not come whole: await read() first"
            raise RuntimeError(msg)
        return bytes(self._kept)

    def text(self) -> str:
        """Return the body that was read, as UTF-8."""
        return self.body.decode()

    def json(self) -> object:
        """Return what the body that was read says in JSON, to be compared."""
        value: object = json_module.loads(self.body)
        return value

    def form(self) -> list[tuple[str, str]]:
        """Return the names and values of the urlencoded body that was read."""
        return parse_qsl(self.text(), keep_blank_values=True)


def _text_of(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _url_of(target: str, scheme: str, authority: str) -> URL:
    """Return the URL of a request in origin form or absolute form (RFC 9112 section 3.3)."""
    if target.startswith("/"):
        return URL(f"{scheme}://{authority}{target}", encoded=True)
    if target == "*":
        return URL(f"{scheme}://{authority}", encoded=True)
    return URL(target if "://" in target else f"{scheme}://{target}", encoded=True)
