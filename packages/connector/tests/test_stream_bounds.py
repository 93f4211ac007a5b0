"""`StreamReader`: a look ahead, and a bound on what is read at once."""

import asyncio
import pickle

import pytest

from whimbrel_connector import BodyTooLarge, StreamReader


async def test_peeking_takes_nothing() -> None:
    stream = StreamReader()
    assert stream.peek(5) == b""
    for piece in (b"abc", b"def", b"ghi"):
        stream.feed_data(piece)
    assert await stream.read(1) == b"a"
    assert [stream.peek(size) for size in (0, 1, 2, 4, 99)] == [b"", b"b", b"bc", b"bcde", b"bcdefghi"]
    stream.feed_eof()
    assert await stream.read() == b"bcdefghi"


async def test_what_is_peeked_at_counts_as_untouched() -> None:
    stream = StreamReader()
    stream.feed_data(b"abc")
    assert stream.peek(3) == b"abc"
    assert not stream.is_touched()


@pytest.mark.parametrize("cut", range(5))
async def test_no_more_is_read_than_is_wanted(cut: int) -> None:
    stream = StreamReader()
    stream.feed_data(b"four"[:cut])
    reading = asyncio.ensure_future(stream.read_to_end(3))
    await asyncio.sleep(0)
    stream.feed_data(b"four"[cut:])
    with pytest.raises(BodyTooLarge, match="3 bytes") as caught:
        await reading
    assert pickle.loads(pickle.dumps(caught.value)).limit_bytes == 3
    assert await stream.read(4) == b"four"


async def test_exactly_what_is_wanted_is_read() -> None:
    stream = StreamReader()
    stream.feed_data(b"four")
    stream.feed_eof()
    assert await stream.read_to_end(4) == b"four"
