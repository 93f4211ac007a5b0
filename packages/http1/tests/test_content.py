"""Content codings undone: any cut, bounded steps, nothing lost before a fault."""

from __future__ import annotations

import gzip
import zlib
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_http1 import (
    ContentDecoder,
    ContentDecodingError,
    ContentEncoder,
    ParseError,
    UnsupportedCoding,
    ZlibBackend,
    supported_codings,
)
from whimbrel_http1._codings import Compressor, Decompressor, zlib_backend

TEXT = b"".join(b"line %d of a text that compresses well\n" % number for number in range(2000))
CHAINS = [
    *supported_codings(),
    "gzip, deflate",
    ", ".join((*supported_codings(), "gzip", "deflate")[:5]),
    "identity",
    "",
]


def encode(coding: str, content: bytes) -> bytes:
    encoder = ContentEncoder(coding)
    half = len(content) // 2
    return encoder.encode(content[:half]) + encoder.encode(content[half:]) + encoder.finish()


def decode(decoder: ContentDecoder, wire: bytes, piece_bytes: int) -> bytes:
    out = [
        piece
        for start in range(0, len(wire), piece_bytes)
        for piece in decoder.decode(wire[start : start + piece_bytes])
    ]
    decoder.finish()
    return b"".join(out)


@pytest.mark.parametrize("coding", CHAINS)
@pytest.mark.parametrize("piece_bytes", [1, 13, 4096, 10**7])
@pytest.mark.parametrize("step_bytes", [100, 65536])
def test_what_was_encoded_is_decoded_however_it_is_cut(
    coding: str, piece_bytes: int, step_bytes: int
) -> None:
    assert (
        decode(ContentDecoder(coding, max_step_bytes=step_bytes), encode(coding, TEXT), piece_bytes) == TEXT
    )


@given(st.binary(max_size=500), st.sampled_from(CHAINS), st.integers(1, 50), st.integers(1, 50))
def test_encode_then_decode_gives_the_same(
    content: bytes, coding: str, piece_bytes: int, step_bytes: int
) -> None:
    assert (
        decode(ContentDecoder(coding, max_step_bytes=step_bytes), encode(coding, content), piece_bytes)
        == content
    )


@pytest.mark.parametrize("coding", supported_codings())
def test_no_piece_is_longer_than_a_step(coding: str) -> None:
    decoder = ContentDecoder(coding, max_step_bytes=1000)
    sizes = [len(piece) for piece in decoder.decode(encode(coding, b"x" * 1_000_000))]
    assert sum(sizes) == 1_000_000
    assert max(sizes) <= 1000


@pytest.mark.parametrize("coding", supported_codings())
def test_a_bomb_is_decoded_only_as_far_as_it_is_pulled(coding: str) -> None:
    bomb = encode(coding, b"\0" * 50_000_000)
    pieces = ContentDecoder(coding, max_ratio=None).decode(bomb)
    assert len(next(pieces)) <= 65536


@pytest.mark.parametrize("coding", supported_codings())
def test_what_was_not_pulled_comes_first_next_time(coding: str) -> None:
    decoder = ContentDecoder(coding, max_step_bytes=1000)
    wire = encode(coding, TEXT)
    first = next(decoder.decode(wire[:500]), b"")  # zstd says nothing before its first block is whole
    assert first + b"".join(decoder.decode(wire[500:])) == TEXT


