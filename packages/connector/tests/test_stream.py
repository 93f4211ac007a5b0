"""`StreamReader`: fed at one end, read at the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_connector import StreamReader


class Source:
    """Counts what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def pause_reading(self) -> None:
        self.asked.append("pause")

    def resume_reading(self) -> None:
        self.asked.append("resume")


def fed(*pieces: bytes, end: bool = True) -> StreamReader:
    stream = StreamReader()
    for piece in pieces:
        stream.feed_data(piece)
    if end:
        stream.feed_eof()
    return stream


def failed(*pieces: bytes) -> StreamReader:
    stream = fed(*pieces, end=False)
    stream.set_exception(OSError("broken"))
    return stream


# Without a loop.


def test_it_needs_no_loop_to_be_made_fed_and_read_from_what_is_there() -> None:
    stream = fed(b"whim", b"brel", end=False)
    assert stream.total_bytes == 8
    assert stream.read_nowait(3) == b"whi"
    assert stream.read_nowait() == b"mbrel"
    assert stream.read_nowait() == b""
    assert not stream.at_eof()
    stream.feed_eof()
    assert stream.at_eof()
    assert stream.is_eof()


def test_the_end_is_the_end() -> None:
    with pytest.raises(RuntimeError):
        fed(b"whim").feed_data(b"brel")


def test_empty_data_is_ignored() -> None:
    assert fed(b"", b"", end=False).total_bytes == 0


def test_its_repr_says_what_it_holds() -> None:
    assert repr(fed(b"whim", end=False)) == "<StreamReader open, 4 bytes buffered>"
    assert repr(fed()) == "<StreamReader ended, 0 bytes buffered>"


def test_an_int_in_first_place_is_the_limit() -> None:
    assert StreamReader(1000).get_read_buffer_limits() == (1000, 2000)
    assert StreamReader(limit=7).get_read_buffer_limits() == (7, 14)
    assert StreamReader(0).get_read_buffer_limits() == (1, 2)


def test_the_source_is_paused_above_the_high_mark_and_resumed_below_the_low_one() -> None:
    source = Source()
    stream = StreamReader(source, 4)
    stream.feed_data(b"12345678")
    assert source.asked == []
    stream.feed_data(b"9")
    stream.feed_data(b"0")
    assert source.asked == ["pause"]
    stream.read_nowait(6)
    assert source.asked == ["pause"]
    stream.read_nowait(1)
    assert source.asked == ["pause", "resume"]
    stream.read_nowait()
    stream.feed_data(b"123456789")
    assert source.asked == ["pause", "resume", "pause"]


def test_a_limit_of_nothing_still_goes_on() -> None:
    source = Source()
    stream = StreamReader(source, 0)
    stream.feed_data(b"1234")
    assert stream.read_nowait() == b"1234"
    assert source.asked == ["pause", "resume"]


def test_a_detached_source_is_asked_nothing() -> None:
    source = Source()
    stream = StreamReader(source, 1)
    stream.detach_source()
    stream.feed_data(b"1234")
    stream.read_nowait()
    assert source.asked == []


def test_callbacks_learn_of_the_end_once() -> None:
    calls: list[str] = []
    stream = StreamReader()
    stream.on_eof(lambda: calls.append("eof"))
    stream.on_end(lambda: calls.append("end"))
    assert calls == []
    stream.feed_eof()
    stream.on_eof(lambda: calls.append("late"))
    stream.set_exception(OSError())
    assert calls == ["eof", "end", "late"]


@pytest.mark.parametrize("end", [StreamReader.feed_eof, lambda stream: stream.set_exception(OSError())])
def test_who_asks_about_the_end_after_it_is_told_at_once(end: Callable[[StreamReader], None]) -> None:
    calls: list[str] = []
    stream = StreamReader()
    end(stream)
    stream.on_end(lambda: calls.append("end"))
    assert calls == ["end"]


def test_an_error_is_an_end_but_not_the_end_of_the_body() -> None:
    calls: list[str] = []
    stream = StreamReader()
    stream.on_eof(lambda: calls.append("eof"))
    stream.on_end(lambda: calls.append("end"))
    stream.set_exception(OSError())
    assert calls == ["end"]
    assert not stream.is_eof()
    assert not stream.at_eof()


