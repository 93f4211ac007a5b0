"""The body of a message or of one part, whatever it is made of.

A `Payload` knows its headers and, where it can, its size; it writes itself to a `BodyWriter`; and it says
whether it can be sent a second time. The kinds stand in `memory`, `files` and `streams`; a class of your
own needs `write` alone.
"""

import mimetypes
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from multidict import CIMultiDict

from whimbrel_http1 import encode_fields
from whimbrel_multipart.disposition import Quoting, content_disposition_header
from whimbrel_multipart.errors import BodyConsumed

__all__ = ["BodyWriter", "Collector", "HeaderItems", "Payload"]

HeaderItems = Mapping[str, str] | Iterable[tuple[str, str]]


class BodyWriter(Protocol):
    """All that a payload asks of what it is written to."""

    async def write(self, data: bytes, /) -> None:
        """Take `data`, and return when more may follow."""


_SHORT_CUT = "in_memory"  # which stands in for `write` where the body is there already


class Payload(ABC):
    """A body: headers, perhaps a size, and the bytes.

    Args:
        value: What the body is made of.
        headers: Headers of the body; they win over `content_type`.
        content_type: Its media type. By default guessed from `filename`, else
            "application/octet-stream".
        filename: The name of the file that the body is.
        encoding: The character set of text.

    Nothing here needs a running loop before `write`.
    """

    _default_content_type = "application/octet-stream"
    _size: int | None = None
    _kept: bytes | None = None
    _autoclose = True

    def __init_subclass__(cls, **options: object) -> None:
        """Let nothing be sent past a `write` that a subclass of a body in memory overrides."""
        super().__init_subclass__(**options)
        nearest = next(kind for kind in cls.__mro__ if not {_SHORT_CUT, "write"}.isdisjoint(vars(kind)))
        if _SHORT_CUT not in vars(nearest):
            setattr(cls, _SHORT_CUT, Payload.in_memory)

    def __init__(
        self,
        value: Any,
        headers: HeaderItems | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        self._value = value
        self._filename = filename
        self._encoding = encoding
        if content_type is None:
            content_type = self._default_content_type
            if filename is not None:
                content_type = mimetypes.guess_type(filename)[0] or content_type
        self._headers: CIMultiDict[str] = CIMultiDict({"Content-Type": content_type})
        if headers:
            self._headers.update(headers)

    @property
    def size(self) -> int | None:
        """The bytes that `write` sends, or None when that is not known before."""
        return self._size

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers of the body; they may be changed until it is sent."""
        return self._headers

    @property
    def content_type(self) -> str:
        """The value of Content-Type, with its parameters."""
        return self._headers["Content-Type"]

    @property
    def filename(self) -> str | None:
        """The name of the file that the body is, or None."""
        return self._filename

    @property
    def encoding(self) -> str | None:
        """The character set of text, or None."""
        return self._encoding

    @property
    def autoclose(self) -> bool:
        """Whether it holds nothing that would have to be closed."""
        return self._autoclose

    @property
    def consumed(self) -> bool:
        """Whether it was sent and cannot be sent again."""
        return False

    @property
    def binary_headers(self) -> bytes:
        """The headers as they stand in a part, without the empty line that follows them.

        Raises:
            whimbrel_http1.LocalError: A name is not a token, or a value holds a control character.
        """
        return encode_fields(self._headers)

    def set_content_disposition(
        self,
        disptype: str,
        quote_fields: bool | Quoting = True,
        _charset: str = "utf-8",
        **params: str,
    ) -> None:
        """Set the Content-Disposition header.

        Args:
            disptype: Such as "form-data" or "attachment".
            quote_fields: A `Quoting`; True means `Quoting.WHATWG`, False `Quoting.BACKSLASH`.
            _charset: The character set of the extended form.
            **params: The parameters, in order.

        Raises:
            InvalidField: Something in it may not stand in a header.
        """
        if not isinstance(quote_fields, Quoting):
            quote_fields = Quoting.WHATWG if quote_fields else Quoting.BACKSLASH
        self._headers["Content-Disposition"] = content_disposition_header(
            disptype, params, quoting=quote_fields, charset=_charset
        )

    @abstractmethod
    async def write(self, writer: BodyWriter) -> None:
        """Send the whole body, from its start.

        Raises:
            BodyConsumed: It was sent before and cannot be repeated.
            BodyChanged: It turned out not to have the announced size.
        """

    async def write_with_length(self, writer: BodyWriter, content_length: int | None) -> None:
        """Send the first `content_length` bytes of the body, or all of it for None; raises as `write`."""
        if content_length is None:
            await self.write(writer)
            return
        with suppress(_Enough):
            await self.write(_Beginning(writer, content_length))

    def in_memory(self) -> bytes | None:
        """Return the whole body when it is in memory already, so that it can go out with the head.

        None when it has to be read from somewhere, or is so large that joining it would only copy it.
        """
        return self._kept

    def rewind(self) -> None:
        """Go back to where the body stood when the payload was built, so that it can be sent again.

        Nothing happens when nothing was sent yet. Afterwards `size` is measured anew. A class of your own
        that can be sent again overrides this: by default only what is in memory can.

        Raises:
            BodyConsumed: The body cannot be repeated.
        """
        if self.in_memory() is None:
            raise BodyConsumed(type(self).__name__, "it does not say how")

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the body as text, for logs and signatures. This may read a file: not for the loop.

        Raises:
            TypeError: The body is not in memory.
        """
        content = self.in_memory()
        if content is None:
            msg = f"{type(self).__name__} is not in memory; await as_bytes() first"
            raise TypeError(msg)
        return content.decode(self._encoding or encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:  # noqa: ARG002 - aiohttp's signature
        """Return the whole body; it can be sent afterwards all the same, from memory if need be.

        Args:
            encoding: Accepted for kinds that hold text and encode it late.
            errors: Likewise.

        Raises:
            BodyConsumed: It was sent already and cannot be repeated.
        """
        content = self.in_memory()
        if content is not None:
            return content
        collector = Collector()
        await self.write(collector)
        content = collector.joined()
        try:
            self.rewind()
        except BodyConsumed:
            self._kept = content
        return content

    async def close(self) -> None:  # noqa: B027 - most bodies have nothing to close
        """Close what the body is made of, such as a file.

        A file that the user opened is the user's: no client calls this unasked.
        """


class _Enough(Exception):
    """As many bytes as were wanted have been sent."""


class _Beginning:
    """A `BodyWriter` that passes on so many bytes, and then ends the writing.

    It does so at the first byte too many: who writes exactly as many comes to an end of its own.
    """

    def __init__(self, writer: BodyWriter, size: int) -> None:
        self._writer = writer
        self._left = size

    async def write(self, data: bytes, /) -> None:
        """Pass `data` on, as far as it is wanted."""
        if wanted := data[: self._left]:
            await self._writer.write(wanted)
        self._left -= len(wanted)
        if len(data) > len(wanted):
            raise _Enough


class Collector:
    """A `BodyWriter` that keeps what it is given."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    async def write(self, data: bytes, /) -> None:
        """Keep `data`."""
        self._pieces.append(data)

    def joined(self) -> bytes:
        """Return all that was written."""
        return b"".join(self._pieces)
