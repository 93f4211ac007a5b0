"""`readchunk` and `iter_chunks`: where HTTP chunks end, told truthfully, whatever the cuts."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_connector import StreamReader
from whimbrel_connector._decoding_stream import DecodingStreamReader, decoder_for

Chunk = Sequence[bytes]


def plain() -> StreamReader:
    return StreamReader(chunked=True)


def decoding(coding: str) -> StreamReader:
    decoder = decoder_for(coding)
    assert decoder is not None
    return DecodingStreamReader(None, 65536, decoder=decoder, chunked=True)


def feed(stream: StreamReader, *chunks: Chunk) -> StreamReader:
    """Feed chunks, each in the pieces in which it arrives."""
    for pieces in chunks:
        for number, piece in enumerate(pieces, 1):
            stream.feed_data(piece)
            if number < len(pieces):
                stream.keep_chunk_open()
    return stream


def ended(stream: StreamReader) -> StreamReader:
    stream.feed_eof()
    return stream


async def reassembled(stream: StreamReader) -> list[bytes]:
    """Put the chunks together again, as aiohttp's guide does; the last item came without an end."""
    whole, part = [], b""
    async for data, end_of_chunk in stream.iter_chunks():
        part += data
        if end_of_chunk:
            whole.append(part)
            part = b""
    return [*whole, part]


async def test_each_chunk_is_an_item() -> None:
    stream = ended(feed(plain(), [b"whim"], [b"brel"]))
    assert [item async for item in stream.iter_chunks()] == [(b"whim", True), (b"brel", True)]


async def test_a_chunk_that_came_in_pieces_is_put_together_where_all_of_it_is_there() -> None:
    stream = ended(feed(plain(), [b"wh", b"im"], [b"b", b"r", b"el"]))
    assert [item async for item in stream.iter_chunks()] == [(b"whim", True), (b"brel", True)]


async def test_a_chunk_that_still_comes_is_given_as_far_as_it_is_there() -> None:
    stream = feed(plain(), [b"shore"])
    stream.feed_data(b"wh")
    stream.keep_chunk_open()
    assert await stream.readchunk() == (b"shore", True)
    assert await stream.readchunk() == (b"wh", False)
    stream.feed_data(b"im")
    stream.feed_eof()
    assert await stream.readchunk() == (b"im", True)
    assert await stream.readchunk() == (b"", False)


async def test_without_chunks_nothing_ends_one() -> None:
    stream = StreamReader()
    stream.feed_data(b"whim")
    stream.keep_chunk_open()
    stream.feed_data(b"brel")
    stream.feed_eof()
    assert [item async for item in stream.iter_chunks()] == [(b"whimbrel", False)]


async def test_an_end_that_another_read_has_reached_is_told() -> None:
    stream = ended(feed(plain(), [b"whim"], [b"brel"]))
    assert await stream.readexactly(4) == b"whim"
    assert await stream.readchunk() == (b"", True)
    assert await stream.readexactly(2) == b"br"
    assert await stream.readchunk() == (b"el", True)
    assert await stream.readchunk() == (b"", False)


async def test_an_end_that_another_read_has_passed_is_not() -> None:
    stream = ended(feed(plain(), [b"whim"], [b"brel"]))
    assert await stream.readexactly(6) == b"whimbr"
    assert await stream.readchunk() == (b"el", True)


async def test_what_was_put_back_comes_with_the_rest_of_its_chunk() -> None:
    stream = ended(feed(plain(), [b"whim", b"brel"], [b"shore"]))
    assert await stream.readexactly(6) == b"whimbr"
    stream.unread_data(b"br")
    assert await stream.readchunk() == (b"brel", True)
    assert await stream.readchunk() == (b"shore", True)


async def test_the_chunks_of_coded_content_end_where_they_are_decoded() -> None:
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(b"whim") + packer.flush(zlib.Z_SYNC_FLUSH)
    second = packer.compress(b"brel") + packer.flush(zlib.Z_SYNC_FLUSH)
    stream = ended(feed(decoding("gzip"), [first[:12], first[12:]], [second], [packer.flush()]))
    assert await reassembled(stream) == [b"whim", b"brel", b""]
    assert stream.total_bytes == 8


async def test_a_long_coded_chunk_is_given_in_steps_and_ends_once() -> None:
    text = bytes(range(256)) * 4096
    stream = feed(decoding("gzip"), [gzip.compress(text)])
    data, end_of_chunk = await stream.readchunk()
    assert text.startswith(data)
    assert not end_of_chunk
    stream.feed_eof()
    rest = [item async for item in stream.iter_chunks()]
    assert [end for _, end in rest] == [False] * (len(rest) - 1) + [True]
    assert data + b"".join(piece for piece, _ in rest) == text


async def test_those_who_read_otherwise_hold_no_chunk_ends() -> None:
    stream = plain()
    for _ in range(10_000):
        stream.feed_data(b"wh")
        stream.keep_chunk_open()
        assert stream.read_nowait() == b"wh"
    assert stream._chunk_ends is not None
    assert len(stream._chunk_ends) <= 2


PIECES = st.lists(st.sampled_from([b"a", b"bc", b"def"]), min_size=1, max_size=3)


@given(st.lists(PIECES, max_size=6))
async def test_chunks_come_out_as_they_went_in(chunks: list[Chunk]) -> None:
    whole = [b"".join(pieces) for pieces in chunks]
    assert await reassembled(ended(feed(plain(), *chunks))) == [*whole, b""]
    assert await reassembled(ended(feed(decoding("identity"), *chunks))) == [*whole, b""]


@given(
    st.lists(PIECES, min_size=1, max_size=6),
    st.lists(st.sampled_from(["feed", "chunk", "some", "more", "back"]), max_size=40),
    st.sampled_from([plain, lambda: decoding("identity")]),
)
async def test_every_end_that_is_told_is_one(
    chunks: list[Chunk], steps: list[str], make: Callable[[], StreamReader]
) -> None:
    """Whatever is fed, read and put back in between."""
    ends = set(accumulate(sum(map(len, pieces)) for pieces in chunks))
    stream, waiting, position = make(), list(_arrivals(chunks)), 0
    for step in steps:
        if step == "feed" and waiting:
            piece, goes_on = waiting.pop(0)
            stream.feed_data(piece)
            if goes_on:
                stream.keep_chunk_open()
        elif step == "chunk" and stream.total_raw_bytes > position:
            piece, at_end = await stream.readchunk()
            position += len(piece)
            assert not at_end or position in ends
        elif step in {"some", "more", "back"}:
            piece = stream.read_nowait(1 if step == "some" else 4)
            position += len(piece)
            if piece and step == "back":
                stream.unread_data(piece[-1:])
                position -= 1


def _arrivals(chunks: Iterable[Chunk]) -> Iterable[tuple[bytes, bool]]:
    for pieces in chunks:
        for number, piece in enumerate(pieces, 1):
            yield piece, number < len(pieces)


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_the_raw_bytes_are_counted_beside_the_decoded(coding: str) -> None:
    coded = gzip.compress(b"whimbrel") if coding == "gzip" else b"whimbrel"
    stream = decoding(coding)
    stream.feed_data(coded)
    assert stream.read_nowait() == b"whimbrel"
    assert (stream.total_bytes, stream.total_raw_bytes) == (8, len(coded))
    fed = plain()
    fed.feed_data(b"whim")
    assert (fed.total_bytes, fed.total_raw_bytes) == (4, 4)