def test_an_error_can_be_translated_and_have_a_cause() -> None:
    cause = KeyError()
    stream = StreamReader(translate=lambda fault: ValueError(repr(fault)))
    assert stream.exception() is None
    stream.set_exception(OSError("broken"), cause)
    assert repr(stream.exception()) == repr(ValueError("OSError('broken')"))
    plain = StreamReader()
    plain.set_exception(fault := OSError(), cause)
    assert plain.exception() is fault
    assert fault.__cause__ is cause


def test_what_was_buffered_comes_before_the_error() -> None:
    stream = failed(b"whimbrel")
    assert stream.read_nowait(4) == b"whim"
    assert stream.read_nowait() == b"brel"
    with pytest.raises(OSError, match="broken"):
        stream.read_nowait()


def test_unread_data_comes_first_again() -> None:
    stream = fed(b"whimbrel")
    assert stream.read_nowait(4) == b"whim"
    stream.unread_data(b"WHIM")
    stream.unread_data(b"")
    assert stream.read_nowait() == b"WHIMbrel"


def test_it_knows_whether_it_was_touched() -> None:
    stream = fed(b"whim")
    assert not stream.is_touched()
    stream.read_nowait(0)
    assert stream.is_touched()


# Waiting.


async def test_reading_to_the_end_waits_for_the_end() -> None:
    stream = StreamReader()
    whole = asyncio.ensure_future(stream.read())
    await asyncio.sleep(0)
    stream.feed_data(b"whim")
    await asyncio.sleep(0)
    stream.feed_data(b"brel")
    stream.feed_eof()
    assert await whole == b"whimbrel"
    assert await stream.read() == b""


async def test_reading_to_the_end_leaves_the_stream_untouched_when_its_owner_does_it() -> None:
    stream = fed(b"whim", b"brel")
    assert await stream.read_to_end() == b"whimbrel"
    assert not stream.is_touched()


READS: dict[str, Callable[[StreamReader], Awaitable[object]]] = {
    "read": lambda stream: stream.read(),
    "read some": lambda stream: stream.read(9),
    "readany": lambda stream: stream.readany(),
    "readchunk": lambda stream: stream.readchunk(),
    "readexactly": lambda stream: stream.readexactly(9),
    "readline": lambda stream: stream.readline(),
    "readuntil": lambda stream: stream.readuntil(b"--"),
    "wait_eof": lambda stream: stream.wait_eof(),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
async def test_an_error_wakes_whoever_waits(read: Callable[[StreamReader], Awaitable[object]]) -> None:
    stream = StreamReader()
    reader = asyncio.ensure_future(read(stream))
    await asyncio.sleep(0)
    stream.set_exception(OSError("broken"))
    with pytest.raises(OSError, match="broken"):
        await reader
    with pytest.raises(OSError, match="broken"):
        await read(stream)


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
async def test_only_one_may_wait(read: Callable[[StreamReader], Awaitable[object]]) -> None:
    stream = StreamReader()
    first = asyncio.ensure_future(stream.read())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="already waiting"):
        await read(stream)
    with pytest.raises(RuntimeError, match="waiting"):
        stream.read_nowait()
    stream.feed_eof()
    assert await first == b""


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
async def test_a_cancelled_reader_makes_way_for_another(
    read: Callable[[StreamReader], Awaitable[object]],
) -> None:
    stream = StreamReader()
    reader = asyncio.ensure_future(read(stream))
    await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    stream.feed_data(b"whimbrel")
    assert await stream.readany() == b"whimbrel"


async def test_a_whole_read_that_is_cancelled_leaves_all_that_came() -> None:
    stream = StreamReader()
    stream.feed_data(b"a whimbrel")
    assert await stream.read(2) == b"a "
    reader = asyncio.ensure_future(stream.read())
    await asyncio.sleep(0)
    stream.feed_data(b" and")
    stream.feed_data(b" a")
    stream.unread_data(b"the ")
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    stream.feed_data(b" curlew")
    assert await stream.readany() == b"the whimbrel and a curlew"
    assert stream.total_bytes == len(b"a whimbrel and a curlew")


async def test_reads_give_what_was_buffered_before_the_error() -> None:
    assert await failed(b"whimbrel").read(100) == b"whimbrel"
    assert await failed(b"whim", b"brel").readany() == b"whimbrel"
    assert await failed(b"whim\nbrel").readline() == b"whim\n"
    assert await failed(b"whim\nbrel").readexactly(6) == b"whim\nb"
    with pytest.raises(OSError, match="broken"):
        await failed(b"whim").read()


