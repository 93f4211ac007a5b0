"""br through libraries of three ages: one that limits its output, and two that cannot."""

from __future__ import annotations

import types
from typing import Any, cast

import pytest

from whimbrel_http1 import ContentDecoder, ContentDecodingError
from whimbrel_http1._codings import BrotliBackend, BrotliStage

brotli: Any = pytest.importorskip("brotli")
TEXT = b"".join(b"line %d\n" % number for number in range(3000))


class OldDecompressor:
    """What Brotli offered before its version 1.2."""

    def __init__(self) -> None:
        self._inner = brotli.Decompressor()

    def process(self, data: bytes) -> bytes:
        return cast("bytes", self._inner.process(data))

    def is_finished(self) -> bool:
        return cast("bool", self._inner.is_finished())


class OldestDecompressor:
    """What brotlipy offers; brotlicffi before its version 1.2 has both names."""

    def __init__(self) -> None:
        self._inner = brotli.Decompressor()

    def decompress(self, data: bytes) -> bytes:
        return cast("bytes", self._inner.process(data))

    def finish(self) -> bytes:
        if not self._inner.is_finished():
            raise brotli.error("unfinished")
        return b""


class AssertingDecompressor(OldestDecompressor):
    """brotlipy where output is due."""

    def finish(self) -> bytes:
        assert self._inner.is_finished()
        return b""


OLD = types.SimpleNamespace(error=brotli.error, Decompressor=OldDecompressor)
OLDEST = types.SimpleNamespace(Error=brotli.error, Decompressor=OldestDecompressor)
ASSERTING = types.SimpleNamespace(Error=brotli.error, Decompressor=AssertingDecompressor)


@pytest.fixture(params=[brotli, OLD, OLDEST, ASSERTING], ids=["limited", "old", "oldest", "asserting"])
def backend(request: pytest.FixtureRequest) -> BrotliBackend:
    return cast("BrotliBackend", request.param)


@pytest.mark.parametrize("piece_bytes", [1, 100, 10**6])
def test_br_is_decoded(backend: BrotliBackend, piece_bytes: int) -> None:
    wire = brotli.compress(TEXT)
    stage = BrotliStage(backend)
    assert stage.complete
    out = b""
    for start in range(0, len(wire), piece_bytes):
        stage.push(wire[start : start + piece_bytes])
        while piece := stage.pull(1000):
            out += piece
    assert out == TEXT
    assert stage.complete


def test_br_cut_short_is_not_complete(backend: BrotliBackend) -> None:
    stage = BrotliStage(backend)
    stage.push(brotli.compress(TEXT)[:-1])
    while stage.pull(1000):
        pass
    assert not stage.complete


def test_corrupt_br_is_an_error(backend: BrotliBackend) -> None:
    stage = BrotliStage(backend)
    stage.push(b"\xff" * 100)
    with pytest.raises(ContentDecodingError, match="br"):
        stage.pull(1000)


class Output(bytes):
    """Bytes that are counted as long as somebody has them."""

    alive = 0

    def __init__(self, content: bytes) -> None:
        type(self).alive += len(content)

    def __del__(self) -> None:
        type(self).alive -= len(self)


class Frugal(OldDecompressor):
    """An old one, minding how much it is asked for."""

    def process(self, data: bytes) -> bytes:
        assert len(data) < 13, "may decode to more than a block of 16 MiB"
        assert Output.alive <= 200, "what was decoded before is still kept"  # two short pieces may be in use
        return Output(super().process(data))


def test_what_cannot_limit_its_output_is_fed_little_and_its_output_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend = types.SimpleNamespace(error=brotli.error, Decompressor=Frugal)
    monkeypatch.setattr("whimbrel_http1.content.brotli_backend", lambda: backend)
    decoder = ContentDecoder("br", max_step_bytes=100)
    compressor = brotli.Compressor()
    wire = b"".join(compressor.process(TEXT) + compressor.flush() for _ in range(3)) + compressor.finish()
    content = bytearray()
    for piece in decoder.decode(wire):
        content += piece
    decoder.finish()
    assert content == TEXT * 3
