"""zstd, any number of frames, through the real library where there is one and a stand-in where not."""

from __future__ import annotations

import types
import zlib
from typing import Any, cast

import pytest

from whimbrel_http1 import ContentDecodingError
from whimbrel_http1._codings import ZstdBackend, ZstdStage, zstd_backend

TEXT = b"".join(b"line %d\n" % number for number in range(3000))


class StandInDecompressor:
    """The interface of `compression.zstd` over deflate: it keeps what it could not decode yet."""

    def __init__(self, options: dict[object, int]) -> None:
        self.options = options
        self._inner = zlib.decompressobj()
        self._kept = b""
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        output = self._inner.decompress(self._kept + data, max_length)
        self._kept = self._inner.unconsumed_tail
        self.needs_input = not self._kept and len(output) < max_length
        return output


STAND_IN: Any = types.SimpleNamespace(
    ZstdError=zlib.error,
    DecompressionParameter=types.SimpleNamespace(window_log_max=1),
    ZstdDecompressor=StandInDecompressor,
    compress=zlib.compress,
)


@pytest.fixture(params=["the library", "a stand-in"])
def backend(request: pytest.FixtureRequest) -> Any:
    found = zstd_backend() if request.param == "the library" else STAND_IN
    if found is None:
        pytest.skip("no zstd library is installed")
    return found


def pull_all(stage: ZstdStage, limit_bytes: int = 1000) -> bytes:
    out: list[bytes] = []
    while piece := stage.pull(limit_bytes):
        assert len(piece) <= limit_bytes
        out.append(piece)
    return b"".join(out)


@pytest.mark.parametrize("piece_bytes", [1, 100, 10**6])
@pytest.mark.parametrize("limit_bytes", [10, 1000, 10**6])
def test_zstd_is_decoded(backend: Any, piece_bytes: int, limit_bytes: int) -> None:
    wire = backend.compress(TEXT)
    stage = ZstdStage(cast("ZstdBackend", backend), 1)
    assert stage.complete
    out = b""
    for start in range(0, len(wire), piece_bytes):
        assert stage.complete == (start == 0)
        stage.push(wire[start : start + piece_bytes])
        out += pull_all(stage, limit_bytes)
    assert out == TEXT
    assert stage.complete


@pytest.mark.parametrize("limit_bytes", [10, 1000])
def test_frames_follow_one_another_up_to_a_bound(backend: Any, limit_bytes: int) -> None:
    wire = backend.compress(b"whim") + backend.compress(b"") + backend.compress(TEXT)
    stage = ZstdStage(cast("ZstdBackend", backend), 3)
    stage.push(wire)
    assert pull_all(stage, limit_bytes) == b"whim" + TEXT
    assert stage.complete
    stage.push(wire)
    with pytest.raises(ContentDecodingError, match="more than 3 members"):
        stage.pull(limit_bytes)


def test_zstd_cut_short_is_not_complete(backend: Any) -> None:
    stage = ZstdStage(cast("ZstdBackend", backend), 1)
    stage.push(backend.compress(TEXT)[:-1])
    pull_all(stage)
    assert not stage.complete


def test_corrupt_zstd_is_an_error(backend: Any) -> None:
    stage = ZstdStage(cast("ZstdBackend", backend), 1)
    stage.push(b"\xff" * 100)
    with pytest.raises(ContentDecodingError, match="zstd"):
        stage.pull(1000)
