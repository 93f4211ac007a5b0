"""Undo br (RFC 7932) with Brotli, brotlicffi or brotlipy, whichever is importable first."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, Protocol, cast

from whimbrel_http1._backend import first_importable
from whimbrel_http1._stage import SLICE_BYTES, PendingInput
from whimbrel_http1.errors import ContentDecodingError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BrotliStage", "brotli_backend"]

# A back end that cannot limit its output gets so little input that one step stays bearable.
_CRUMB_BYTES: Final = 64


class BrotliBackend(Protocol):
    """What the three libraries have in common."""

    Decompressor: Callable[[], object]
    Compressor: Callable[[], object]


@cache
def brotli_backend() -> BrotliBackend | None:
    """Return the library, None without one; Brotli and brotlipy share the name `brotli`."""
    return cast("BrotliBackend | None", first_importable("brotli", "brotlicffi"))


class _Limited(Protocol):
    def process(self, data: bytes, *, output_buffer_limit: int) -> bytes: ...
    def can_accept_more_data(self) -> bool: ...


class BrotliStage:
    """Decode one br stream."""

    def __init__(self, backend: BrotliBackend) -> None:
        self._error = _error_of(backend)
        self._decompressor = backend.Decompressor()
        self._limits = hasattr(self._decompressor, "can_accept_more_data")
        self._input = PendingInput()
        self._begun = False
        self._more = False

    def push(self, data: bytes) -> None:
        """Add input behind what is not decoded yet."""
        self._input.push(data)
        self._begun = True

    @property
    def complete(self) -> bool:
        """Whether the stream has ended, or never began."""
        if not self._begun:
            return True
        finished = getattr(self._decompressor, "is_finished", None)
        if finished is not None:
            return bool(finished())
        try:  # brotlipy says it by raising
            self._decompressor.finish()  # type: ignore[attr-defined]  # the oldest of the three has it
        except self._error:
            return False
        return True

    def pull(self, limit_bytes: int) -> bytes:
        """Return about `limit_bytes` of output at most, nothing when more input is needed."""
        while self._input or self._more:
            try:
                output = self._limited(limit_bytes) if self._limits else self._unlimited()
            except self._error as error:
                raise ContentDecodingError("br", f"corrupt: {error}") from error
            if output:
                return output
        return b""

    def _limited(self, limit_bytes: int) -> bytes:
        decompressor = cast("_Limited", self._decompressor)
        data = b"" if self._more else self._input.take(SLICE_BYTES)
        output = decompressor.process(data, output_buffer_limit=limit_bytes)
        # Output may wait inside even when more input would be accepted: ask until nothing comes.
        self._more = bool(output) or not decompressor.can_accept_more_data()
        return output

    def _unlimited(self) -> bytes:
        crumb = self._input.take(_CRUMB_BYTES)
        decompressor = self._decompressor
        step = getattr(decompressor, "process", None) or getattr(decompressor, "decompress", None)
        return cast("Callable[[bytes], bytes]", step)(crumb)


def _error_of(backend: BrotliBackend) -> type[Exception]:
    # Brotli's name, and brotlipy's.
    return cast("type[Exception]", getattr(backend, "error", None) or getattr(backend, "Error", Exception))