async def test_some_is_at_most_n_bytes_and_nothing_at_the_end() -> None:
    stream = fed(b"whim", b"brel")
    assert await stream.read(0) == b""
    assert await stream.read(3) == b"whi"
    assert await stream.read(3) == b"mbr"
    assert await stream.read(3) == b"el"
    assert await stream.read(3) == b""


async def test_any_is_what_is_there() -> None:
    stream = fed(b"whim", b"brel", end=False)
    assert await stream.readany() == b"whimbrel"
    waiting = asyncio.ensure_future(stream.readany())
    await asyncio.sleep(0)
    stream.feed_data(b"shore")
    assert await waiting == b"shore"


async def test_exactly_is_exactly() -> None:
    stream = fed(b"whim", b"brel")
    assert await stream.readexactly(0) == b""
    assert await stream.readexactly(6) == b"whimbr"
    with pytest.raises(asyncio.IncompleteReadError) as caught:
        await stream.readexactly(3)
    assert (caught.value.partial, caught.value.expected) == (b"el", 3)


async def test_waiting_for_the_end_does_not_take_what_is_buffered() -> None:
    stream = fed(b"whim", end=False)
    waiting = asyncio.ensure_future(stream.wait_eof())
    await asyncio.sleep(0)
    stream.feed_data(b"brel")
    await asyncio.sleep(0)
    assert not waiting.done()
    stream.feed_eof()
    await waiting
    assert await stream.read() == b"whimbrel"


# Lines and separators.


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ((b"a\nb\n",), [b"a\n", b"b\n"]),
        ((b"a", b"\n", b"b"), [b"a\n", b"b"]),
        ((b"\n\n",), [b"\n", b"\n"]),
        ((), []),
    ],
)
async def test_iterating_gives_lines(pieces: tuple[bytes, ...], lines: list[bytes]) -> None:
    assert [line async for line in fed(*pieces)] == lines


@pytest.mark.parametrize(
    "pieces", [(b"whim--brel",), (b"whim-", b"-brel"), (b"whim", b"-", b"-", b"brel"), (b"w", b"him--brel")]
)
async def test_a_separator_is_found_across_pieces(pieces: tuple[bytes, ...]) -> None:
    stream = fed(*pieces)
    assert await stream.readuntil(b"--") == b"whim--"
    assert await stream.readuntil(b"--") == b"brel"
    assert await stream.readuntil(b"--") == b""


@given(st.data())
async def test_any_cut_gives_the_same_parts(data: st.DataObject) -> None:
    separator = data.draw(st.text("ab", min_size=1, max_size=3)).encode()
    text = data.draw(st.text("abc", max_size=30)).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    borders = [0, *cuts, len(text)]
    stream = fed(*(text[start:end] for start, end in pairwise(borders)))
    expected: list[bytes] = []
    rest = text
    while separator in rest:
        part, _, rest = rest.partition(separator)
        expected.append(part + separator)
    if rest:
        expected.append(rest)
    found: list[bytes] = []
    while part := await stream.readuntil(separator):
        found.append(part)
    assert found == expected


async def test_a_separator_that_does_not_come_in_time_is_an_error() -> None:
    with pytest.raises(ValueError, match="one-byte"):
        await fed(b"whim").readuntil(b"")
    stream = StreamReader(limit=4)
    stream.feed_data(b"123456789\n")
    with pytest.raises(ValueError, match="8 bytes"):
        await stream.readline()
    assert await fed(b"1234567\n").readline(max_line_length=8) == b"1234567\n"
    with pytest.raises(ValueError, match="7 bytes"):
        await fed(b"1234567\n").readline(max_line_length=7)


async def test_many_short_lines_in_one_piece_are_not_copied_each_time() -> None:
    lines = 200_000
    stream = fed(b"\n" * lines)
    count = 0
    async for line in stream:
        assert line == b"\n"
        count += 1
    assert count == lines  # quadratic copying would take minutes, and the test's time


async def test_a_line_longer_than_the_marks_does_not_get_stuck() -> None:
    source = Source()
    stream = StreamReader(source, 4)
    line = asyncio.ensure_future(stream.readline(max_line_length=100))
    for _ in range(3):
        stream.feed_data(b"123456789")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert source.asked[-2:] == ["pause", "resume"]
    stream.feed_data(b"\n")
    assert await line == b"123456789" * 3 + b"\n"


