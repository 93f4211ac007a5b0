import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from whimbrel_multipart import (
    AsyncIterablePayload,
    BodyChanged,
    BodyConsumed,
    StreamReaderPayload,
    get_payload,
)
from whimbrel_multipart.payload import Collector
from whimbrel_multipart.testing import check_payload


async def pieces(*given: bytes) -> AsyncIterator[bytes]:
    for piece in given:
        yield piece


class AnyStream:
    """A stream with readany(), as the client's own."""

    def __init__(self, given: Iterable[bytes]) -> None:
        self._given = iter(given)

    async def readany(self) -> bytes:
        return next(self._given, b"")


async def sent(payload: AsyncIterablePayload) -> bytes:
    collector = Collector()
    await payload.write(collector)
    return collector.joined()


async def test_pieces_are_sent_as_they_come_and_empty_ones_are_passed_over() -> None:
    written: list[bytes] = []

    class Writer:
        async def write(self, data: bytes, /) -> None:
            written.append(data)

    await AsyncIterablePayload(pieces(b"whim", b"", b"brel")).write(Writer())
    assert written == [b"whim", b"brel"]


async def test_pieces_are_sent_once() -> None:
    payload = AsyncIterablePayload(pieces(b"whimbrel"))
    payload.rewind()
    assert payload.size is None
    assert await sent(payload) == b"whimbrel"
    for attempt in (sent(payload), payload.as_bytes()):
        with pytest.raises(BodyConsumed, match="not kept"):
            await attempt
    with pytest.raises(BodyConsumed):
        payload.rewind()


async def test_pieces_collected_before_are_sent_any_number_of_times() -> None:
    payload = AsyncIterablePayload(pieces(b"whim", b"brel"))
    with pytest.raises(TypeError, match="as_bytes"):
        payload.decode()
    assert await payload.as_bytes() == b"whimbrel"
    payload.rewind()
    assert await sent(payload) == await sent(payload) == await payload.as_bytes() == b"whimbrel"
    assert payload.size == 8
    assert payload.decode() == "whimbrel"


@pytest.mark.parametrize(("size", "found"), [(7, 8), (9, 8)])
async def test_a_stream_with_a_size_must_keep_it(size: int, found: int) -> None:
    payload = AsyncIterablePayload(pieces(b"whim", b"brel"), size=size)
    assert payload.size == size
    with pytest.raises(BodyChanged) as caught:
        await sent(payload)
    assert (caught.value.announced, caught.value.found) == (size, found)


async def test_a_piece_that_is_not_bytes_is_an_error() -> None:
    async def text() -> AsyncIterator[str]:
        yield "whimbrel"

    with pytest.raises(TypeError, match="not str"):
        await sent(AsyncIterablePayload(text()))  # type: ignore[arg-type] # the point of the test


def test_what_cannot_be_iterated_is_refused() -> None:
    with pytest.raises(TypeError, match="not list"):
        AsyncIterablePayload([b"a"])  # type: ignore[arg-type] # the point of the test
    with pytest.raises(TypeError, match="not int"):
        StreamReaderPayload(5)  # type: ignore[arg-type] # the point of the test


async def test_a_cancelled_write_closes_the_generator() -> None:
    closed = asyncio.Event()
    started = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                started.set()
                yield b"x"
                await asyncio.sleep(0)
        finally:
            closed.set()

    task = asyncio.create_task(sent(AsyncIterablePayload(endless())))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed.is_set()


async def test_a_failing_writer_closes_the_generator() -> None:
    closed = False

    async def generator() -> AsyncIterator[bytes]:
        nonlocal closed
        try:
            yield b"x"
        finally:
            closed = True

    class Gone:
        async def write(self, data: bytes, /) -> None:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await AsyncIterablePayload(generator()).write(Gone())
    assert closed


async def test_a_stream_reader_is_sent_to_its_end() -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(b"whimbrel" * 100_000)
    stream.feed_eof()
    payload = get_payload(stream)
    assert isinstance(payload, StreamReaderPayload)
    assert await sent(payload) == b"whimbrel" * 100_000


async def test_any_stream_with_readany_is_sent_piece_by_piece() -> None:
    payload = get_payload(AnyStream([b"whim", b"brel"]))
    assert isinstance(payload, StreamReaderPayload)
    assert await sent(payload) == b"whimbrel"


def test_the_kit_has_nothing_to_say() -> None:
    assert check_payload(lambda: AsyncIterablePayload(pieces(b"whim", b"brel"))) == []
    assert check_payload(lambda: AsyncIterablePayload(pieces(b"whim", b"brel"), size=8)) == []
    assert check_payload(lambda: StreamReaderPayload(AnyStream([b"whim", b"brel"]))) == []


async def test_it_is_consumed_once_it_was_sent() -> None:
    payload = AsyncIterablePayload(pieces(b"egg"))
    before = payload.consumed
    await payload.write(Collector())
    assert (before, payload.consumed, payload.autoclose) == (False, True, True)


async def test_an_endless_body_ends_where_enough_was_sent() -> None:
    ended = []

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"egg"
        finally:
            ended.append(True)

    collector = Collector()
    await AsyncIterablePayload(endless()).write_with_length(collector, 10)
    assert collector.joined() == b"eggeggegge"
    assert ended
