import asyncio
from collections.abc import Mapping

import pytest
from multidict import CIMultiDict

from whimbrel_multipart import (
    BodyPartReader,
    LimitExceeded,
    MalformedMultipart,
    MultipartLimits,
    MultipartReader,
    MultipartResponseWrapper,
    MultipartWriter,
    TruncatedMultipart,
)
from whimbrel_multipart.payload import Collector

HEADERS = {"Content-Type": 'multipart/mixed; boundary="b"'}


class Stream:
    """A body in memory, given in pieces of one size; it waits where it is told to."""

    def __init__(self, content: bytes, size: int = 7) -> None:
        self._pieces = [content[at : at + size] for at in range(0, len(content), size)]
        self.waiting: asyncio.Event | None = None

    async def readany(self) -> bytes:
        if self.waiting is not None:
            await self.waiting.wait()
        return self._pieces.pop(0) if self._pieces else b""

    def at_eof(self) -> bool:
        return not self._pieces


class Response:
    def __init__(self, content: bytes, headers: Mapping[str, str] = HEADERS) -> None:
        self.headers = headers
        self.content = Stream(content)
        self.released = 0

    async def release(self) -> None:
        self.released += 1


def one(content: bytes = b"x") -> bytes:
    return b"--b\r\n\r\n" + content + b"\r\n--b--\r\n"


async def body_of(part: object) -> bytes:
    assert isinstance(part, BodyPartReader)
    return await part.read()


async def test_parts_come_in_order_and_end_with_none() -> None:
    wire = b"pre\r\n--b\r\nX-N: 1\r\n\r\nwhim\r\n--b\r\nX-N: 2\r\n\r\nbrel\r\n--b--\r\nepi"
    reader = MultipartReader(HEADERS, Stream(wire))
    first = await reader.next()
    assert isinstance(first, BodyPartReader)
    assert first.headers["x-n"] == "1"
    assert await first.read() == b"whim"
    assert not reader.at_eof()
    assert await body_of(await reader.next()) == b"brel"
    assert await reader.next() is None
    assert reader.at_eof()
    assert await reader.next() is None


async def test_parts_are_iterated_over() -> None:
    wire = b"--b\r\n\r\nwhim\r\n--b\r\n\r\nbrel\r\n--b--"
    assert [await body_of(part) async for part in MultipartReader(HEADERS, Stream(wire))] == [
        b"whim",
        b"brel",
    ]


async def test_what_was_not_read_of_a_part_is_skipped() -> None:
    wire = b"--b\r\n\r\n" + b"whim" * 100 + b"\r\n--b\r\n\r\nbrel\r\n--b--"
    reader = MultipartReader(HEADERS, Stream(wire))
    first = await reader.next()
    assert isinstance(first, BodyPartReader)
    await first.read_chunk(3)
    assert await body_of(await reader.next()) == b"brel"
    assert first.at_eof()
    assert await first.read() == b""


async def test_a_stream_reader_of_asyncio_can_be_read() -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(one(b"whimbrel"))
    stream.feed_eof()
    assert await body_of(await MultipartReader(HEADERS, stream).next()) == b"whimbrel"


async def nested(depth: int) -> bytes:
    writer = MultipartWriter(boundary="level-0")
    writer.append("whimbrel")
    for level in range(1, depth):
        outer = MultipartWriter(boundary=f"outer-{level}")
        outer.append(writer)
        outer.append(f"after {level}")
        writer = outer
    last = MultipartWriter(boundary="b")
    last.append(writer)
    last.append("end")
    collector = Collector()
    await last.write(collector)
    return collector.joined()


async def test_nested_bodies_are_read_by_readers_of_their_own() -> None:
    reader = MultipartReader(HEADERS, Stream(await nested(2)))
    outer = await reader.next()
    assert isinstance(outer, MultipartReader)
    inner = await outer.next()
    assert isinstance(inner, MultipartReader)
    assert await body_of(await inner.next()) == b"whimbrel"
    assert await inner.next() is None
    assert await body_of(await outer.next()) == b"after 1"
    assert await outer.next() is None
    assert await body_of(await reader.next()) == b"end"
    assert await reader.next() is None


async def test_a_nested_body_can_be_skipped() -> None:
    reader = MultipartReader(HEADERS, Stream(await nested(2)))
    outer = await reader.next()
    assert isinstance(outer, MultipartReader)
    await outer.next()
    assert await body_of(await reader.next()) == b"end"
    another = MultipartReader(HEADERS, Stream(await nested(2)))
    await another.release()
    assert another.at_eof()


async def test_nesting_is_bounded() -> None:
    async def descend(limits: MultipartLimits, depth: int) -> None:
        part: object = MultipartReader(HEADERS, Stream(await nested(depth - 1)), limits=limits)
        while isinstance(part, MultipartReader):
            part = await part.next()

    await descend(MultipartLimits(), 8)
    with pytest.raises(LimitExceeded, match="depth=8"):
        await descend(MultipartLimits(), 9)
    with pytest.raises(LimitExceeded, match="depth=1"):
        await descend(MultipartLimits(depth=1), 2)


