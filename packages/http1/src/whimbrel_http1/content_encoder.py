"""Apply content codings (RFC 9110 section 8.4) to content that is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from whimbrel_http1._brotli import brotli_backend
from whimbrel_http1._grammar import split_list
from whimbrel_http1._zlib import zlib_backend
from whimbrel_http1._zstd import zstd_backend
from whimbrel_http1.errors import UnsupportedCoding

if TYPE_CHECKING:
    from whimbrel_http1._zlib import Compressor, ZlibBackend

__all__ = ["ContentEncoder"]


_WINDOWS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class _Brotli:
    """Brotli's compressor under the names of zlib's."""

    def __init__(self, compressor: object) -> None:
        process = getattr(compressor, "process", None) or getattr(compressor, "compress", None)
        self._process = process
        self._compressor = compressor

    def compress(self, data: bytes, /) -> bytes:
        return cast("bytes", self._process(data)) if self._process is not None else b""

    def flush(self) -> bytes:
        return cast("bytes", self._compressor.finish())  # type: ignore[attr-defined]  # all three have it


class ContentEncoder:
    r"""Encode the content of one message.

    Args:
        content_encoding: Codings in the order to apply them, as Content-Encoding will say.
        zlib: The module that makes gzip and deflate; by default the fastest that is importable of
            zlib-ng, ISA-L and the standard library's.

    Attributes:
        codings: The codings that are applied, lower case.

    Raises:
        UnsupportedCoding: A coding is unknown, or its library not installed.

    >>> import zlib
    >>> encoder = ContentEncoder("deflate", zlib=zlib)
    >>> encoder.encode(b"shore") + encoder.finish()
    b'x\x9c+\xce\xc8/J\x05\x00\x06i\x02\x1e'
    """

    def __init__(self, content_encoding: str, *, zlib: ZlibBackend | None = None) -> None:
        names = [name.lower() for name in split_list(content_encoding)]
        self.codings = tuple(name for name in names if name != "identity")
        self._compressors = [_compressor_for(name, zlib) for name in self.codings]

    def encode(self, data: bytes) -> bytes:
        """Return the encoded bytes that are ready after `data`, often none."""
        for compressor in self._compressors:
            data = compressor.compress(data)
        return data

    def finish(self) -> bytes:
        """Return the rest; nothing can be encoded after it."""
        rest = b""
        for compressor in self._compressors:
            rest = (compressor.compress(rest) if rest else b"") + compressor.flush()
        return rest


def _compressor_for(name: str, zlib: ZlibBackend | None) -> Compressor:
    if name in _WINDOWS:
        return (zlib or zlib_backend()).compressobj(wbits=_WINDOWS[name])
    if name == "br" and (brotli := brotli_backend()) is not None:
        return _Brotli(brotli.Compressor())
    if name == "zstd" and (zstd := zstd_backend()) is not None:
        return cast("Compressor", zstd.ZstdCompressor())
    raise UnsupportedCoding(name)
