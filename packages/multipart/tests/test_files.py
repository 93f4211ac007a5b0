import asyncio
import gzip
import io
import os
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

import pytest

from whimbrel_multipart import (
    BodyChanged,
    BodyConsumed,
    BytesIOPayload,
    IOBasePayload,
    Payload,
    TextIOPayload,
    get_payload,
)
from whimbrel_multipart.files import file_name
from whimbrel_multipart.payload import Collector
from whimbrel_multipart.testing import check_payload

CONTENT = bytes(range(256)) * 4096  # 1 MiB, four blocks


async def sent(payload: Payload) -> bytes:
    collector = Collector()
    await payload.write(collector)
    return collector.joined()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "nest.bin"
    path.write_bytes(CONTENT)
    return path


class Trickle(io.RawIOBase):
    """A stream that cannot be told its position and gives little at a time."""

    def __init__(self, content: bytes) -> None:
        self._rest = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._rest.read(size if size < 0 else min(size, 100_000))


@pytest.mark.parametrize("buffering", [-1, 0])
async def test_a_file_is_sent_from_where_it_stands(path: Path, buffering: int) -> None:
    with path.open("rb", buffering=buffering) as file:
        file.seek(1000)
        payload = get_payload(file)
        assert payload.size == len(CONTENT) - 1000
        assert payload.filename == "nest.bin"
        assert payload.headers["Content-Disposition"] == 'attachment; filename="nest.bin"'
        assert await sent(payload) == CONTENT[1000:]
        assert not file.closed


async def test_a_file_is_sent_again_from_the_same_place(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(1000)
        payload = get_payload(file)
        assert await sent(payload) == await sent(payload) == CONTENT[1000:]
        payload.rewind()
        assert payload.size == len(CONTENT) - 1000
        assert await sent(payload) == CONTENT[1000:]


async def test_two_requests_may_send_one_file_at_the_same_time(path: Path) -> None:
    with path.open("rb") as file:
        payload = get_payload(file)
        assert tuple(await asyncio.gather(sent(payload), sent(payload))) == (CONTENT, CONTENT)


async def test_a_file_is_never_read_on_the_thread_of_the_loop(path: Path) -> None:
    readers: set[int] = set()

    class Watched(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            readers.add(threading.get_ident())
            return super().read(size) or b""

    with Watched(path) as file:
        payload = get_payload(file)
        assert payload.size == len(CONTENT)
        assert await sent(payload) == await payload.as_bytes() == CONTENT
    assert readers
    assert threading.get_ident() not in readers


async def test_a_file_that_grows_is_an_error(path: Path) -> None:
    with path.open("rb") as file:
        payload = get_payload(file)
        assert payload.size == len(CONTENT)
        with path.open("ab") as more:
            more.write(b"!")
        with pytest.raises(BodyChanged, match="grew") as caught:
            await sent(payload)
        assert (caught.value.announced, caught.value.found) == (len(CONTENT), len(CONTENT) + 1)
        payload.rewind()
        assert payload.size == len(CONTENT) + 1
        assert await sent(payload) == CONTENT + b"!"


async def test_a_file_that_shrinks_is_an_error(path: Path) -> None:
    with path.open("rb") as file:
        payload = get_payload(file)
        assert payload.size == len(CONTENT)
        os.truncate(path, 10)
        with pytest.raises(BodyChanged, match="ended early") as caught:
            await sent(payload)
        assert (caught.value.announced, caught.value.found) == (len(CONTENT), 10)


async def test_a_closed_file_is_not_sent_a_second_time(path: Path) -> None:
    with path.open("rb") as file:
        payload = get_payload(file)
        await sent(payload)
    with pytest.raises(BodyConsumed, match="closed"):
        payload.rewind()
    with pytest.raises(BodyConsumed, match="closed"):
        await sent(payload)


async def test_an_empty_file_is_an_empty_body(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with (tmp_path / "empty").open("rb") as file:
        payload = get_payload(file)
        assert payload.size == 0
        assert await sent(payload) == b""


async def test_a_file_read_beyond_its_end_has_size_zero(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(len(CONTENT) + 5)
        payload = get_payload(file)
        assert payload.size == 0
        assert await sent(payload) == b""


async def test_the_size_of_a_compressed_file_is_not_that_of_its_content(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "nest.gz", "wb") as writer:
        writer.write(CONTENT)
    with gzip.open(tmp_path / "nest.gz", "rb") as file:
        payload = get_payload(file)
        assert payload.size is None
        assert await sent(payload) == CONTENT


async def test_a_pipe_has_no_size_and_is_sent_once() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as writer:
        writer.write(b"whimbrel")
    with os.fdopen(reading, "rb") as file:
        payload = get_payload(file)
        assert payload.size is None
        assert payload.filename is None
        payload.rewind()
        assert await sent(payload) == b"whimbrel"
        with pytest.raises(BodyConsumed, match="position"):
            payload.rewind()
        with pytest.raises(BodyConsumed, match="position"):
            await sent(payload)


async def test_a_pipe_collected_before_can_be_sent() -> None:
    payload = IOBasePayload(Trickle(CONTENT))
    assert await payload.as_bytes() == CONTENT
    assert payload.size == len(CONTENT)
    assert await sent(payload) == await sent(payload) == payload.in_memory() == CONTENT


async def test_a_stream_that_gives_little_at_a_time_is_sent_whole() -> None:
    assert await sent(IOBasePayload(Trickle(CONTENT))) == CONTENT


async def test_a_file_that_does_not_block_is_an_error() -> None:
    class Impatient(io.RawIOBase):
        def readinto(self, _buffer: object) -> None:
            return None

        def readable(self) -> bool:
            return True

    with pytest.raises(BlockingIOError):
        await sent(IOBasePayload(Impatient()))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(tempfile.TemporaryFile, id="TemporaryFile"),
        pytest.param(tempfile.NamedTemporaryFile, id="NamedTemporaryFile"),
        pytest.param(partial(tempfile.SpooledTemporaryFile, max_size=100), id="spooled, on disk"),
        pytest.param(partial(tempfile.SpooledTemporaryFile, max_size=10_000_000), id="spooled, in memory"),
    ],
)
async def test_temporary_files_have_a_size(make: Callable[[], IO[bytes]]) -> None:
    with make() as file:
        file.write(CONTENT)
        file.seek(10)
        payload = get_payload(file)
        assert payload.size == len(CONTENT) - 10
        assert await sent(payload) == CONTENT[10:]


async def test_the_rest_of_a_bytes_io_is_in_memory() -> None:
    value = io.BytesIO(CONTENT)
    value.seek(7)
    payload = get_payload(value)
    assert isinstance(payload, BytesIOPayload)
    assert payload.size == len(CONTENT) - 7
    assert payload.in_memory() == await sent(payload) == await payload.as_bytes() == CONTENT[7:]
    assert value.tell() == 7
    assert get_payload(value).size == len(CONTENT) - 7


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "koi8-r"])
async def test_text_is_encoded_once_from_end_to_end(tmp_path: Path, encoding: str) -> None:
    text = "кулик\n" * 100_000
    (tmp_path / "nest.txt").write_text(text, encoding="utf-8")
    with (tmp_path / "nest.txt").open(encoding="utf-8") as file:
        payload = TextIOPayload(file, encoding=encoding)
        assert payload.content_type == f"text/plain; charset={encoding}"
        assert payload.size is None
        assert await sent(payload) == await sent(payload) == text.encode(encoding)
        assert await payload.as_bytes() == text.encode(encoding)
        assert payload.decode() == text


async def test_a_text_file_is_not_sent_twice_at_the_same_time(tmp_path: Path) -> None:
    (tmp_path / "nest.txt").write_text("whimbrel")
    with (tmp_path / "nest.txt").open() as file:
        payload = get_payload(file)
        first, second = await asyncio.gather(sent(payload), sent(payload), return_exceptions=True)
        assert first == b"whimbrel"
        assert isinstance(second, BodyConsumed)


async def test_text_from_a_pipe_is_sent_once() -> None:
    for collected in (False, True):
        reading, writing = os.pipe()
        with os.fdopen(writing, "w", encoding="utf-8") as writer:
            writer.write("кулик")
        with os.fdopen(reading, encoding="utf-8") as file:
            payload = get_payload(file)
            if collected:
                assert await payload.as_bytes() == "кулик".encode()
                assert payload.decode() == "кулик"
            assert await sent(payload) == "кулик".encode()
            if collected:
                assert await sent(payload) == "кулик".encode()
            else:
                with pytest.raises(BodyConsumed):
                    await sent(payload)


async def test_a_file_is_decoded_and_sent_afterwards() -> None:
    with tempfile.TemporaryFile() as file:
        file.write("кулик".encode())
        file.seek(0)
        payload = get_payload(file)
        assert payload.decode() == "кулик"
        assert await sent(payload) == "кулик".encode()


async def test_a_temporary_file_opened_as_text_says_what_it_needs() -> None:
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as file:
        file.write("кулик")
        file.seek(0)
        with pytest.raises(TypeError, match="binary"):
            await sent(get_payload(file))


async def test_closing_the_payload_closes_the_file(path: Path) -> None:
    with path.open("rb") as file:
        await get_payload(file).close()
        assert file.closed


@pytest.mark.parametrize(
    ("name", "expected"),
    [("/nests/a.txt", "a.txt"), ("<stdin>", "none"), (3, "none"), ("", "none"), (b"x", "none")],
)
def test_the_name_of_a_file_is_the_last_part_of_its_path(name: object, expected: str) -> None:
    class Named:
        pass

    named = Named()
    named.name = name  # type: ignore[attr-defined] # any object may have a name
    assert file_name(named, "none") == expected


def test_the_type_is_guessed_from_the_name() -> None:
    value: Any = io.BytesIO(b"")
    value.name = "/data/report.xls"
    assert get_payload(value).content_type == "application/vnd.ms-excel"
    assert get_payload(value, filename="a.png").content_type == "image/png"
    assert get_payload(value, content_type="x/y").content_type == "x/y"
    assert get_payload(io.BytesIO(b"")).content_type == "application/octet-stream"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("mode", ["rb", "r+b", "r"])
def test_the_kit_has_nothing_to_say(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "nest.txt"
    path.write_bytes(b"whimbrel\n" * 50_000)
    assert check_payload(lambda: get_payload(path.open(mode))) == []


@pytest.mark.parametrize(
    "make",
    [lambda: IOBasePayload(Trickle(CONTENT)), lambda: BytesIOPayload(io.BytesIO(CONTENT * 2))],
)
def test_the_kit_has_nothing_to_say_about_what_is_no_file(make: Callable[[], Payload]) -> None:
    assert check_payload(make) == []


async def test_a_file_is_consumed_once_it_was_sent_and_cannot_be_gone_back_to(tmp_path: Path) -> None:
    path = tmp_path / "eggs"
    path.write_bytes(b"eggs")
    with path.open("rb") as file:
        payload = IOBasePayload(file)
        await sent(payload)
        assert (payload.consumed, payload.autoclose) == (False, False)
    assert payload.consumed
    assert BytesIOPayload(io.BytesIO(b"eggs")).autoclose
