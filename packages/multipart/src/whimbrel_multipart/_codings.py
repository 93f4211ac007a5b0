"""The codings of a part's content: gzip and deflate, base64 and quoted-printable (RFC 2045 section 6).

Encoders take pieces of any size and give the same bytes however the content was cut.
"""

import binascii
import zlib
from collections.abc import Callable
from typing import Protocol

from whimbrel_multipart.errors import InvalidField, LimitExceeded, UndecodableContent
from whimbrel_multipart.payload import BodyWriter

__all__ = ["CodingWriter", "decode_transfer", "decompress", "part_encoders"]

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_UNCODED_TRANSFER = frozenset({"", "7bit", "8bit", "binary"})
_BASE64_LINE_OCTETS = 57
_BASE64_LINE = 76
_QUOTED_LINE = 75


class Encoder(Protocol):
    """One coding under way."""

    def encode(self, data: bytes) -> bytes:
        """Return what can be written after `data`."""

    def finish(self) -> bytes:
        """Return the rest."""


class _Compressor:
    def __init__(self, window: int) -> None:
        self._deflate = zlib.compressobj(wbits=window)

    def encode(self, data: bytes) -> bytes:
        return self._deflate.compress(data)

    def finish(self) -> bytes:
        return self._deflate.flush()


class _Base64:
    """Lines of 76 characters (RFC 2045 section 6.8)."""

    def __init__(self) -> None:
        self._rest = b""

    def encode(self, data: bytes) -> bytes:
        whole = self._rest + data
        cut = len(whole) - len(whole) % _BASE64_LINE_OCTETS
        self._rest = whole[cut:]
        return _base64_lines(whole[:cut])

    def finish(self) -> bytes:
        return binascii.b2a_base64(self._rest, newline=False)


def _base64_lines(data: bytes) -> bytes:
    text = binascii.b2a_base64(data, newline=False)
    return b"".join([text[at : at + _BASE64_LINE] + b"\r\n" for at in range(0, len(text), _BASE64_LINE)])


class _QuotedPrintable:
    """Every octet but printable ASCII is written as `=XX`, line ends too: the content may be binary."""

    _WRITTEN = tuple(
        bytes([octet]) if 0x21 <= octet <= 0x7E and octet != 0x3D else b"=%02X" % octet
        for octet in range(256)
    )

    def __init__(self) -> None:
        self._column = 0

    def encode(self, data: bytes) -> bytes:
        pieces: list[bytes] = []
        for octet in data:
            written = self._WRITTEN[octet]
            if self._column + len(written) > _QUOTED_LINE:
                pieces.append(b"=\r\n")
                self._column = 0
            pieces.append(written)
            self._column += len(written)
        return b"".join(pieces)

    def finish(self) -> bytes:
        return b""


_CONTENT_ENCODERS: dict[str, Callable[[], Encoder]] = {
    "gzip": lambda: _Compressor(_GZIP_WINDOW),
    "deflate": lambda: _Compressor(zlib.MAX_WBITS),
}
_TRANSFER_ENCODERS: dict[str, Callable[[], Encoder]] = {
    "base64": _Base64,
    "quoted-printable": _QuotedPrintable,
}


def part_encoders(content_encoding: str, transfer_encoding: str) -> tuple[str | None, str | None]:
    """Return the names of the codings that have to be applied, None for none.

    Args:
        content_encoding: The value of the part's Content-Encoding, or "".
        transfer_encoding: The value of its Content-Transfer-Encoding, or "".

    Raises:
        InvalidField: There is no encoder for one of them.
    """
    content, transfer = content_encoding.lower(), transfer_encoding.lower()
    if content in {"", "identity"}:
        content = ""
    elif content not in _CONTENT_ENCODERS:
        raise InvalidField("Content-Encoding", "must be gzip, deflate or identity", content)
    if transfer in _UNCODED_TRANSFER:
        transfer = ""
    elif transfer not in _TRANSFER_ENCODERS:
        rule = "must be base64, quoted-printable, binary, 8bit or 7bit"
        raise InvalidField("Content-Transfer-Encoding", rule, transfer)
    return content or None, transfer or None


class CodingWriter:
    """A `BodyWriter` that encodes what passes through it; compression first, then the transfer coding.

    Args:
        writer: Where the encoded content goes.
        content: Name of a content coding, or None.
        transfer: Name of a transfer coding, or None.
    """

    def __init__(self, writer: BodyWriter, content: str | None, transfer: str | None) -> None:
        self._writer = writer
        self._chain: list[Encoder] = []
        if content is not None:
            self._chain.append(_CONTENT_ENCODERS[content]())
        if transfer is not None:
            self._chain.append(_TRANSFER_ENCODERS[transfer]())

    async def write(self, data: bytes, /) -> None:
        """Encode `data` and write what comes of it."""
        for encoder in self._chain:
            data = encoder.encode(data)
        if data:
            await self._writer.write(data)

    async def finish(self) -> None:
        """Write what the encoders still hold."""
        data = b""
        for encoder in self._chain:
            data = (encoder.encode(data) if data else b"") + encoder.finish()
        if data:
            await self._writer.write(data)


def decode_transfer(coding: str, data: bytes) -> bytes:
    """Undo a Content-Transfer-Encoding.

    Raises:
        UndecodableContent: The coding is unknown, or `data` is not in it.
    """
    name = coding.strip().lower()
    if name in _UNCODED_TRANSFER:
        return data
    if name == "base64":
        try:
            return binascii.a2b_base64(data)
        except binascii.Error as exc:
            raise UndecodableContent(coding, str(exc)) from exc
    if name == "quoted-printable":
        return binascii.a2b_qp(data)
    raise UndecodableContent(coding, "there is no such transfer coding")


def decompress(coding: str, data: bytes, most: int) -> bytes:
    """Undo a Content-Encoding; never hold more than `most` decoded bytes.

    Raises:
        UndecodableContent: The coding is unknown, or `data` is not in it, or ends early.
        LimitExceeded: There is more content than that.
    """
    name = coding.strip().lower()
    if name in {"", "identity"}:
        return data
    if name not in _CONTENT_ENCODERS:
        raise UndecodableContent(coding, "there is no such content coding")
    if not data:
        return b""
    inflate = zlib.decompressobj(_window(name, data))
    try:
        content = inflate.decompress(data, most + 1)
    except zlib.error as exc:
        raise UndecodableContent(coding, str(exc)) from exc
    if len(content) > most:
        raise LimitExceeded("decoded_bytes", most)
    if not inflate.eof:
        raise UndecodableContent(coding, "it ends early")
    return content


def _window(name: str, data: bytes) -> int:
    if name == "gzip":
        return _GZIP_WINDOW
    # RFC 9110 section 8.4.1.2: some senders leave out the zlib header, whose low half octet is 8.
    zlib_header = data[0] & 0x0F == 8 and len(data) > 1 and (data[0] * 256 + data[1]) % 31 == 0
    return zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS
