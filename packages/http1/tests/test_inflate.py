"""gzip and deflate through every back end that is importable."""

from __future__ import annotations

import gzip
import importlib
import zlib
from typing import Any, cast

import pytest

from whimbrel_http1 import ContentDecodingError, ZlibBackend
from whimbrel_http1._codings import InflateStage

TEXT = b"".join(b"line %d\n" % number for number in range(3000))


@pytest.fixture(params=["zlib", "zlib_ng.zlib_ng", "isal.isal_zlib"])
def backend(request: pytest.FixtureRequest) -> ZlibBackend:
    return cast("ZlibBackend", pytest.importorskip(request.param))


def pull_all(stage: InflateStage, limit_bytes: int = 1000, *, corrupt: bool = False) -> bytes:
    """Return all output; with `corrupt`, insist on an error at its end."""
    out = b""
    try:
        while piece := stage.pull(limit_bytes):
            out += piece
    except ContentDecodingError as error:
        if corrupt and "corrupt" in str(error):
            return out
        raise
    if corrupt:
        pytest.fail("the corruption was not noticed")
    return out


@pytest.mark.parametrize("piece_bytes", [1, 100, 10**6])
@pytest.mark.parametrize(
    "wire",
    [gzip.compress(TEXT, mtime=0), gzip.compress(TEXT[:100], mtime=0) + gzip.compress(TEXT[100:], mtime=0)],
)
def test_gzip_is_decoded(backend: ZlibBackend, wire: bytes, piece_bytes: int) -> None:
    stage = InflateStage("gzip", 10, backend)
    out = b""
    for start in range(0, len(wire), piece_bytes):
        stage.push(wire[start : start + piece_bytes])
        out += pull_all(stage)
    assert out == TEXT
    assert stage.complete


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_content_before_corruption_comes_first(backend: ZlibBackend, place: float) -> None:
    wire = bytearray(zlib.compress(TEXT))
    middle = int(len(wire) * place)
    wire[middle : middle + 40] = b"\xff" * 40
    stage = InflateStage("deflate", 1, backend)
    stage.push(bytes(wire))
    out = pull_all(stage, 10**6, corrupt=True)
    assert not stage.complete
    if hasattr(backend.decompressobj(15), "copy"):
        assert out[:100] == TEXT[:100]


def test_a_checksum_is_checked_after_the_content(backend: ZlibBackend) -> None:
    wire = bytearray(gzip.compress(TEXT))
    wire[-6] ^= 1
    stage = InflateStage("gzip", 1, backend)
    stage.push(bytes(wire))
    out = pull_all(stage, 10**6, corrupt=True)
    assert TEXT.startswith(out)
    if hasattr(backend.decompressobj(31), "copy"):
        assert out == TEXT


def test_the_standard_library_is_always_there() -> None:
    assert importlib.import_module("zlib") is zlib


class Recording:
    """zlib, with a record of how much each call was given."""

    error = zlib.error

    def __init__(self) -> None:
        self.given: list[int] = []

    def decompressobj(self, wbits: int) -> Any:
        inner = zlib.decompressobj(wbits)
        record = self.given

        class Recorded:
            eof = property(lambda _: inner.eof)
            unused_data = property(lambda _: inner.unused_data)
            unconsumed_tail = property(lambda _: inner.unconsumed_tail)

            def copy(self) -> Any:
                return inner.copy()

            def decompress(self, data: bytes, max_length: int = 0) -> bytes:
                record.append(len(data))
                return inner.decompress(data, max_length)

        return Recorded()


@pytest.mark.parametrize("wire", [gzip.compress(TEXT * 50, 0, mtime=0), gzip.compress(TEXT, mtime=0) * 200])
def test_a_long_piece_is_fed_in_short_slices(wire: bytes) -> None:
    # What is not used comes back as a copy: of slices that makes linear work, of the piece quadratic.
    backend = Recording()
    stage = InflateStage("gzip", 1000, cast("ZlibBackend", backend))
    stage.push(wire)
    assert pull_all(stage, 4096) == gzip.decompress(wire)
    assert max(backend.given) <= 16384 < len(wire)
