"""The module that does the work of gzip and deflate: zlib-ng or ISA-L where one is importable, else zlib."""

from __future__ import annotations

import zlib
from functools import cache
from typing import Protocol, cast

from whimbrel_http1._backend import first_importable

__all__ = ["Compressor", "Decompressor", "ZlibBackend", "zlib_backend"]


class Decompressor(Protocol):
    """What `decompressobj` returns."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


class Compressor(Protocol):
    """What `compressobj` returns."""

    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class ZlibBackend(Protocol):
    """A module with zlib's interface, as zlib, `zlib_ng.zlib_ng` and `isal.isal_zlib` have it."""

    @property
    def error(self) -> type[Exception]: ...
    def decompressobj(self, wbits: int, /) -> Decompressor: ...
    def compressobj(self, *, wbits: int) -> Compressor: ...


@cache
def zlib_backend() -> ZlibBackend:
    """Return the fastest module with zlib's interface; looked for when first needed."""
    return cast("ZlibBackend", first_importable("zlib_ng.zlib_ng", "isal.isal_zlib") or zlib)
