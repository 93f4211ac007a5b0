"""Bodies that are files: binary, text, buffered, in memory.

A file is sent from where it stood when the payload was built. It is read in a thread, block by block, so
that the loop never waits for a disk, and it stays open: who opened it closes it.
"""

import asyncio
import codecs
import io
import os
import stat
import threading
from collections.abc import Callable
from pathlib import PurePath
from typing import IO, Any

from whimbrel_multipart.errors import BodyChanged, BodyConsumed
from whimbrel_multipart.memory import text_type
from whimbrel_multipart.payload import BodyWriter, HeaderItems, Payload

__all__ = [
    "FILE_TYPES",
    "BufferedReaderPayload",
    "BytesIOPayload",
    "IOBasePayload",
    "TextIOPayload",
    "file_name",
]

_BLOCK_BYTES = 262_144


class _MadeByTempfile(type):
    def __instancecheck__(cls, value: object) -> bool:
        return any(base.__module__ == "tempfile" for base in type(value).__mro__)


class _TemporaryFile(metaclass=_MadeByTempfile):
    """Any of the module `tempfile`: they are proxies of files, and not always an `io.IOBase`.

    They are told by where they come from, because to import that module takes as long as all of this package.
    """

    seek: Callable[[int, int], int]
    tell: Callable[[], int]


FILE_TYPES: tuple[type, ...] = (io.IOBase, _TemporaryFile)


def file_name(value: object, default: str | None = None) -> str | None:
    """Return the last part of a file object's path, or `default` when it has none."""
    name = getattr(value, "name", None)
    # "<stdin>" and "<fdopen>" are names of streams, not of files.
    if isinstance(name, str) and name and not (name.startswith("<") and name.endswith(">")):
        return PurePath(name).name or default
    return default