async def test_limits_reach_the_parts() -> None:
    reader = MultipartReader(HEADERS, Stream(one(b"whimbrel")), limits=MultipartLimits(read_bytes=4))
    with pytest.raises(LimitExceeded, match="read_bytes"):
        await body_of(await reader.next())


async def test_a_stream_of_replacements_may_have_any_number_of_parts() -> None:
    wire = b"--b\r\n\r\nx\r\n" * 10_001 + b"--b--"
    headers = {"Content-Type": "multipart/x-mixed-replace; boundary=b"}
    assert len([part async for part in MultipartReader(headers, Stream(wire, 100_000))]) == 10_001
    reader = MultipartReader(HEADERS, Stream(wire, 100_000))
    with pytest.raises(LimitExceeded, match="parts=10000"):
        await reader.release()


@pytest.mark.parametrize(
    ("content_type", "what"),
    [
        ("", "not multipart"),
        ("text/plain; boundary=b", "not multipart"),
        ("multipart/mixed", "must not be empty"),
        ('multipart/mixed; boundary=""', "must not be empty"),
        (f"multipart/mixed; boundary={'x' * 71}", "70"),
        ('multipart/mixed; boundary="a\x00b"', "ASCII"),
    ],
)
def test_a_type_without_a_usable_boundary_is_refused(content_type: str, what: str) -> None:
    with pytest.raises(MalformedMultipart, match=what):
        MultipartReader({"content-type": content_type}, Stream(b""))


def test_header_names_are_found_in_any_case() -> None:
    MultipartReader({"content-TYPE": "Multipart/Mixed; Boundary=b"}, Stream(b""))
    with pytest.raises(MalformedMultipart):
        MultipartReader(CIMultiDict(), Stream(b""))


@pytest.mark.parametrize("wire", [b"", b"--b\r\n", b"--b\r\n\r\nx", b"whimbrel"])
async def test_an_early_end_is_an_error(wire: bytes) -> None:
    reader = MultipartReader(HEADERS, Stream(wire))
    with pytest.raises(TruncatedMultipart):
        await reader.release()


async def test_parts_before_a_fault_are_read() -> None:
    reader = MultipartReader(HEADERS, Stream(b"--b\r\n\r\nwhimbrel\r\n--b\r\nbad\r\n\r\n--b--", 1000))
    assert await body_of(await reader.next()) == b"whimbrel"
    with pytest.raises(MalformedMultipart):
        await reader.next()


async def test_a_cancelled_read_loses_nothing() -> None:
    stream = Stream(one(b"whimbrel"))
    stream.waiting = asyncio.Event()
    reader = MultipartReader(HEADERS, stream)
    task = asyncio.ensure_future(reader.next())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    stream.waiting.set()
    assert await body_of(await reader.next()) == b"whimbrel"


async def test_classes_of_ones_own_read_the_parts() -> None:
    class Part(BodyPartReader):
        pass

    class Inner(MultipartReader):
        pass

    class Outer(MultipartReader):
        multipart_reader_cls = Inner
        part_reader_cls = Part

    reader = Outer(HEADERS, Stream(await nested(1)))
    assert isinstance(await reader.next(), Inner)
    assert isinstance(await reader.next(), Part)


async def test_what_a_part_reader_of_ones_own_leaves_behind_is_skipped() -> None:
    class Careless(BodyPartReader):
        async def release(self) -> None:
            return

    class Reader(MultipartReader):
        part_reader_cls = Careless

    wire = b"--b\r\n\r\nwhimbrel\r\n--b\r\n\r\nnest\r\n--b--"
    reader = Reader(HEADERS, Stream(wire))
    await reader.next()
    assert await body_of(await reader.next()) == b"nest"


async def test_a_response_is_released_after_its_last_part() -> None:
    response = Response(one(b"whimbrel"))
    reader = MultipartReader.from_response(response)
    assert isinstance(reader, MultipartResponseWrapper)
    assert [await body_of(part) async for part in reader] == [b"whimbrel"]
    assert response.released == 1
    assert reader.at_eof()


async def test_a_response_whose_release_is_no_coroutine_is_released_too() -> None:
    class Plain(Response):
        def release(self) -> None:  # type: ignore[override] # both are allowed by MultipartResponse
            self.released += 1

    response = Plain(one())
    await MultipartReader.from_response(response).release()
    assert response.released == 1


async def test_a_part_that_must_be_there_is_fetched() -> None:
    reader = MultipartReader(HEADERS, Stream(one(b"egg")))
    assert await body_of(await reader.fetch_next_part()) == b"egg"
    with pytest.raises(EOFError, match="no further part"):
        await reader.fetch_next_part()


def test_the_wrapper_of_responses_may_be_of_a_class_of_ones_own() -> None:
    class Wrapper(MultipartResponseWrapper):
        pass

    class Reader(MultipartReader):
        response_wrapper_cls = Wrapper

    assert isinstance(Reader.from_response(Response(one())), Wrapper)
