"""The module that does the work of gzip and deflate: zlib-ng or ISA-L where one is importable, else zlib."""

from __future__ import annotations

import zlib
from functools import cache
from typing import Protocol, cast

from whimbrel_http1._backend import first_importable

__all__ = ["Compressor", "Decompressor", "ZlibBackend", "set_zlib_backend", "zlib_backend"]


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


class _Chosen:
    backend: ZlibBackend | None = None


def set_zlib_backend(new_zlib_backend: ZlibBackend | None) -> None:
    """Let a module of your choice do the work, wherever nothing else is asked for, from now on.

    Args:
        new_zlib_backend: The module; None for the fastest that is here, as it is by default.
    """
    _Chosen.backend = new_zlib_backend
    zlib_backend.cache_clear()


@cache
def zlib_backend() -> ZlibBackend:
    """Return the module that was chosen, or the fastest that is here; looked for when first needed."""
    if _Chosen.backend is not None:
        return _Chosen.backend
    return cast("ZlibBackend", first_importable("zlib_ng.zlib_ng", "isal.isal_zlib") or zlib)
