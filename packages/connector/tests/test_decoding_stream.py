"""Streams that undo a content coding while they are read."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_connector import StreamReader
from whimbrel_connector._decoding_stream import DecodingStreamReader, decoder_for
from whimbrel_http1 import ContentDecodingError, supported_codings


class Source:
    """Counts what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def pause_reading(self) -> None:
        self.asked.append("pause")

    def resume_reading(self) -> None:
        self.asked.append("resume")


def decoding(coding: str = "gzip", source: Source | None = None, limit: int = 65536) -> StreamReader:
    decoder = decoder_for(coding)
    assert decoder is not None
    return DecodingStreamReader(source, limit, decoder=decoder)


def fed(*pieces: bytes, coding: str = "gzip") -> StreamReader:
    stream = decoding(coding)
    for piece in pieces:
        stream.feed_data(piece)
    stream.feed_eof()
    return stream


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        ("gzip", gzip.compress(b"whimbrel", mtime=0)),
        ("X-GZIP", gzip.compress(b"whimbrel", mtime=0)),
        ("deflate", zlib.compress(b"whimbrel")),
        ("deflate", zlib.compress(b"whimbrel")[2:-4]),
        ("identity", b"whimbrel"),
        ("deflate, gzip", gzip.compress(zlib.compress(b"whimbrel"), mtime=0)),
    ],
)
async def test_known_codings_are_undone(coding: str, coded: bytes) -> None:
    assert await fed(coded, coding=coding).read() == b"whimbrel"
    bytewise = fed(*(coded[at : at + 1] for at in range(len(coded))), coding=coding)
    assert await bytewise.read() == b"whimbrel"
    assert bytewise.total_bytes == 8


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
async def test_any_cut_decodes_to_the_same(text: bytes, cuts: list[int]) -> None:
    coded = gzip.compress(text)
    borders = [0, *sorted(cuts), len(coded)]
    stream = fed(*(coded[start:end] for start, end in pairwise(borders)))
    assert await stream.read() == text


@pytest.mark.parametrize("coding", ["", "utf-8", "none", "gzip, pigeon"])
def test_codings_that_nobody_knows_are_left_alone(coding: str) -> None:
    assert decoder_for(coding) is None


@pytest.mark.parametrize("coding", ["gzip, gzip, gzip, gzip, gzip, gzip", "br", "zstd"])
async def test_a_known_coding_that_cannot_be_undone_is_an_error_for_who_reads(coding: str) -> None:
    if coding in supported_codings():
        pytest.skip("a library for it is installed")
    with pytest.raises(ContentDecodingError):
        await fed(b"whatever", coding=coding).read()
    assert await fed(coding=coding).read() == b""


async def test_no_body_at_all_is_fine() -> None:
    stream = fed()
    assert stream.at_eof()
    assert await stream.read() == b""


async def test_the_end_is_known_when_it_is_fed_and_reached_when_all_is_read() -> None:
    calls: list[str] = []
    stream = decoding()
    stream.on_eof(lambda: calls.append("eof"))
    stream.on_end(lambda: calls.append("end"))
    waiting = asyncio.ensure_future(stream.wait_eof())
    await asyncio.sleep(0)
    stream.feed_data(gzip.compress(b"whimbrel"))
    assert not stream.is_eof()
    stream.feed_eof()
    await waiting
    assert calls == ["eof", "end"]
    assert stream.is_eof()
    assert not stream.at_eof()
    assert await stream.readexactly(8) == b"whimbrel"
    assert stream.at_eof()
    with pytest.raises(RuntimeError):
        stream.feed_data(b"more")


@pytest.mark.parametrize("cut", [1, 9, -1, -9])
async def test_a_coding_cut_short_is_an_error_after_what_could_be_decoded(cut: int) -> None:
    text = bytes(range(256)) * 4
    stream = fed(gzip.compress(text)[:cut])
    found: list[bytes] = []

    async def read_all() -> None:
        while piece := await stream.read(100):
            found.append(piece)

    with pytest.raises(ContentDecodingError):
        await read_all()
    assert text.startswith(b"".join(found))
    assert not stream.at_eof()


async def test_a_corrupt_coding_is_an_error_each_time() -> None:
    stream = fed(b"this is no gzip", b"and neither is this")
    for _ in range(2):
        with pytest.raises(ContentDecodingError):
            await stream.read()
    with pytest.raises(ContentDecodingError):
        stream.read_nowait()


async def test_an_error_of_the_connection_comes_after_what_was_received() -> None:
    stream = decoding("identity")
    stream.feed_data(b"whim")
    stream.set_exception(OSError("broken"))
    assert await stream.read(9) == b"whim"
    with pytest.raises(OSError, match="broken"):
        await stream.read(9)


async def test_a_reader_waits_for_bytes_that_decode_to_something() -> None:
    stream = decoding()
    coded = gzip.compress(b"whimbrel")
    waiting = asyncio.ensure_future(stream.readany())
    for at in range(5):
        stream.feed_data(coded[at : at + 1])
        await asyncio.sleep(0)
        assert not waiting.done()
    stream.feed_data(coded[5:])
    assert await waiting == b"whimbrel"


async def test_the_marks_count_coded_bytes() -> None:
    source = Source()
    stream = decoding("identity", source, 4)
    stream.feed_data(b"12345678")
    assert source.asked == []
    stream.feed_data(b"9")
    assert source.asked == ["pause"]
    assert await stream.readany() == b"12345678"
    assert source.asked == ["pause", "resume"]
    stream.unread_data(b"78")
    assert await stream.readexactly(3) == b"789"


async def test_a_bomb_never_stands_in_memory() -> None:
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    coded = b"".join(packer.compress(zeros) for _ in range(100)) + packer.flush()
    stream = fed(coded)
    total = 0
    tracemalloc.start()
    try:
        async for piece in stream.iter_chunked(16384):
            total += len(piece)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 100 << 20
    assert peak < 2 << 20
