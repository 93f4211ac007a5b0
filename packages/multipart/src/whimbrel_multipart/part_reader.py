"""Read one part of a multipart body: as a stream, by lines, or whole and decoded.

What is collected is bounded by `MultipartLimits`; `BodyPartReader.read_chunk` streams without a bound.
"""

import builtins
import json
from collections.abc import AsyncIterator
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import parse_qsl

from multidict import CIMultiDictProxy

from whimbrel_multipart._codings import decode_transfer, decompress
from whimbrel_multipart._parameters import media_type
from whimbrel_multipart.disposition import content_disposition_filename, parse_content_disposition
from whimbrel_multipart.errors import BodyConsumed, LimitExceeded, UndecodableContent
from whimbrel_multipart.limits import MultipartLimits
from whimbrel_multipart.payload import BodyWriter, HeaderItems, Payload
from whimbrel_multipart.registry import Order, payload_type

__all__ = ["BodyPartReader", "BodyPartReaderPayload", "PartContent"]

_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
_NOT_BASE64 = bytes(octet for octet in range(256) if octet not in _BASE64)
_CHUNK_BYTES = 8192


class PartContent(Protocol):
    """Where a part's content comes from."""

    async def next_piece(self) -> bytes:
        """Return the next piece, or b"" at the end of the part."""


class BodyPartReader:
    """One part that is not itself multipart.

    Args:
        headers: The part's headers.
        content: Where its content comes from.
        subtype: The subtype of the body; in "form-data" no content coding applies (RFC 7578 section 4.8).
        limits: `read_bytes`, `decoded_bytes` and `line_bytes` matter here.

    A part is read once and in order. When the reader of the body goes on to the next part, what was not
    read of this one is skipped.
    """

    chunk_size = _CHUNK_BYTES

    def __init__(
        self,
        headers: CIMultiDictProxy[str],
        content: PartContent,
        *,
        subtype: str = "mixed",
        limits: MultipartLimits | None = None,
    ) -> None:
        self.headers = headers
        self._content = content
        self._is_form = subtype == "form-data"
        self._limits = MultipartLimits() if limits is None else limits
        self._held = b""
        self._taken = 0
        self._ended = False
        self._is_base64 = headers.get("Content-Transfer-Encoding", "").strip().lower() == "base64"

    @cached_property
    def name(self) -> str | None:
        """The name of the form field, or None."""
        return self._disposition("name")

    @cached_property
    def filename(self) -> str | None:
        """The name of the file as the peer gave it, or None. It may hold a path: never open it as it is."""
        return self._disposition("filename")

    def _disposition(self, parameter: str) -> str | None:
        _, params = parse_content_disposition(self.headers.get("Content-Disposition"))
        return content_disposition_filename(params, parameter)

    def at_eof(self) -> bool:
        """Tell whether everything was read."""
        return self._ended and self._taken == len(self._held)

    async def readany(self) -> bytes:
        """Return what has arrived, at least one byte, or b"" at the end."""
        if not await self._fill():
            return b""
        return self._take(len(self._held) - self._taken)

    async def _fill(self) -> bool:
        """Hold at least one byte, or return False at the end."""
        if self._taken == len(self._held):
            piece = b"" if self._ended else await self._content.next_piece()
            self._held, self._taken = piece, 0
            self._ended = not piece
        return not self._ended

    def _take(self, size: int) -> bytes:
        start = self._taken
        self._taken = min(start + size, len(self._held))
        return self._held[start : self._taken]

    async def read_chunk(self, size: int = _CHUNK_BYTES) -> bytes:
        """Return up to `size` bytes, at least one, or b"" at the end.

        Of base64 whole groups of four are returned, so that each chunk can be passed to `decode`.

        Raises:
            ValueError: `size` is less than 4 for base64, or less than 1.
        """
        least = 4 if self._is_base64 else 1
        if size < least:
            msg = f"size must be at least {least}, not {size}"
            raise ValueError(msg)
        if not await self._fill():
            return b""
        if self._is_base64:
            return await self._read_groups(size)
        return self._take(size)

    async def _read_groups(self, size: int) -> bytes:
        """Return whole groups of base64, or what is left at the end."""
        chunk = self._take(size)
        while not (cut := _group_end(chunk)):
            # Line ends between letters carry nothing: forget them rather than let them fill the chunk.
            chunk = chunk.translate(None, _NOT_BASE64)
            if not await self._fill():
                return chunk
            chunk += self._take(size - len(chunk))
        self._give_back(chunk[cut:])
        return chunk[:cut]

    def _give_back(self, data: bytes) -> None:
        """Put back what was taken last; it is less than a group, so mostly the cursor moves."""
        if self._held.endswith(data, 0, self._taken):
            self._taken -= len(data)
        else:
            self._held, self._taken = data + self._held[self._taken :], 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Iterate over the content, in pieces as they arrive."""
        return self

    async def __anext__(self) -> bytes:
        piece = await self.readany()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def next(self) -> bytes | None:
        """Return the rest of the content, or None when there is nothing left; raises as `read`."""
        return await self.read() or None

    async def read(self, *, decode: bool = False) -> bytes:
        """Return the rest of the content.

        Args:
            decode: Undo the transfer and content codings named by the headers.

        Raises:
            LimitExceeded: It is larger than `read_bytes`, or decoded than `decoded_bytes`.
            UndecodableContent: The codings cannot be undone.
        """
        pieces: list[bytes] = []
        total = 0
        allowed = self._limits.read_bytes
        while piece := await self.readany():
            total += len(piece)
            if allowed is not None and total > allowed:
                raise LimitExceeded("read_bytes", allowed)
            pieces.append(piece)
        content = b"".join(pieces)
        return self.decode(content) if decode else content

    async def readline(self) -> bytes:
        r"""Return the next line with its line end, or b"" at the end; the last line may lack `\n`.

        Raises:
            LimitExceeded: It is longer than `line_bytes`.
        """
        pieces: list[bytes] = []
        total = 0
        while await self._fill():
            end = self._held.find(b"\n", self._taken) + 1
            pieces.append(self._take((end or len(self._held)) - self._taken))
            total += len(pieces[-1])
            if total > self._limits.line_bytes:
                raise LimitExceeded("line_bytes", self._limits.line_bytes)
            if end:
                break
        return b"".join(pieces)

    async def text(self, *, encoding: str | None = None) -> str:
        """Return the decoded content as text, in `encoding`, the part's charset, or UTF-8.

        Raises:
            UndecodableContent: It is not text in that character set, or there is none of that name.
        """
        content = await self.read(decode=True)
        return _to_text(content, encoding or self.get_charset("utf-8"))

    async def json(self, *, encoding: str | None = None) -> Any:
        """Return the decoded content as JSON, None when it is empty.

        Raises:
            UndecodableContent: It is not text in its character set.
            ValueError: It is not JSON.
        """
        text = await self.text(encoding=encoding)
        return json.loads(text) if text else None

    async def form(self, *, encoding: str | None = None) -> list[tuple[str, str]]:
        """Return the decoded content as the pairs of an urlencoded form.

        Raises:
            UndecodableContent: It is not text in its character set.
            LimitExceeded: There are more pairs than `parts`.
        """
        charset = encoding or self.get_charset("utf-8")
        text = _to_text((await self.read(decode=True)).rstrip(), charset)
        allowed = self._limits.parts
        if allowed is not None and text.count("&") >= allowed:
            raise LimitExceeded("parts", allowed)
        return parse_qsl(text, keep_blank_values=True, encoding=charset)

    async def release(self) -> None:
        """Skip the rest of the content."""
        while await self.readany():
            pass

    def decode(self, data: bytes) -> bytes:
        """Undo the codings named by the headers on `data`: the whole content, or a chunk when only base64.

        Raises:
            UndecodableContent: They cannot be undone.
            LimitExceeded: The content is larger than `decoded_bytes`.
        """
        content = decode_transfer(self.headers.get("Content-Transfer-Encoding", ""), data)
        if self._is_form:
            return content
        return decompress(self.headers.get("Content-Encoding", ""), content, self._limits.decoded_bytes)

    async def decode_iter(self, data: bytes) -> AsyncIterator[bytes]:
        """Yield what `decode` returns."""
        if content := self.decode(data):
            yield content

    def get_charset(self, default: str) -> str:
        """Return the charset parameter of the part's Content-Type, or `default`."""
        return media_type(self.headers.get("Content-Type", ""))[1].get("charset", default)


