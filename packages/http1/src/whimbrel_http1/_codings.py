"""Undo one content coding: gzip or deflate (RFC 1952, 1950 and 1951), br (RFC 7932), zstd (RFC 8878).

Libraries are looked for when first needed.
"""

from __future__ import annotations

import importlib
import zlib
from abc import abstractmethod
from collections import deque
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from whimbrel_http1.errors import ContentDecodingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

__all__ = [
    "BrotliBackend",
    "BrotliStage",
    "Compressor",
    "InflateStage",
    "PendingInput",
    "Stage",
    "ZlibBackend",
    "ZstdBackend",
    "ZstdStage",
    "brotli_backend",
    "first_importable",
    "set_zlib_backend",
    "zlib_backend",
    "zstd_backend",
]

_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31
_ZLIB_WINDOW: Final = 15
_RAW_WINDOW: Final = -15
# A receiver need not hold more than 8 MiB of a zstd window (RFC 9659 section 3).
_MAX_WINDOW_LOG: Final = 23
# What is fed at a time: the back end hands back a copy of what it did not use.
_STEP_BYTES: Final = 16384
# Back ends that lose what a failing call had decoded are fed no more than this,
_SLICE_BYTES: Final = 1024
# and those that cannot limit their output so little that it stays bearable. The 16 MiB that a block of br
# makes at most take 13 bytes of input; those of cffi have buffers a few times as long as what they are fed.
_CRUMB_BYTES: Final = 12
_BUFFERED_BYTES: Final = 64


def first_importable(*names: str) -> ModuleType | None:
    """Return the first of these modules that can be imported, None where none can."""
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:  # noqa: PERF203 -- a handful of names, once
            continue
    return None


class PendingInput:
    """Input that is not decoded yet, in pieces; what is left of one is a view, so the work is linear.

    False when nothing is left.
    """

    def __init__(self) -> None:
        self._pieces: deque[bytes | memoryview] = deque()

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def push(self, data: bytes) -> None:
        """Add `data` behind what is there."""
        if data:
            self._pieces.append(data)

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer where fewer are there; they stay."""
        return b"".join(piece[:size] for piece in islice(self._pieces, size))[:size]

    def take(self, size: int) -> bytes:
        """Return some of the next bytes, `size` at most, and pass over them."""
        if not self._pieces:
            return b""
        piece = self._pieces.popleft()
        if len(piece) > size:
            view = memoryview(piece)
            self._pieces.appendleft(view[size:])
            piece = view[:size]
        return bytes(piece)

    def put_back(self, data: bytes) -> None:
        """Go back over `data`, the bytes that were taken last."""
        if data:
            self._pieces.appendleft(data)

    def clear(self) -> None:
        """Drop everything."""
        self._pieces.clear()


class Stage:
    """One coding being undone: bytes are pushed in, and pulled out in bounded steps; a subclass takes them.

    Args:
        coding: Its name.
        max_members: How many streams may follow one another.
        errors: What the library raises where the input is corrupt.
    """

    def __init__(self, coding: str, max_members: int, errors: type[Exception]) -> None:
        self._coding = coding
        self._errors = errors
        self._max_members = max_members
        self._members = 0
        self._input = PendingInput()
        self._open = False  # a member has begun and not ended
        self._more = False  # output may wait inside

    def push(self, data: bytes) -> None:
        """Add input behind what is not decoded yet."""
        self._input.push(data)

    @property
    def complete(self) -> bool:
        """Whether the input ended where the coding says it ends, or never began."""
        return not self._open and not self._input

    def pull(self, limit_bytes: int) -> bytes:
        """Return about `limit_bytes` of output at most, nothing when more input is needed.

        Raises:
            ContentDecodingError: The input is corrupt; what precedes the fault was returned before.
        """
        while self._input or self._more:
            try:
                output = self._step(limit_bytes)
            except self._errors as error:
                raise self._corrupt(error) from error
            if output is None:
                break
            if output:
                return output
        return b""

    @abstractmethod
    def _step(self, limit_bytes: int) -> bytes | None:
        """Return the output of some input, maybe none; None when more input is needed."""

    def _begin_member(self) -> None:
        self._members += 1
        if self._members > self._max_members:
            raise ContentDecodingError(self._coding, f"there are more than {self._max_members} members")
        self._open = True

    def _corrupt(self, error: Exception) -> ContentDecodingError:
        return ContentDecodingError(self._coding, f"corrupt: {error}")


# gzip and deflate.


class Decompressor(Protocol):
    """What `decompressobj` returns."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


class _Copyable(Decompressor, Protocol):
    def copy(self) -> _Copyable: ...


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
    """Return the module that was chosen, or the fastest that is here: zlib-ng or ISA-L, else zlib."""
    if _Chosen.backend is not None:
        return _Chosen.backend
    return cast("ZlibBackend", first_importable("zlib_ng.zlib_ng", "isal.isal_zlib") or zlib)


