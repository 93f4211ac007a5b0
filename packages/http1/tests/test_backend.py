"""Optional libraries: the first that is there is taken, and nothing is missed where none is."""

from __future__ import annotations

import gzip
import sys
import types
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from whimbrel_http1 import (
    ContentDecoder,
    ContentDecodingError,
    ContentEncoder,
    UnsupportedCoding,
    supported_codings,
)
from whimbrel_http1._codings import (
    brotli_backend,
    first_importable,
    set_zlib_backend,
    zlib_backend,
    zstd_backend,
)

FINDERS = (brotli_backend, zlib_backend, zstd_backend)


@pytest.fixture(autouse=True)
def looked_for_anew() -> Iterator[None]:
    for finder in FINDERS:
        finder.cache_clear()
    yield
    for finder in FINDERS:
        finder.cache_clear()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "brotli",
        "brotlicffi",
        "compression.zstd",
        "backports.zstd",
        "zlib_ng.zlib_ng",
        "isal.isal_zlib",
    ):
        monkeypatch.setitem(sys.modules, name, None)  # an import of it fails


def test_the_first_importable_module_is_taken() -> None:
    assert first_importable("no_such_nest", "json", "zlib") is sys.modules["json"]
    assert first_importable("no_such_nest") is None
    assert first_importable() is None


@pytest.mark.usefixtures("bare")
def test_without_libraries_there_are_gzip_and_deflate() -> None:
    assert supported_codings() == ("gzip", "deflate")
    wire = ContentEncoder("gzip")
    assert b"".join(ContentDecoder("gzip").decode(wire.encode(b"egg") + wire.finish())) == b"egg"


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_a_coding_without_its_library_is_refused_by_name(coding: str) -> None:
    with pytest.raises(ContentDecodingError, match=f"'{coding}': no library"):
        ContentDecoder(coding)
    with pytest.raises(UnsupportedCoding, match=coding):
        ContentEncoder(coding)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("name", ["compression.zstd", "backports.zstd"])
def test_zstd_comes_with_python_or_with_a_backport(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Nothing:
        """The decoder and the encoder of content that is empty."""

        eof = False
        needs_input = True

        def __init__(self, options: object = None) -> None:
            self.options = options

        def compress(self, data: bytes) -> bytes:
            return data

        def flush(self) -> bytes:
            return b""

    module = types.SimpleNamespace(ZstdDecompressor=Nothing, ZstdCompressor=Nothing, ZstdError=ValueError)
    monkeypatch.setitem(sys.modules, name, module)
    assert supported_codings() == ("gzip", "deflate", "zstd")
    assert ContentEncoder("zstd").finish() == b""
    decoder = ContentDecoder("zstd")
    assert list(decoder.decode(b"")) == []
    decoder.finish()


def test_the_module_that_undoes_gzip_may_be_chosen() -> None:
    opened: list[int] = []

    class Counting:
        error = zlib.error

        @staticmethod
        def decompressobj(wbits: int, /) -> Any:
            opened.append(wbits)
            return zlib.decompressobj(wbits)

        @staticmethod
        def compressobj(*, wbits: int) -> Any:
            return zlib.compressobj(wbits=wbits)

    set_zlib_backend(Counting())
    try:
        assert b"".join(ContentDecoder("gzip").decode(gzip.compress(b"egg"))) == b"egg"
    finally:
        set_zlib_backend(None)
    assert opened == [31]
    set_zlib_backend(zlib)
    set_zlib_backend(None)
    assert not isinstance(zlib_backend(), Counting)
