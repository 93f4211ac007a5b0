"""Undo content codings (RFC 9110 section 8.4) in steps of bounded size, and apply them.

A decoder never holds more than what was fed and one step of each coding; what a body decodes to is
limited by whoever pulls.
"""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final, cast

from whimbrel_http1._codings import (
    BrotliStage,
    InflateStage,
    ZstdStage,
    brotli_backend,
    zlib_backend,
    zstd_backend,
)
from whimbrel_http1._grammar import split_list
from whimbrel_http1.errors import ContentDecodingError, UnsupportedCoding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whimbrel_http1._codings import Compressor, Stage, ZlibBackend

__all__ = ["ContentDecoder", "ContentEncoder", "supported_codings"]

# The codings that zlib makes, and how wide its window is for each.
_WINDOWS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class ContentDecoder:
    r"""Decode the content of one message.

    Args:
        content_encoding: The value of Content-Encoding: codings in the order they were applied.
            `""` and `"identity"` decode nothing.
        max_step_bytes: The longest piece that `decode` yields.
        max_codings: Codings in a row.
        max_members: Members of one gzip stream, or frames of one zstd stream.
        max_ratio: Decoded bytes for each byte fed, once `ratio_from_bytes` were decoded; None for no
            bound. deflate cannot exceed 1032; br, zstd and chains can, and then it is an attack.
        ratio_from_bytes: Decoded bytes that are never held against the ratio.
        zlib: The module that undoes gzip and deflate; by default the fastest that is importable of
            zlib-ng, ISA-L and the standard library's.

    Attributes:
        codings: The codings that are undone, in the order they were applied, lower case.

    Raises:
        ContentDecodingError: A coding is unknown or its library not installed, or there are too many.

    >>> decoder = ContentDecoder("deflate")
    >>> b"".join(decoder.decode(b"x\x9c+\xce\xc8/J\x05\x00\x06i\x02\x1e"))
    b'shore'
    >>> decoder.finish()
    """

    def __init__(
        self,
        content_encoding: str,
        *,
        max_step_bytes: int = 65536,
        max_codings: int = 5,
        max_members: int = 10_000,
        max_ratio: float | None = 2000.0,
        ratio_from_bytes: int = 16 * 1024 * 1024,
        zlib: ZlibBackend | None = None,
    ) -> None:
        if max_step_bytes < 1:
            raise ValueError(f"max_step_bytes must be at least 1, not {max_step_bytes}")
        names = [name.lower() for name in split_list(content_encoding)]
        if len(names) > max_codings:
            raise ContentDecodingError(content_encoding, f"there are more than {max_codings} codings")
        self.codings = tuple(name for name in names if name != "identity")
        # The coding applied last is undone first.
        self._stages = [_stage_for(name, max_members, zlib) for name in reversed(self.codings)]
        self._step_bytes = max_step_bytes
        self._max_ratio = max_ratio
        self._ratio_from = ratio_from_bytes
        self._fed = 0
        self._decoded = 0
        self._plain: deque[bytes] = deque()
        self._ready = memoryview(b"")  # decoded, longer than a step
        self._fault: ContentDecodingError | None = None

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Take `data` and return an iterator over what it decodes to.

        Each piece is decoded when it is asked for and no longer than `max_step_bytes`. Stop anywhere:
        what was not pulled comes first in the next iteration.

        Raises (while iterating):
            ContentDecodingError: The content is corrupt or exceeds a bound. All pieces before the fault
                come first; only br, zstd and ISA-L may withhold what their last kilobyte decodes to.
        """
        if data and self._fault is None:
            self._fed += len(data)
            if self._stages:
                self._stages[0].push(data)
            else:
                self._plain.append(data)
        return self._pieces()

    def finish(self) -> None:
        """Check that the content ended where its codings end.

        Raises:
            ContentDecodingError: It is cut short, or was found faulty before.
        """
        if self._fault is not None:
            raise self._fault
        if self._next_piece():
            raise ContentDecodingError(", ".join(self.codings), "decoded content was not taken")
        for stage, coding in zip(self._stages, reversed(self.codings), strict=True):
            if not stage.complete:
                raise ContentDecodingError(coding, "cut short")

    def _pieces(self) -> Iterator[bytes]:
        while piece := self._next_piece():
            yield piece

    def _next_piece(self) -> bytes:
        """Return the next piece, nothing when more input is needed."""
        if self._fault is None and not self._ready:
            self._ready = memoryview(b"")  # what was taken whole is let go before more is made
            try:
                self._ready = memoryview(self._pull(len(self._stages) - 1))
            except ContentDecodingError as fault:
                self._fault = fault
        if self._fault is not None:
            raise self._fault
        step, self._ready = self._ready[: self._step_bytes], self._ready[self._step_bytes :]
        self._check_ratio(len(step))
        whole = step.obj
        # Most output is no longer than a step: no need to copy it.
        return whole if isinstance(whole, bytes) and len(whole) == len(step) else bytes(step)

    def _pull(self, index: int) -> bytes:
        """Return output of the stage at `index`, feeding it from the one before as long as it asks."""
        if index < 0:
            return self._plain.popleft() if self._plain else b""
        stage = self._stages[index]
        while True:
            output = stage.pull(self._step_bytes)
            if output or index == 0:
                return output
            source = self._pull(index - 1)
            if not source:
                return b""
            stage.push(source)

    def _check_ratio(self, size: int) -> None:
        self._decoded += size
        bound = self._max_ratio
        if bound is None or not self.codings or self._decoded <= max(self._ratio_from, bound * self._fed):
            return
        self._fault = ContentDecodingError(
            ", ".join(self.codings), f"content grows more than {bound:g} times"
        )
        raise self._fault


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


def supported_codings() -> tuple[str, ...]:
    """Return the codings that can be decoded here, in order of preference, for Accept-Encoding."""
    codings = ["gzip", "deflate"]
    if brotli_backend() is not None:
        codings.append("br")
    if zstd_backend() is not None:
        codings.append("zstd")
    return tuple(codings)


def _stage_for(name: str, max_members: int, zlib: ZlibBackend | None) -> Stage:
    if name in _WINDOWS:
        return InflateStage(name.removeprefix("x-"), max_members, zlib)
    if name == "br" and (brotli := brotli_backend()) is not None:
        return BrotliStage(brotli)
    if name == "zstd" and (zstd := zstd_backend()) is not None:
        return ZstdStage(zstd, max_members)
    known = name in {"br", "zstd"}
    raise ContentDecodingError(name, "no library for it is installed" if known else "unknown")


def _compressor_for(name: str, zlib: ZlibBackend | None) -> Compressor:
    if name in _WINDOWS:
        return (zlib or zlib_backend()).compressobj(wbits=_WINDOWS[name])
    if name == "br" and (brotli := brotli_backend()) is not None:
        compressor = brotli.Compressor()
        process = getattr(compressor, "process", None) or getattr(compressor, "compress", None)
        finish = compressor.finish  # type: ignore[attr-defined]  # all three have it
        return cast("Compressor", SimpleNamespace(compress=process, flush=finish))
    if name == "zstd" and (zstd := zstd_backend()) is not None:
        return cast("Compressor", zstd.ZstdCompressor())
    raise UnsupportedCoding(name)