class InflateStage(Stage):
    """Decode gzip (any number of members up to a bound) or deflate (with or without zlib's wrapper).

    Bytes after the compressed data that do not begin another gzip member are ignored, as other
    clients do: servers pad.
    """

    def __init__(self, coding: str, max_members: int, backend: ZlibBackend | None = None) -> None:
        self._backend = backend or zlib_backend()
        super().__init__(coding, max_members, self._backend.error)
        self._decompressor: Decompressor | None = None
        self._padding = False
        self._fault: ContentDecodingError | None = None

    def push(self, data: bytes) -> None:
        """Add input behind what is not decoded yet."""
        if not self._padding:
            self._input.push(data)

    def _step(self, limit_bytes: int) -> bytes | None:
        if self._fault is not None:
            raise self._fault
        decompressor = self._decompressor or self._open_member()
        if decompressor is None:
            return None
        copy = getattr(decompressor, "copy", None)
        data = self._input.take(_STEP_BYTES if copy else _SLICE_BYTES)
        saved: _Copyable | None = copy() if copy else None
        try:
            output = decompressor.decompress(data, limit_bytes)
        except self._errors as error:
            self._fault = self._corrupt(error)
            self._fault.__cause__ = error
            self._more = True  # the fault waits
            return _salvage(saved, data, self._errors) if saved is not None else b""
        if decompressor.eof:
            self._input.put_back(decompressor.unused_data)
            self._decompressor, self._open, self._more = None, False, False
        else:
            self._input.put_back(decompressor.unconsumed_tail)
            self._more = len(output) >= limit_bytes
        return output

    def _open_member(self) -> Decompressor | None:
        """Open the member that the input begins with; None while that is not clear, or with padding."""
        start = self._input.peek(2)
        if len(start) < 2 and not (self._members and start != _GZIP_MAGIC[:1]):
            return None
        if self._members and (self._coding == "deflate" or start != _GZIP_MAGIC):
            self._padding = True
            self._input.clear()
            return None
        self._begin_member()
        self._decompressor = self._backend.decompressobj(self._window(start))
        return self._decompressor

    def _window(self, start: bytes) -> int:
        if self._coding != "deflate":
            return _GZIP_WINDOW
        # Half of the world sends bare deflate where zlib's wrapper was meant (RFC 9110 section 8.4.1.2).
        header = int.from_bytes(start, "big")
        wrapped = header >> 8 & 0x0F == 8 and header % 31 == 0
        return _ZLIB_WINDOW if wrapped else _RAW_WINDOW


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


# br, with Brotli, brotlicffi or brotlipy.


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


class BrotliStage(Stage):
    """Decode one br stream."""

    def __init__(self, backend: BrotliBackend) -> None:
        # Brotli's name, and brotlipy's.
        error = getattr(backend, "error", None) or getattr(backend, "Error", Exception)
        super().__init__("br", 1, cast("type[Exception]", error))
        self._decompressor = backend.Decompressor()
        self._limits = hasattr(self._decompressor, "can_accept_more_data")

    @property
    def complete(self) -> bool:
        """Whether the stream has ended, or never began."""
        if not self._open:
            return not self._input
        finished = getattr(self._decompressor, "is_finished", None)
        if finished is not None:
            return bool(finished())
        try:  # brotlipy says it by raising, one error or the other
            self._decompressor.finish()  # type: ignore[attr-defined]  # the oldest of the three has it
        except (self._errors, AssertionError):
            return False
        return True

    def _step(self, limit_bytes: int) -> bytes:
        self._open = True
        if not self._limits:
            step, few_bytes = getattr(self._decompressor, "decompress", None), _BUFFERED_BYTES
            if step is None:
                step, few_bytes = getattr(self._decompressor, "process", None), _CRUMB_BYTES
            return cast("Callable[[bytes], bytes]", step)(self._input.take(few_bytes))
        decompressor = cast("_Limited", self._decompressor)
        data = b"" if self._more else self._input.take(_SLICE_BYTES)
        output = decompressor.process(data, output_buffer_limit=limit_bytes)
        # Output may wait inside even when more input would be accepted: ask until nothing comes.
        self._more = bool(output) or not decompressor.can_accept_more_data()
        return output


# zstd, with the standard library, or with backports.zstd before Python 3.14.


class _ZstdDecompressor(Protocol):
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
    ZstdDecompressor: Callable[..., _ZstdDecompressor]
    ZstdCompressor: Callable[[], object]


@cache
def zstd_backend() -> ZstdBackend | None:
    """Return the module, None where there is none."""
    return cast("ZstdBackend | None", first_importable("compression.zstd", "backports.zstd"))


class ZstdStage(Stage):
    """Decode zstd, any number of frames up to a bound."""

    def __init__(self, backend: ZstdBackend, max_members: int) -> None:
        super().__init__("zstd", max_members, backend.ZstdError)
        self._backend = backend
        self._decompressor: _ZstdDecompressor | None = None

    def _step(self, limit_bytes: int) -> bytes:
        decompressor = self._decompressor or self._open_frame()
        data = self._input.take(_SLICE_BYTES) if decompressor.needs_input else b""
        output = decompressor.decompress(data, limit_bytes)
        if decompressor.eof:
            self._input.put_back(decompressor.unused_data)
            self._decompressor, self._open, self._more = None, False, False
        else:
            self._more = not decompressor.needs_input
        return output

    def _open_frame(self) -> _ZstdDecompressor:
        self._begin_member()
        options = {self._backend.DecompressionParameter.window_log_max: _MAX_WINDOW_LOG}
        self._decompressor = self._backend.ZstdDecompressor(options=options)
        return self._decompressor