class IOBasePayload(Payload):
    """A binary file, or anything else with `read(n) -> bytes`.

    Args:
        value: The file. It can be sent any number of times when it can be told its position.
        disposition: The type of the Content-Disposition set when the file has a name; None for none.
        headers: Headers of the body.
        content_type: Its media type; guessed from the file's name by default.
        filename: Its name; that of the file by default.
        encoding: Unused by binary files.
    """

    _value: IO[Any]
    _autoclose = False

    def __init__(
        self,
        value: IO[Any] | io.IOBase,
        disposition: str | None = "attachment",
        headers: HeaderItems | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        if filename is None:
            filename = file_name(value)
        super().__init__(value, headers, content_type, filename, encoding)
        if filename is not None and disposition is not None and "Content-Disposition" not in self._headers:
            self.set_content_disposition(disposition, filename=filename)
        self._start = _position(value)
        self._measured = False
        self._sent = False
        self._reading = threading.Lock()

    @property
    def size(self) -> int | None:
        """The bytes from the start position to the end of a regular file; None for anything else.

        Measured once and kept, so that what is announced and what is sent can be compared.
        """
        if self._kept is not None:
            return len(self._kept)
        if not self._measured:
            self._size = self._measure()
            self._measured = True
        return self._size

    def _measure(self) -> int | None:
        if self._start is None:
            return None
        end = _end_of(self._value)
        return None if end is None else max(0, end - self._start)

    async def write(self, writer: BodyWriter) -> None:
        """Send the file from its start position.

        Raises:
            BodyConsumed: It was sent before and cannot be told to go back.
            BodyChanged: It shrank or grew since `size` was measured.
        """
        if self._kept is not None:
            await writer.write(self._kept)
            return
        self._begin()
        await self._write_blocks(writer, self.size)

    @property
    def consumed(self) -> bool:
        """Whether it was sent, and is closed or cannot be told its position."""
        return self._sent and self._kept is None and self._obstacle() is not None

    def _begin(self) -> None:
        if self._sent:
            self._check_repeatable()
        self._sent = True

    def _check_repeatable(self) -> None:
        obstacle = self._obstacle()
        if obstacle is not None:
            raise BodyConsumed(type(self).__name__, obstacle)

    def _obstacle(self) -> str | None:
        """Return why the file cannot be sent again, None where it can."""
        if self._start is None:
            return "the file cannot be told its position"
        return "the file is closed" if getattr(self._value, "closed", False) else None

    async def _write_blocks(self, writer: BodyWriter, announced: int | None) -> None:
        loop = asyncio.get_running_loop()
        sent = 0
        while True:
            # One byte more than announced shows in the same read whether the file has grown.
            wanted = _BLOCK_BYTES if announced is None else min(_BLOCK_BYTES, announced - sent + 1)
            block = await loop.run_in_executor(None, self._read_at, sent, wanted)
            sent += len(block)
            if announced is not None and sent > announced:
                raise BodyChanged(type(self).__name__, announced=announced, found=sent)
            if block:
                await writer.write(block)
            if not block or (sent == announced and len(block) < wanted):
                break
        if announced is not None and sent < announced:
            raise BodyChanged(type(self).__name__, announced=announced, found=sent)

    def _read_at(self, offset: int, wanted: int) -> bytes:
        """Read up to `wanted` bytes at `offset` from the start, in a thread.

        Every read says where it stands: a read that a cancelled request left behind in its thread,
        or a second request for the same body, cannot move this one's place in the file.
        """
        with self._reading:
            if self._start is not None:
                self._value.seek(self._start + offset)
            content = self._value.read(wanted)
        if content is None:
            msg = f"{type(self).__name__} needs a file that blocks until it has data"
            raise BlockingIOError(msg)
        if isinstance(content, str):
            msg = (
                f"{type(self).__name__} needs a file opened as binary; TextIOPayload takes one opened as text"
            )
            raise TypeError(msg)
        return bytes(content)

    def rewind(self) -> None:
        """Make ready to send the file again from its start position, measured anew.

        Raises:
            BodyConsumed: It is closed, or cannot be told its position.
        """
        if self._sent and self._kept is None:
            self._check_repeatable()
            self._measured = False

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Read the rest of the file as text, blocking; it can be sent afterwards all the same.

        Raises:
            BodyConsumed: It was sent before and cannot be repeated.
        """
        return self._read_whole().decode(self._encoding or encoding, errors)

    def _read_whole(self) -> bytes:
        if self._kept is not None:
            return self._kept
        self._begin()
        content = self._read_at(0, -1)
        if self._start is None:
            self._kept = content
        else:
            self._value.seek(self._start)
        return content

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:  # noqa: ARG002 - aiohttp's signature
        """Read the rest of the file in a thread; it can be sent afterwards all the same.

        Raises:
            BodyConsumed: It was sent before and cannot be repeated.
        """
        return await asyncio.get_running_loop().run_in_executor(None, self._read_whole)

    async def close(self) -> None:
        """Close the file, in a thread because what is buffered may have to be written."""
        await asyncio.get_running_loop().run_in_executor(None, self._value.close)


class BufferedReaderPayload(IOBasePayload):
    """A file opened with `open(path, "rb")`."""


class BytesIOPayload(IOBasePayload):
    """The rest of an `io.BytesIO`, taken when the payload is built; its position does not move."""

    _value: io.BytesIO
    _autoclose = True

    def __init__(
        self,
        value: io.BytesIO,
        disposition: str | None = "attachment",
        headers: HeaderItems | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        super().__init__(value, disposition, headers, content_type, filename, encoding)
        start = value.tell()
        # getvalue() shares memory with the BytesIO until that is written to.
        self._content = value.getvalue()[start:] if start else value.getvalue()

    @property
    def size(self) -> int:
        """The length of the content."""
        return len(self._content)

    def in_memory(self) -> bytes:
        """Return the content."""
        return self._content

    async def write(self, writer: BodyWriter) -> None:
        """Send the content in blocks, so that a slow peer is waited for."""
        for offset in range(0, len(self._content), _BLOCK_BYTES):
            await writer.write(self._content[offset : offset + _BLOCK_BYTES])

    def rewind(self) -> None:
        """Do nothing: the content is there as often as it is needed."""

    def _read_whole(self) -> bytes:
        return self._content

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:  # noqa: ARG002 - aiohttp's signature
        """Return the content."""
        return self._content

    async def close(self) -> None:
        """Do nothing: a BytesIO holds no descriptor."""


class TextIOPayload(IOBasePayload):
    """A file opened as text, sent in `encoding` or the charset of `content_type`; UTF-8 otherwise.

    Its size is not known: line ends and character sets change it. Open files as binary to announce it.
    """

    def __init__(
        self,
        value: IO[str],
        disposition: str | None = "attachment",
        headers: HeaderItems | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        content_type, self._charset = text_type(content_type, encoding)
        super().__init__(value, disposition, headers, content_type, filename, self._charset)
        self._busy = False
        self._encoder: codecs.IncrementalEncoder | None = None

    def _measure(self) -> int | None:
        return None

    async def write(self, writer: BodyWriter) -> None:
        """Send the text from its start position.

        Raises:
            BodyConsumed: It was sent before and cannot be told to go back, or is being sent right now.
            UnicodeEncodeError: The text cannot be written in the character set.
        """
        if self._kept is not None:
            await writer.write(self._kept)
            return
        if self._busy:
            raise BodyConsumed(type(self).__name__, "it is being sent by another request")
        self._begin()
        self._busy = True
        try:
            await self._write_text(writer, codecs.getincrementalencoder(self._charset)())
        finally:
            self._busy = False

    async def _write_text(self, writer: BodyWriter, encoder: codecs.IncrementalEncoder) -> None:
        loop = asyncio.get_running_loop()
        self._encoder, again = encoder, True
        first = True
        while again:
            block, again = await loop.run_in_executor(None, self._read_text, encoder, first)
            first = False
            if block:
                await writer.write(block)

    def _read_text(self, encoder: codecs.IncrementalEncoder, first: bool) -> tuple[bytes, bool]:
        """Read and encode one block, in a thread; say whether more may follow."""
        with self._reading:
            if encoder is not self._encoder:
                # A cancelled request left this read behind: it must not move the place of the next.
                return b"", False
            if first and self._start is not None:
                self._value.seek(self._start)
            text: str = self._value.read(_BLOCK_BYTES)
            return encoder.encode(text, final=not text), bool(text)

    def _read_at(self, offset: int, wanted: int) -> bytes:
        # The position of a text file is a cookie, not a count: it can only be gone back to.
        with self._reading:
            if self._start is not None:
                self._value.seek(self._start + offset)
            text: str = self._value.read(wanted)
        return text.encode(self._charset)


def _position(value: Any) -> int | None:
    """Return where a file stands, or None when it cannot be gone back to."""
    seekable = getattr(value, "seekable", None)
    try:
        # Not all that can go back says so: a SpooledTemporaryFile of Python 3.10 does not.
        position: int | None = value.tell() if seekable is None or seekable() else None
    except (OSError, AttributeError):
        return None
    return position


def _end_of(value: object) -> int | None:
    """Return the size of the regular file behind `value`, or None when there is none.

    Only what is known to hand out a file's bytes as they are may be measured by its descriptor:
    a `gzip.GzipFile` has one too, of the compressed file.
    """
    if isinstance(value, _TemporaryFile) and hasattr(value, "rollover"):  # a SpooledTemporaryFile
        return _end_by_seeking(value)
    behind: object = getattr(value, "file", value)
    raw = getattr(behind, "raw", behind)
    if not isinstance(raw, io.FileIO):
        return None
    try:
        status = os.fstat(raw.fileno())
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _end_by_seeking(value: _TemporaryFile) -> int:
    position = value.tell()
    value.seek(0, os.SEEK_END)
    end = value.tell()
    value.seek(position, os.SEEK_SET)
    return end
