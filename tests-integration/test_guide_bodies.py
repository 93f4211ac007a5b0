"""The guide, from "Custom Headers" to "Uploading pre-compressed data"."""

import asyncio
import hashlib
import io
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from multidict import MultiDict
from peers.bin import Bin, pattern
from peers.detour import Detour
from peers.scripted import OK, Peer, ScriptedServer, always

import whimbrel as aiohttp
from whimbrel import ClientSession, FormData, StreamReader

SPREADSHEET = bytes(range(256)) * 3


@pytest.fixture
async def session(httpbin: Bin) -> AsyncIterator[ClientSession]:
    """A session to which every host is the guide's site."""
    connector = aiohttp.TCPConnector(resolver=Detour({80: httpbin.port}))
    async with ClientSession(connector=connector) as session:
        yield session


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.xls"
    path.write_bytes(SPREADSHEET)
    return path


async def test_a_content_type_of_the_callers_stands_alone(session: ClientSession) -> None:
    """S071 to S073."""
    url = "http://api.github.com/some/endpoint"
    payload = {"some": "data"}
    headers = {"content-type": "application/json"}

    resp = await session.post(url, data=json.dumps(payload), headers=headers)

    echo = await resp.json()
    types = [value for name, value in echo["headers"].items() if name.lower() == "content-type"]
    assert types == ["application/json"]
    assert json.loads(echo["data"]) == payload


@pytest.mark.parametrize("headers", [{"X-Tide": "low\r\nX-Evil: 1"}, {"X-\nTide": "low"}, {"X-Tide": "\0"}])
async def test_no_header_can_smuggle_another(headers: dict[str, str]) -> None:
    """S074: refused before a byte is written."""
    async with ScriptedServer(always(OK)) as server, ClientSession() as session:
        with pytest.raises(ValueError):
            await session.get(server.url, headers=headers)
        async with session.get(server.url) as resp:
            assert resp.status == 200
        assert len(server.requests) == 1
        assert session.connector.statistics.open == 1  # type: ignore[union-attr]  # a TCPConnector


async def test_a_session_can_have_cookies_of_its_own(httpbin: Bin) -> None:
    """S075 to S077."""
    connector = aiohttp.TCPConnector(resolver=Detour({80: httpbin.port}))
    url = "http://httpbin.org/cookies"
    cookies = {"cookies_are": "working"}
    async with ClientSession(cookies=cookies, connector=connector) as session:
        async with session.get(url) as resp:
            assert await resp.json() == {"cookies": {"cookies_are": "working"}}


@pytest.mark.parametrize(
    "payload",
    [
        {"key1": "value1", "key2": "value2"},
        [("key1", "value1"), ("key2", "value2")],
        MultiDict([("key1", "value1"), ("key2", "value2")]),
        FormData({"key1": "value1", "key2": "value2"}),
    ],
    ids=["dict", "pairs", "multidict", "FormData"],
)
async def test_a_mapping_becomes_a_form(session: ClientSession, payload: Any) -> None:
    """S081, S082, S085, S095."""
    async with session.post("http://httpbin.org/post", data=payload) as resp:
        echo = await resp.json()
    assert echo["form"] == {"key1": "value1", "key2": "value2"}
    assert echo["data"] == "key1=value1&key2=value2"
    assert echo["headers"]["Content-Type"] == "application/x-www-form-urlencoded"


async def test_text_is_posted_as_it_is(session: ClientSession) -> None:
    """S083, S084."""
    url = "http://api.github.com/some/endpoint"
    payload = {"some": "data"}

    async with session.post(url, data=json.dumps(payload)) as resp:
        echo = await resp.json()
    assert echo["data"] == '{"some": "data"}'
    assert echo["headers"]["Content-Type"] == "text/plain; charset=utf-8"


async def test_a_mapping_with_a_file_becomes_multipart(session: ClientSession, report: Path) -> None:
    """S086, S087."""
    url = "http://httpbin.org/post"
    with report.open("rb") as file:
        files = {"file": file}

        resp = await session.post(url, data=files)

    echo = await resp.json()
    assert echo["files"] == {
        "file": {
            "filename": "report.xls",
            "type": "application/vnd.ms-excel",
            "content": SPREADSHEET.decode("latin-1"),
        }
    }


async def test_a_form_names_the_file_and_its_type(session: ClientSession, report: Path) -> None:
    """S088, S089."""
    url = "http://httpbin.org/post"
    data = FormData()
    with report.open("rb") as file:
        data.add_field("file", file, filename="sheet.bin", content_type="application/x-sheet")
        data.add_field("note", "плывёт")

        resp = await session.post(url, data=data)

    echo = await resp.json()
    assert echo["files"]["file"]["filename"] == "sheet.bin"
    assert echo["files"]["file"]["type"] == "application/x-sheet"
    assert echo["files"]["file"]["content"] == SPREADSHEET.decode("latin-1")
    assert echo["form"] == {"note": "плывёт"}