# Iteration.


async def test_iterating_in_pieces_of_a_size() -> None:
    assert [piece async for piece in fed(b"whim", b"brel").iter_chunked(3)] == [b"whi", b"mbr", b"el"]


async def test_iterating_as_it_comes() -> None:
    stream = fed(b"whim", end=False)
    pieces = []
    async for piece in stream.iter_any():
        pieces.append(piece)
        if piece == b"whim":
            stream.feed_data(b"brel")
            stream.feed_eof()
    assert pieces == [b"whim", b"brel"]


async def test_iterating_over_chunks() -> None:
    assert [piece async for piece in fed(b"whim").iter_chunks()] == [(b"whim", False)]


async def test_iterating_ends_with_the_error() -> None:
    pieces = failed(b"whim").iter_any()
    assert await anext(pieces) == b"whim"
    with pytest.raises(OSError, match="broken"):
        await anext(pieces)


@given(st.data())
async def test_any_way_of_reading_gives_what_was_fed(data: st.DataObject) -> None:
    source = Source()
    stream = StreamReader(source, 3)
    fed_bytes = read_bytes = b""
    for _ in range(data.draw(st.integers(0, 20))):
        match data.draw(st.sampled_from(["feed", "some", "all", "unread"])):
            case "feed":
                piece = data.draw(st.binary(max_size=9))
                stream.feed_data(piece)
                fed_bytes += piece
            case "some":
                read_bytes += stream.read_nowait(data.draw(st.integers(1, 5)))
            case "all":
                read_bytes += stream.read_nowait()
            case _:
                back = data.draw(st.integers(0, len(read_bytes)))
                if back:
                    stream.unread_data(read_bytes[-back:])
                    read_bytes = read_bytes[:-back]
        held = len(fed_bytes) - len(read_bytes)
        if source.asked[-1:] == ["pause"]:
            assert held >= 3
    stream.feed_eof()
    assert read_bytes + await stream.read() == fed_bytes


async def test_a_loop_that_is_left_early_leaves_nothing_to_finalize() -> None:
    stream = fed(b"a\nb\n", b"c\n")
    async for line in stream:
        assert line == b"a\n"
        break
    async for piece in stream.iter_chunked(1):
        assert piece == b"b"
        break
    async for data, _ in stream.iter_chunks():
        assert data == b"\nc\n"
        break
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_a_callback_that_raises_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise LookupError("oops")

    calls: list[str] = []
    stream = StreamReader()
    stream.on_eof(broken)
    stream.on_eof(lambda: calls.append("eof"))
    stream.feed_eof()
    stream.on_eof(broken)
    assert calls == ["eof"]
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["oops", "oops"]


async def test_a_stream_that_is_whole_is_taken_at_once() -> None:
    stream = StreamReader()
    stream.feed_data(b"whimbrel")
    assert stream.take_whole() is None
    stream.feed_eof()
    assert stream.take_whole(7) is None
    assert stream.take_whole(8) == b"whimbrel"
    assert stream.at_eof()
    assert await stream.read() == b""


async def test_a_stream_in_pieces_or_begun_or_broken_is_not_taken_at_once() -> None:
    in_pieces, begun, broken = StreamReader(), StreamReader(), StreamReader()
    for stream in (in_pieces, begun, broken):
        stream.feed_data(b"whim")
    in_pieces.feed_data(b"brel")
    assert await begun.read(1) == b"w"
    broken.set_exception(KeyError())
    in_pieces.feed_eof()
    begun.feed_eof()
    assert [stream.take_whole() for stream in (in_pieces, begun, broken)] == [None, None, None]
    assert await in_pieces.read_to_end() == b"whimbrel"
    assert await begun.read() == b"him"


async def test_a_stream_can_be_derived_from() -> None:
    class Counting(StreamReader):
        def __init__(self) -> None:
            super().__init__(limit=8)
            self.fed = 0

        def feed_data(self, data: bytes, size: int = 0) -> None:
            self.fed += 1
            super().feed_data(data, size)

    stream = Counting()
    stream.feed_data(b"one")
    stream.feed_data(b"two")
    stream.feed_eof()
    assert await stream.read() == b"onetwo"
    assert stream.fed == 2
