"""Undo gzip and deflate (RFC 1952, RFC 1950, RFC 1951; RFC 9110 sections 8.4.1.2 and 8.4.1.3).

zlib-ng or ISA-L do the work where one of them is importable, else the standard library.
"""

from __future__ import annotations

import zlib
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol, cast

from whimbrel_http1._backend import first_importable
from whimbrel_http1._stage import SLICE_BYTES, PendingInput
from whimbrel_http1.errors import ContentDecodingError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["InflateBackend", "InflateStage", "inflate_backend"]

_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31
_ZLIB_WINDOW: Final = 15
_RAW_WINDOW: Final = -15
# What is fed at a time: the back end hands back a copy of what it did not use.
_STEP_BYTES: Final = 16384


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


class _Copyable(_Decompressor, Protocol):
    def copy(self) -> _Copyable: ...


class InflateBackend(Protocol):
    """What zlib, zlib-ng and ISA-L have in common."""

    error: type[Exception]
    decompressobj: Callable[[int], _Decompressor]


@cache
def inflate_backend() -> InflateBackend:
    """Return the fastest module with zlib's interface; looked for when first needed."""
    return cast("InflateBackend", first_importable("zlib_ng.zlib_ng", "isal.isal_zlib") or zlib)


class InflateStage:
    """Decode gzip (any number of members up to a bound) or deflate (with or without zlib's wrapper).

    Bytes after the compressed data that do not begin another gzip member are ignored, as other
    clients do: servers pad.
    """

    def __init__(self, coding: str, max_members: int, backend: InflateBackend | None = None) -> None:
        self._backend = backend or inflate_backend()
        self._coding = coding
        self._max_members = max_members
        self._members = 0
        self._input = PendingInput()
        self._more = False  # the last step was cut by its limit: output may wait inside
        self._decompressor: _Decompressor | None = None
        self._padding = False
        self._fault: ContentDecodingError | None = None

    def push(self, data: bytes) -> None:
        """Add input behind what is not decoded yet."""
        if not self._padding:
            self._input.push(data)

    @property
    def complete(self) -> bool:
        """Whether no member is open."""
        return self._decompressor is None and (self._padding or not self._input)

    def pull(self, limit_bytes: int) -> bytes:
        """Return at most `limit_bytes` of output, nothing when more input is needed."""
        while self._input or self._more or self._fault:
            if self._fault is not None:
                raise self._fault
            decompressor = self._decompressor or self._begin_member()
            if decompressor is None:
                return b""
            output = self._step(decompressor, limit_bytes)
            if output:
                return output
        return b""

    def _begin_member(self) -> _Decompressor | None:
        """Open the member that the input begins with; None while that is not clear, or with padding."""
        start = self._input.peek(2)
        if len(start) < 2 and not (self._members and start != _GZIP_MAGIC[:1]):
            return None
        if self._members and (self._coding == "deflate" or start != _GZIP_MAGIC):
            self._padding = True
            self._input.clear()
            return None
        self._members += 1
        if self._members > self._max_members:
            raise ContentDecodingError(self._coding, f"there are more than {self._max_members} members")
        self._decompressor = self._backend.decompressobj(self._window(start))
        return self._decompressor

    def _window(self, start: bytes) -> int:
        if self._coding != "deflate":
            return _GZIP_WINDOW
        # Half of the world sends bare deflate where zlib's wrapper was meant (RFC 9110 section 8.4.1.2).
        header = int.from_bytes(start, "big")
        wrapped = header >> 8 & 0x0F == 8 and header % 31 == 0
        return _ZLIB_WINDOW if wrapped else _RAW_WINDOW

    def _step(self, decompressor: _Decompressor, limit_bytes: int) -> bytes:
        copy = getattr(decompressor, "copy", None)
        data = self._input.take(_STEP_BYTES if copy else SLICE_BYTES)
        saved: _Copyable | None = copy() if copy else None
        try:
            output = decompressor.decompress(data, limit_bytes)
        except self._backend.error as error:
            self._fault = ContentDecodingError(self._coding, f"corrupt: {error}")
            self._fault.__cause__ = error
            return _salvage(saved, data, self._backend.error) if saved is not None else b""
        if decompressor.eof:
            self._input.put_back(decompressor.unused_data)
            self._decompressor, self._more = None, False
        else:
            self._input.put_back(decompressor.unconsumed_tail)
            self._more = len(output) >= limit_bytes
        return output


def _salvage(decompressor: _Copyable, data: bytes, fault: type[Exception]) -> bytes:
    """Return what `data` decodes to before its fault, by trying ever smaller pieces of it."""
    outputs: list[bytes] = []
    size = len(data) // 2
    position = 0
    while size:
        trial = decompressor.copy()
        try:
            outputs.append(trial.decompress(data[position : position + size]))
        except fault:
            size //= 2
            continue
        decompressor, position = trial, position + size
    return b"".join(outputs)