async def test_a_form_of_files_is_sent_once(session: ClientSession) -> None:
    """S096."""

    async def tide() -> AsyncIterator[bytes]:
        yield b"flood"

    data = FormData()
    data.add_field("tide", tide(), filename="tide")
    async with session.post("http://httpbin.org/post", data=data) as resp:
        assert (await resp.json())["files"]["tide"]["content"] == "flood"
    with pytest.raises((RuntimeError, ValueError, aiohttp.ClientError)):
        await session.post("http://httpbin.org/post", data=data)


async def test_a_file_is_streamed(session: ClientSession, tmp_path: Path) -> None:
    """S091, S098."""
    massive_body = tmp_path / "massive-body"
    massive_body.write_bytes(b"whale" * 200_000)
    with massive_body.open("rb") as f:
        await session.post("http://httpbin.org/post", data=f)
        f.seek(999_990)
        async with session.post("http://httpbin.org/post", data=f) as resp:
            echo = await resp.json()
    assert echo["data"] == "whalewhale"
    assert echo["headers"]["Content-Length"] == "10"


async def test_a_streamer_writes_the_body(session: ClientSession, tmp_path: Path) -> None:
    """S109 to S112, S114: the example as printed."""

    @aiohttp.streamer
    def file_sender(writer: Any, file_name: Any = None) -> Iterator[Any]:
        with open(file_name, "rb") as f:
            chunk = f.read(2**16)
            while chunk:
                yield from writer.write(chunk)
                chunk = f.read(2**16)

    huge_file = tmp_path / "huge_file"
    huge_file.write_bytes(pattern(300_000))
    # Then you can use `file_sender` as a data provider:

    async with session.post("http://httpbin.org/post", data=file_sender(file_name=huge_file)) as resp:
        echo = await resp.json()
    assert echo["data"].encode("latin-1") == pattern(300_000)
    assert echo["headers"]["Transfer-Encoding"] == "chunked"


async def test_a_stream_is_uploaded_while_it_is_fed(session: ClientSession) -> None:
    """S117 to S124, as the guide means it: the first response awaited, the end fed."""

    async def feed_stream(resp: aiohttp.ClientResponse, stream: StreamReader) -> str:
        h = hashlib.sha256()

        while True:
            chunk = await resp.content.readany()
            if not chunk:
                break
            h.update(chunk)
            stream.feed_data(chunk)

        stream.feed_eof()
        return h.hexdigest()

    resp = await session.get("http://httpbin.org/bytes/300000")
    stream = StreamReader()
    upload = asyncio.get_running_loop().create_task(session.post("http://httpbin.org/post", data=stream))

    file_hash = await feed_stream(resp, stream)

    async with await upload as resp:
        echo = await resp.json()
    assert hashlib.sha256(echo["data"].encode("latin-1")).hexdigest() == file_hash


async def test_a_response_is_chained_into_a_request(session: ClientSession) -> None:
    """S125, S126."""
    r = await session.get("http://python.org/bytes/300000")
    async with session.post("http://httpbin.org/post", data=r.content) as resp:
        echo = await resp.json()
    assert echo["data"].encode("latin-1") == pattern(300_000)
    assert echo["headers"]["Transfer-Encoding"] == "chunked"
    assert r.closed


async def test_pre_compressed_data_is_not_compressed_again(session: ClientSession) -> None:
    """S128, S129."""
    my_data = b"the tide " * 1000
    received: list[bytes] = []

    async def script(peer: Peer) -> None:
        received.append((await peer.request()).body)
        await peer.send(OK)

    async with ScriptedServer(script) as server:
        data = zlib.compress(my_data)
        headers = {"Content-Encoding": "deflate"}
        async with session.post(server.url, data=data, headers=headers) as resp:
            assert resp.status == 200
        assert received == [data]
        assert server.requests[0].get("content-encoding") == "deflate"


@pytest.mark.parametrize(
    ("data", "body"),
    [
        pytest.param(bytearray(b"array"), b"array", id="bytearray"),
        pytest.param(memoryview(b"view"), b"view", id="memoryview"),
        pytest.param(io.BytesIO(b"file in memory"), b"file in memory", id="BytesIO"),
        pytest.param(io.StringIO("прилив"), "прилив".encode(), id="StringIO"),
    ],
)
async def test_all_that_holds_bytes_can_be_sent(session: ClientSession, data: Any, body: bytes) -> None:
    """S085, S093, S105."""
    async with session.post("http://httpbin.org/post", data=data) as resp:
        echo = await resp.json()
    assert echo["data"].encode("latin-1") == body
    assert echo["headers"]["Content-Length"] == str(len(body))
