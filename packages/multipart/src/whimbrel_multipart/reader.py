"""Read a multipart body from a stream, part by part.

The stream gives what it has, the parser splits it, and nothing is read ahead of what is asked for but the
piece at hand. Parts that are multipart themselves are read by a reader of their own, down to
`MultipartLimits.depth`.
"""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import replace
from functools import partial
from inspect import isawaitable
from typing import ClassVar, Protocol, Union

from multidict import CIMultiDict, CIMultiDictProxy

from whimbrel_multipart._parameters import media_type
from whimbrel_multipart.errors import InvalidBoundary, LimitExceeded, MalformedMultipart
from whimbrel_multipart.limits import MultipartLimits
from whimbrel_multipart.parser import EndOfMultipart, MultipartEvent, MultipartParser, PartBegin, PartEnd
from whimbrel_multipart.part_reader import BodyPartReader
from whimbrel_multipart.streams import AnyReader, ByteReader

__all__ = ["MultipartReader", "MultipartResponse", "MultipartResponseWrapper"]

_BLOCK_BYTES = 262_144
AnyPart = Union["MultipartReader", BodyPartReader]


class _Stream(AnyReader, Protocol):
    def at_eof(self) -> bool:
        """Tell whether everything was read."""


class MultipartResponse(Protocol):
    """All that a multipart reader asks of a response."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the response."""

    @property
    def content(self) -> _Stream:
        """The stream of its body."""

    def release(self) -> Awaitable[None] | None:
        """Give the connection back."""


class _Events:
    """The events of one body, as the stream delivers them."""

    def __init__(self, parser: MultipartParser, stream: AnyReader | ByteReader) -> None:
        self._parser = parser
        # Not a generator: a cancelled read would end it, and the next one could not go on.
        self._read = stream.readany if isinstance(stream, AnyReader) else partial(stream.read, _BLOCK_BYTES)
        self._waiting: deque[MultipartEvent] = deque()

    async def next_event(self) -> MultipartEvent:
        """Return the next event.

        Raises:
            RemoteError: The body is malformed, too large, or ended early.
        """
        while not self._waiting:
            piece = await self._read()
            self._waiting.extend(self._parser.feed(piece) if piece else self._parser.feed_eof())
        return self._waiting.popleft()

    async def next_piece(self) -> bytes:
        """Return the next piece of the current part's content, or b"" at its end."""
        event = await self.next_event()
        return event if isinstance(event, bytes) else b""


class MultipartResponseWrapper:
    """The reader of a response's body, and the response.

    Attributes:
        resp: The response.
        stream: The `MultipartReader`.
    """

    def __init__(self, resp: MultipartResponse, stream: "MultipartReader") -> None:
        self.resp = resp
        self.stream = stream

    def __aiter__(self) -> AsyncIterator[AnyPart]:
        """Iterate over the parts."""
        return self

    async def __anext__(self) -> AnyPart:
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    def at_eof(self) -> bool:
        """Tell whether the whole body of the response was read."""
        return self.resp.content.at_eof()

    async def next(self) -> AnyPart | None:
        """Return the next part; after the last return None, and release the response."""
        part = await self.stream.next()
        if self.stream.at_eof():
            await self.release()
        return part

    async def release(self) -> None:
        """Give the connection of the response back."""
        released = self.resp.release()
        if isawaitable(released):
            await released


class MultipartReader:
    """The parts of a multipart body, in order.

    Args:
        headers: The headers of the body; its Content-Type names the boundary.
        content: The body: anything with `readany()`, or with `read(n)` like `asyncio.StreamReader`.
        limits: What is refused. By default `MultipartLimits()`, but any number of parts in a
            `multipart/x-mixed-replace` body, which is made never to end.

    Raises:
        MalformedMultipart: The Content-Type is not multipart, or has no boundary that can be used.
    """

    response_wrapper_cls: ClassVar[type[MultipartResponseWrapper]] = MultipartResponseWrapper
    multipart_reader_cls: "ClassVar[type[MultipartReader] | None]" = None
    part_reader_cls: ClassVar[type[BodyPartReader]] = BodyPartReader

    def __init__(
        self,
        headers: Mapping[str, str],
        content: AnyReader | ByteReader,
        *,
        limits: MultipartLimits | None = None,
    ) -> None:
        self.headers = headers
        kind, parameters = media_type(_header(headers, "Content-Type"))
        main, _, self._subtype = kind.partition("/")
        if main != "multipart":
            raise MalformedMultipart(
                f"the Content-Type is {kind[:100]!a}, not multipart", "RFC 2046 section 5.1"
            )
        if limits is None:
            limits = MultipartLimits()
            if self._subtype == "x-mixed-replace":
                limits = replace(limits, parts=None)
        self._limits = limits
        try:
            parser = MultipartParser(parameters.get("boundary", ""), limits=limits)
        except InvalidBoundary as exc:
            raise MalformedMultipart(f"the Content-Type's {exc}", "RFC 2046 section 5.1.1") from exc
        self._events = _Events(parser, content)
        self._current: BodyPartReader | None = None
        self._depth = 1
        self._at_eof = False

    @classmethod
    def from_response(cls, response: MultipartResponse) -> MultipartResponseWrapper:
        """Return a reader of a response's body, which releases the response after the last part.

        Raises:
            MalformedMultipart: The response is not multipart.
        """
        return cls.response_wrapper_cls(response, cls(response.headers, response.content))

    def at_eof(self) -> bool:
        """Tell whether the closing boundary was read."""
        return self._at_eof

    def __aiter__(self) -> AsyncIterator[AnyPart]:
        """Iterate over the parts."""
        return self

    async def __anext__(self) -> AnyPart:
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    async def next(self) -> AnyPart | None:
        """Return the next part, or None after the last; what was not read of the one before is skipped.

        Raises:
            RemoteError: The body is malformed, exceeds a limit, or ended early.
        """
        if self._at_eof:
            return None
        if self._current is not None:
            await self._current.release()
            self._current = None
        while True:
            match await self._events.next_event():
                case PartBegin(raw_headers):
                    return self._reader_of(raw_headers)
                case EndOfMultipart():
                    self._at_eof = True
                    return None
                case bytes() | PartEnd():
                    # What a part reader of another class left behind.
                    continue

    async def fetch_next_part(self) -> AnyPart:
        """Return the next part, of which there must be one; raises as `next`.

        Raises:
            EOFError: The last part was read already.
        """
        part = await self.next()
        if part is None:
            msg = "the body has no further part"
            raise EOFError(msg)
        return part

    def _reader_of(self, raw_headers: tuple[tuple[bytes, bytes], ...]) -> AnyPart:
        headers = CIMultiDictProxy(
            CIMultiDict([(_text(name), _text(value)) for name, value in raw_headers]),
        )
        part = self.part_reader_cls(headers, self._events, subtype=self._subtype, limits=self._limits)
        self._current = part
        if not media_type(headers.get("Content-Type", ""))[0].startswith("multipart/"):
            return part
        if self._depth >= self._limits.depth:
            raise LimitExceeded("depth", self._limits.depth)
        inner = (self.multipart_reader_cls or type(self))(headers, part, limits=self._limits)
        inner._depth = self._depth + 1  # noqa: SLF001 - same class
        return inner

    async def release(self) -> None:
        """Skip all parts that are left."""
        while await self.next() is not None:
            pass


def _header(headers: Mapping[str, str], name: str) -> str:
    found = headers.get(name)
    if found is None:
        found = next((value for key, value in headers.items() if key.lower() == name.lower()), "")
    return found


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")