def _group_end(data: bytes) -> int:
    """Return the offset after the last whole group of four base64 letters, 0 when there is none."""
    left = len(data.translate(None, _NOT_BASE64)) % 4
    cut = len(data)
    while left:
        cut -= 1
        left -= data[cut] in _BASE64
    return cut if data[:cut].translate(None, _NOT_BASE64) else 0


def _to_text(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset)
    except (builtins.LookupError, UnicodeError) as exc:
        raise UndecodableContent(charset, str(exc)) from exc


@payload_type(BodyPartReader, order=Order.try_first)
class BodyPartReaderPayload(Payload):
    """A part on its way from one body into another: streamed, as it is, once.

    Its codings stay as they are, and so do its headers but Content-Length.
    """

    _value: BodyPartReader

    def __init__(
        self,
        value: BodyPartReader,
        headers: HeaderItems | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        content_type = content_type or value.headers.get("Content-Type")
        super().__init__(value, None, content_type, filename or value.filename, encoding)
        for name, given in value.headers.items():
            if name.lower() not in {"content-type", "content-length"}:
                self._headers.add(name, given)
        if headers:
            self._headers.update(headers)
        self._sent = False

    @property
    def consumed(self) -> bool:
        """Whether it was sent."""
        return self._sent

    async def write(self, writer: BodyWriter) -> None:
        """Send what is left of the part.

        Raises:
            BodyConsumed: It was sent before.
        """
        self.rewind()
        self._sent = True
        async for piece in self._value:
            await writer.write(piece)

    def rewind(self) -> None:
        """Do nothing when nothing was sent yet.

        Raises:
            BodyConsumed: The content is gone.
        """
        if self.consumed:
            raise BodyConsumed(type(self).__name__, "a part is read only once")
