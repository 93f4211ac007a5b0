"""Bodies that are in memory from the start: bytes, text and JSON.

Their content is taken when they are built, so what the caller changes later does not reach the wire.
"""

import io
import json
from collections.abc import Callable

from whimbrel_multipart._parameters import media_type
from whimbrel_multipart.payload import BodyWriter, HeaderItems, Payload

__all__ = ["BytesPayload", "JsonBytesPayload", "JsonPayload", "StringIOPayload", "StringPayload", "text_type"]


class BytesPayload(Payload):
    """Bytes as they are; a bytearray or memoryview is copied.

    Raises:
        TypeError: `value` is nothing of that kind.
    """

    def __init__(
        self,
        value: bytes | bytearray | memoryview,
        headers: HeaderItems | None = None,
        content_type: str | None = "application/octet-stream",
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        given: object = value
        if not isinstance(given, (bytes, bytearray, memoryview)):
            msg = f"value must be bytes, bytearray or memoryview, not {type(given).__name__}"
            raise TypeError(msg)
        super().__init__(value, headers, content_type, filename, encoding)
        self._content = bytes(value)

    @property
    def size(self) -> int:
        """The length of the content."""
        return len(self._content)

    def in_memory(self) -> bytes:
        """Return the content."""
        return self._content

    async def write(self, writer: BodyWriter) -> None:
        """Send the content in one piece."""
        if self._content:
            await writer.write(self._content)

    def rewind(self) -> None:
        """Do nothing: the content stays what it is."""

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the content as text, in the payload's own `encoding` if it has one."""
        return self._content.decode(self._encoding or encoding, errors)


def text_type(content_type: str | None, encoding: str | None) -> tuple[str, str]:
    """Return the content type and the character set of text, each deduced from the other where missing."""
    if encoding is None:
        if content_type is None:
            return "text/plain; charset=utf-8", "utf-8"
        return content_type, media_type(content_type)[1].get("charset", "utf-8")
    return content_type if content_type is not None else f"text/plain; charset={encoding}", encoding


class StringPayload(BytesPayload):
    """Text, encoded as `encoding` or the charset of `content_type` says; UTF-8 otherwise.

    Raises:
        UnicodeEncodeError: The text cannot be written in that character set.
        LookupError: The built-in one: there is no such character set.
    """

    def __init__(
        self,
        value: str,
        headers: HeaderItems | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        content_type, encoding = text_type(content_type, encoding)
        super().__init__(value.encode(encoding), headers, content_type, filename, encoding)


class StringIOPayload(StringPayload):
    """The rest of an `io.StringIO`, read at once."""

    def __init__(
        self,
        value: io.StringIO,
        headers: HeaderItems | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        start = value.tell()
        super().__init__(value.read(), headers, content_type, filename, encoding)
        # A payload built from the same object later must not be empty.
        value.seek(start)


class JsonPayload(BytesPayload):
    """A value as JSON.

    Args:
        value: What `dumps` understands.
        encoding: The character set.
        content_type: The media type.
        dumps: The encoder, to text.
        headers: Headers of the body.
        filename: The name of the file that the body is.
    """

    def __init__(
        self,
        value: object,
        encoding: str = "utf-8",
        content_type: str = "application/json",
        dumps: Callable[[object], str] = json.dumps,
        headers: HeaderItems | None = None,
        filename: str | None = None,
    ) -> None:
        super().__init__(dumps(value).encode(encoding), headers, content_type, filename, encoding)


class JsonBytesPayload(BytesPayload):
    """A value as JSON, by an encoder that gives bytes, such as orjson's.

    Args:
        value: What `dumps` understands.
        dumps: The encoder, to bytes.
        content_type: The media type.
        headers: Headers of the body.
        filename: The name of the file that the body is.
        encoding: The character set in which `dumps` writes.
    """

    def __init__(
        self,
        value: object,
        dumps: Callable[[object], bytes],
        content_type: str = "application/json",
        headers: HeaderItems | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        super().__init__(dumps(value), headers, content_type, filename, encoding)