@pytest.mark.parametrize("coding", supported_codings())
def test_content_cut_short_is_an_error(coding: str) -> None:
    wire = encode(coding, TEXT)
    for cut in (1, 2, 5, len(wire) // 2, len(wire) - 1):
        decoder = ContentDecoder(coding)
        assert TEXT.startswith(b"".join(decoder.decode(wire[:cut])))
        with pytest.raises(ContentDecodingError, match="cut short"):
            decoder.finish()


def test_no_content_at_all_is_complete() -> None:
    for coding in CHAINS:
        decoder = ContentDecoder(coding)
        assert list(decoder.decode(b"")) == []
        decoder.finish()


def test_taking_less_than_everything_is_told_by_finish() -> None:
    decoder = ContentDecoder("gzip")
    decoder.decode(gzip.compress(b"egg"))
    with pytest.raises(ContentDecodingError, match="not taken"):
        decoder.finish()


def test_what_precedes_a_fault_is_yielded_first() -> None:
    wire = bytearray(gzip.compress(TEXT))
    wire[-6] ^= 1  # the checksum, after all of the content
    decoder = ContentDecoder("gzip", max_step_bytes=10**7)
    out: list[bytes] = []
    with pytest.raises(ContentDecodingError, match="corrupt") as refused:
        out.extend(decoder.decode(bytes(wire)))
    assert isinstance(refused.value, ParseError)
    if hasattr(zlib_backend().decompressobj(31), "copy"):
        assert b"".join(out) == TEXT
    else:
        assert TEXT.startswith(b"".join(out))
    with pytest.raises(ContentDecodingError):
        list(decoder.decode(b"more"))
    with pytest.raises(ContentDecodingError):
        decoder.finish()


@pytest.mark.parametrize("coding", supported_codings())
@given(noise=st.binary(min_size=1, max_size=60), place=st.integers(0, 60))
def test_arbitrary_bytes_give_content_or_one_error(coding: str, noise: bytes, place: int) -> None:
    good = encode(coding, b"egg" * 10)
    wire = good[:place] + noise + good[place:]
    outcomes: list[bytes | type[Exception]] = []
    for piece_bytes in (7, len(wire)):
        decoder = ContentDecoder(coding)
        try:
            outcomes.append(decode(decoder, wire, piece_bytes))
        except ContentDecodingError:
            outcomes.append(ContentDecodingError)
            with pytest.raises(ContentDecodingError):
                decoder.finish()
    assert outcomes[0] == outcomes[1]  # however it was cut


def test_gzip_may_have_many_members_and_padding() -> None:
    wire = b"".join(gzip.compress(part) for part in (b"whim", b"", b"brel"))
    for piece_bytes in (1, 7, 1000):
        assert decode(ContentDecoder("x-gzip"), wire, piece_bytes) == b"whimbrel"
        assert decode(ContentDecoder("gzip"), wire + b"\0\0\0", piece_bytes) == b"whimbrel"
        assert decode(ContentDecoder("gzip"), wire + b"padding", piece_bytes) == b"whimbrel"


def test_members_are_bounded() -> None:
    member = gzip.compress(b"")
    assert decode(ContentDecoder("gzip", max_members=3), member * 3, 1000) == b""
    with pytest.raises(ContentDecodingError, match="more than 3 members"):
        decode(ContentDecoder("gzip", max_members=3), member * 4, 1000)


def test_deflate_comes_with_and_without_a_wrapper() -> None:
    bare = zlib.compressobj(wbits=-15)
    wire = bare.compress(TEXT) + bare.flush()
    for piece_bytes in (1, 1000):
        assert decode(ContentDecoder("deflate"), wire, piece_bytes) == TEXT
        assert decode(ContentDecoder("deflate"), zlib.compress(TEXT), piece_bytes) == TEXT


def test_codings_in_a_row_are_bounded() -> None:
    assert ContentDecoder("gzip," * 5).codings == ("gzip",) * 5
    with pytest.raises(ContentDecodingError, match="more than 5"):
        ContentDecoder("gzip," * 6)
    with pytest.raises(ContentDecodingError, match="more than 0"):
        ContentDecoder("gzip", max_codings=0)


def test_unknown_codings_are_refused_by_name() -> None:
    with pytest.raises(ContentDecodingError, match="'compress': unknown"):
        ContentDecoder("gzip, compress")
    with pytest.raises(UnsupportedCoding, match="compress"):
        ContentEncoder("compress")


def test_growth_is_bounded_when_asked() -> None:
    wire = gzip.compress(b"\0" * 1_000_000)
    decoder = ContentDecoder("gzip", max_ratio=100, ratio_from_bytes=1000)
    with pytest.raises(ContentDecodingError, match="more than 100 times"):
        list(decoder.decode(wire))
    assert (
        len(decode(ContentDecoder("gzip", max_ratio=100, ratio_from_bytes=1_000_000), wire, 1000))
        == 1_000_000
    )
    assert len(decode(ContentDecoder("gzip", max_ratio=None), wire, 1000)) == 1_000_000


def test_a_step_has_at_least_one_byte() -> None:
    with pytest.raises(ValueError, match="max_step_bytes"):
        ContentDecoder("gzip", max_step_bytes=0)


def test_gzip_and_deflate_need_no_library() -> None:
    assert supported_codings()[:2] == ("gzip", "deflate")


@pytest.mark.parametrize("coding", ["", "identity", "gzip", "br"])
def test_stopping_within_an_output_longer_than_a_step_loses_nothing(coding: str) -> None:
    if coding == "br" and coding not in supported_codings():
        pytest.skip("no br library is installed")
    decoder = ContentDecoder(coding, max_step_bytes=4)
    first = next(decoder.decode(encode(coding, b"abcdefgh")))
    assert len(first) <= 4
    assert first + b"".join(decoder.decode(b"")) == b"abcdefgh"
    decoder.finish()


def test_stopping_within_an_output_is_told_by_finish() -> None:
    decoder = ContentDecoder("", max_step_bytes=4)
    next(decoder.decode(b"abcdefgh"))
    with pytest.raises(ContentDecodingError, match="not taken"):
        decoder.finish()


class _Counting:
    """A module with zlib's interface that counts what is asked of it."""

    error = zlib.error

    def __init__(self) -> None:
        self.made: list[int] = []

    def decompressobj(self, wbits: int) -> Decompressor:
        self.made.append(wbits)
        return zlib.decompressobj(wbits)

    def compressobj(self, *, wbits: int) -> Compressor:
        self.made.append(wbits)
        return zlib.compressobj(wbits=wbits)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_the_engine_that_is_given_does_the_work(coding: str) -> None:
    engine = _Counting()
    encoder = ContentEncoder(coding, zlib=engine)
    wire = encoder.encode(b"shore") + encoder.finish()
    decoder = ContentDecoder(coding, zlib=engine)
    assert b"".join(decoder.decode(wire)) == b"shore"
    decoder.finish()
    assert len(engine.made) == 2


@pytest.mark.parametrize("module", ["zlib", "zlib_ng.zlib_ng", "isal.isal_zlib"])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, deflate"])
def test_every_engine_writes_what_the_standard_library_reads(module: str, coding: str) -> None:
    engine = cast("ZlibBackend", pytest.importorskip(module))
    encoder = ContentEncoder(coding, zlib=engine)
    wire = b"".join([*(encoder.encode(b"shore " * 1000) for _ in range(20)), encoder.finish()])
    decoder = ContentDecoder(coding, zlib=zlib)
    assert b"".join(decoder.decode(wire)) == b"shore " * 20_000
    decoder.finish()
