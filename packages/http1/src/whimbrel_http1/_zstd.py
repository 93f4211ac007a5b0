"""Undo zstd (RFC 8878) with the standard library, or with backports.zstd before Python 3.14."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from whimbrel_http1._backend import first_importable
from whimbrel_http1._stage import SLICE_BYTES, PendingInput
from whimbrel_http1.errors import ContentDecodingError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ZstdStage", "zstd_backend"]

# A receiver need not hold more than 8 MiB of window (RFC 9659 section 3).
_MAX_WINDOW_LOG: Final = 23


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class ZstdBackend(Protocol):
    """The part of `compression.zstd` that is used."""

    ZstdError: type[Exception]
    DecompressionParameter: Any
    ZstdDecompressor: Callable[..., _Decompressor]
    ZstdCompressor: Callable[[], object]


@cache
def zstd_backend() -> ZstdBackend | None:
    """Return the module, None where there is none."""
    return cast("ZstdBackend | None", first_importable("compression.zstd", "backports.zstd"))


class ZstdStage:
    """Decode zstd, any number of frames up to a bound."""

    def __init__(self, backend: ZstdBackend, max_members: int) -> None:
        self._backend = backend
        self._max_members = max_members
        self._members = 0
        self._decompressor: _Decompressor | None = None
        self._input = PendingInput()

    def push(self, data: bytes) -> None:
        """Add input behind what is not decoded yet."""
        self._input.push(data)

    @property
    def complete(self) -> bool:
        """Whether no frame is open."""
        return self._decompressor is None and not self._input

    def pull(self, limit_bytes: int) -> bytes:
        """Return at most `limit_bytes` of output, nothing when more input is needed."""
        while self._input or (self._decompressor is not None and not self._decompressor.needs_input):
            decompressor = self._decompressor or self._begin_frame()
            data = self._input.take(SLICE_BYTES) if decompressor.needs_input else b""
            try:
                output = decompressor.decompress(data, limit_bytes)
            except self._backend.ZstdError as error:
                raise ContentDecodingError("zstd", f"corrupt: {error}") from error
            if decompressor.eof:
                self._input.put_back(decompressor.unused_data)
                self._decompressor = None
            if output:
                return output
        return b""

    def _begin_frame(self) -> _Decompressor:
        self._members += 1
        if self._members > self._max_members:
            raise ContentDecodingError("zstd", f"there are more than {self._max_members} frames")
        options = {self._backend.DecompressionParameter.window_log_max: _MAX_WINDOW_LOG}
        self._decompressor = self._backend.ZstdDecompressor(options=options)
        return self._decompressor
