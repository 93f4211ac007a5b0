"""Compress a request's body on its way out (RFC 9110 section 8.4.1)."""

import asyncio

from multidict import CIMultiDict

from whimbrel_http1 import ContentEncoder, Http1Error
from whimbrel_multipart import BodyWriter, Payload

__all__ = ["CompressedPayload", "coding_of", "compressed"]

# What takes longer than a loop should wait, some milliseconds, is compressed in a thread.
_AT_ONCE_BYTES = 16 * 1024
_STEP_BYTES = 256 * 1024


def coding_of(compress: str | bool | None) -> str | None:
    """Return the coding that `compress` means: deflate for True, none for what is false.

    Raises:
        ValueError: Nobody here knows the coding.
    """
    if not compress:
        return None
    coding = compress if isinstance(compress, str) else "deflate"
    try:
        ContentEncoder(coding)
    except Http1Error as fault:
        msg = f"compress={coding!r} cannot be done: {fault}"
        raise ValueError(msg) from fault
    return coding


def compressed(body: Payload | None, coding: str | None, headers: CIMultiDict[str]) -> Payload | None:
    """Return `body` compressed, if a coding is wanted and there is something to compress.

    Raises:
        ValueError: `headers` say that it is encoded already, or how long it is.
    """
    if coding is None or body is None or body.size == 0 or isinstance(body, CompressedPayload):
        return body
    for name in ("Content-Encoding", "Content-Length"):
        if name in headers:
            msg = f"compress can not be set if {name} header is set"
            raise ValueError(msg)
    return CompressedPayload(body, coding)


class CompressedPayload(Payload):
    """Another payload, compressed piece by piece while it is sent; its size is not known before.

    Args:
        body: What is compressed.
        coding: By what, such as "deflate", "gzip", "br" or "zstd".

    Attributes:
        coding: As given.
    """

    _value: Payload

    def __init__(self, body: Payload, coding: str) -> None:
        super().__init__(body, filename=body.filename, encoding=body.encoding)
        self._headers = CIMultiDict(body.headers)
        self._headers["Content-Encoding"] = coding
        self.coding = coding

    async def write(self, writer: BodyWriter) -> None:
        """Send the whole body, compressed."""
        encoder = ContentEncoder(self.coding)
        await self._value.write(_CompressingWriter(encoder, writer))
        rest = encoder.finish()
        if rest:
            await writer.write(rest)

    def in_memory(self) -> bytes | None:
        """Return None, or what `as_bytes` has kept."""
        return self._kept

    def rewind(self) -> None:
        """Go back to the start of what is compressed."""
        self._value.rewind()

    async def close(self) -> None:
        """Close what is compressed."""
        await self._value.close()


class _CompressingWriter:
    def __init__(self, encoder: ContentEncoder, writer: BodyWriter) -> None:
        self._encoder = encoder
        self._writer = writer

    async def write(self, data: bytes, /) -> None:
        """Compress `data` and write what is ready, without keeping the loop waiting."""
        if len(data) <= _AT_ONCE_BYTES:
            await self._pass_on(self._encoder.encode(data))
            return
        loop = asyncio.get_running_loop()
        for start in range(0, len(data), _STEP_BYTES):
            step = bytes(memoryview(data)[start : start + _STEP_BYTES])
            await self._pass_on(await loop.run_in_executor(None, self._encoder.encode, step))

    async def _pass_on(self, coded: bytes) -> None:
        if coded:
            await self._writer.write(coded)
