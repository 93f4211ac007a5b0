"""Undo gzip and deflate (RFC 1952, RFC 1950, RFC 1951; RFC 9110 sections 8.4.1.2 and 8.4.1.3)."""

from __future__ import annotations

from typing import Final, Protocol

from whimbrel_http1._stage import SLICE_BYTES, PendingInput
from whimbrel_http1._zlib import Decompressor, ZlibBackend, zlib_backend
from whimbrel_http1.errors import ContentDecodingError

__all__ = ["InflateStage"]

_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31
_ZLIB_WINDOW: Final = 15
_RAW_WINDOW: Final = -15
# What is fed at a time: the back end hands back a copy of what it did not use.
_STEP_BYTES: Final = 16384


class _Copyable(Decompressor, Protocol):
    def copy(self) -> _Copyable: ...


class InflateStage:
    """Decode gzip (any number of members up to a bound) or deflate (with or without zlib's wrapper).

    Bytes after the compressed data that do not begin another gzip member are ignored, as other
    clients do: servers pad.
    """

    def __init__(self, coding: str, max_members: int, backend: ZlibBackend | None = None) -> None:
        self._backend = backend or zlib_backend()
        self._coding = coding
        self._max_members = max_members
        self._members = 0
        self._input = PendingInput()
        self._more = False  # the last step was cut by its limit: output may wait inside
        self._decompressor: Decompressor | None = None
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

    def _begin_member(self) -> Decompressor | None:
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

    def _step(self, decompressor: Decompressor, limit_bytes: int) -> bytes:
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
