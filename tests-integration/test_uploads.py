"""Bodies on their way out, of every kind."""

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from peers.bin import Bin
from peers.certificates import Authority
from peers.scripted import OK, Peer, Received, ScriptedServer, always

import whimbrel
from whimbrel import ClientSession, FormData


async def _post(data: Any, **options: Any) -> Received:
    """Send it and return it as it arrived."""
    async with ScriptedServer(always(OK)) as server, ClientSession() as session:
        async with session.post(server.url, data=data, **options) as resp:
            assert await resp.read() == b"ok"
        assert server.connections.accepted == 1
        return server.requests[0]


@pytest.mark.parametrize(
    ("data", "body", "kind"),
    [
        pytest.param(b"bytes", b"bytes", "application/octet-stream", id="bytes"),
        pytest.param("прилив", "прилив".encode(), "text/plain; charset=utf-8", id="str"),
        pytest.param(io.BytesIO(b"memory"), b"memory", "application/octet-stream", id="BytesIO"),
        pytest.param(b"", b"", None, id="no-bytes"),
    ],
)
async def test_what_is_in_memory_arrives_with_its_length(data: Any, body: bytes, kind: str | None) -> None:
    request = await _post(data)
    assert request.body == body
    assert request.get("content-length") == str(len(body))
    assert request.get("transfer-encoding") is None
    if kind is not None:
        assert request.get("content-type") == kind


async def test_no_data_is_a_body_of_no_bytes() -> None:
    request = await _post(None)
    assert (request.body, request.get("content-length"), request.get("content-type")) == (b"", "0", None)


@pytest.mark.parametrize("start", [0, 1, 70_000, 100_000])
async def test_a_file_is_sent_from_where_it_stands(tmp_path: Path, start: int) -> None:
    """S091, S098."""
    content = bytes(i % 251 for i in range(100_000))
    path = tmp_path / "cargo.bin"
    path.write_bytes(content)
    with path.open("rb") as file:
        file.seek(start)
        request = await _post(file)
        assert not file.closed
    assert request.body == content[start:]
    assert request.get("content-length") == str(len(content) - start)


@pytest.mark.parametrize("start", [0, 3])
async def test_buffers_are_sent_from_where_they_stand(start: int) -> None:
    """S105."""
    buffer = io.BytesIO(b"flotsam")
    buffer.seek(start)
    assert (await _post(buffer)).body == b"flotsam"[start:]


async def test_text_files_are_sent_in_their_charset(tmp_path: Path) -> None:
    """S105."""
    path = tmp_path / "log.txt"
    path.write_text("прилив\n", encoding="cp1251")
    with path.open(encoding="cp1251") as file:
        assert (await _post(file)).body.rstrip() in ("прилив".encode("cp1251"), "прилив".encode())


async def test_a_temporary_file_is_a_file_too() -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"flotsam")
        file.seek(0)
        assert (await _post(file)).body == b"flotsam"


async def test_an_asynchronous_generator_goes_out_in_chunks() -> None:
    """S093, S114."""

    async def tide() -> AsyncIterator[bytes]:
        for piece in (b"flood", b"", b"slack", b"ebb" * 100_000):
            yield piece
            await asyncio.sleep(0)

    request = await _post(tide())
    assert request.body == b"floodslack" + b"ebb" * 100_000
    assert request.get("transfer-encoding") == "chunked"
    assert request.get("content-length") is None


async def test_a_generator_is_answered_while_it_runs() -> None:
    """S119: what was written has left before the next piece is asked for."""
    arrived = asyncio.Event()

    async def tide() -> AsyncIterator[bytes]:
        yield b"flood"
        await arrived.wait()
        yield b"ebb"

    async def script(peer: Peer) -> None:
        await peer.reader.readuntil(b"flood\r\n")
        arrived.set()
        assert await peer.reader.readuntil(b"0\r\n\r\n") == b"3\r\nebb\r\n0\r\n\r\n"
        await peer.send(OK)

    async with ScriptedServer(script) as server, ClientSession() as session:
        async with session.post(server.url, data=tide()) as resp:
            assert resp.status == 200


async def test_chunks_can_be_asked_for_and_exclude_a_length() -> None:
    """S101."""
    request = await _post(b"cargo", chunked=True)
    assert (request.body, request.get("transfer-encoding")) == (b"cargo", "chunked")
    assert request.get("content-length") is None
    with pytest.raises(ValueError, match="Content-Length"):
        await _post(b"cargo", chunked=True, headers={"Content-Length": "5"})


async def test_an_asyncio_stream_is_a_body() -> None:
    """S099."""
    stream = asyncio.StreamReader()
    stream.feed_data(b"flotsam")
    stream.feed_eof()
    assert (await _post(stream)).body == b"flotsam"


async def test_a_form_carries_files_beside_fields(httpbin: Bin, tmp_path: Path) -> None:
    """S086 to S090, on a second implementation of multipart."""
    path = tmp_path / "отчёт.txt"
    path.write_bytes(b"report" * 50_000)
    form = FormData({"name": "value"})
    with path.open("rb") as file:
        form.add_field("file", file)
        form.add_field("bytes", b"\0\xff\r\n--", filename="bytes.bin")
        async with ClientSession() as session, session.post(f"{httpbin.url}post", data=form) as resp:
            echo = await resp.json()
    assert echo["form"] == {"name": "value"}
    assert echo["files"]["file"]["filename"] == "отчёт.txt"
    assert echo["files"]["file"]["type"] == "text/plain"
    assert echo["files"]["file"]["content"] == "report" * 50_000
    assert echo["files"]["bytes"]["content"].encode("latin-1") == b"\0\xff\r\n--"


async def test_a_body_waits_for_the_word_to_continue() -> None:
    """S102."""

    async def script(peer: Peer) -> None:
        head = await peer.reader.readuntil(b"\r\n\r\n")
        assert b"\r\nexpect: 100-continue\r\n" in head.lower()
        await peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert await peer.reader.readexactly(5) == b"cargo"
        await peer.send(OK)

    async with ScriptedServer(script) as server, ClientSession() as session:
        async with session.post(server.url, data=b"cargo", expect100=True) as resp:
            assert await resp.read() == b"ok"


async def test_a_refusal_in_place_of_the_word_ends_the_upload() -> None:
    """S102."""

    async def script(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(OK.replace(b"200 OK", b"417 Expectation Failed"))
        assert await peer.reader.read() == b""

    async with ScriptedServer(script) as server, ClientSession() as session:
        async with session.post(server.url, data=b"cargo", expect100=True) as resp:
            assert resp.status == 417


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield bytes(65536)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_early_answer_is_delivered_in_the_middle_of_an_upload(
    authority: Authority, scheme: str
) -> None:
    """S103."""

    async def script(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(OK.replace(b"200 OK", b"413 Content Too Large"))
        await peer.until_gone()

    tls = authority.server("127.0.0.1") if scheme == "https" else None
    async with ScriptedServer(script, ssl=tls) as server, ClientSession() as session:
        async with session.post(server.url, data=_endless(), ssl=authority.client()) as resp:
            assert (resp.status, await resp.read()) == (413, b"ok")
        await server.connections.until(lambda: not server.connections.open)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_peer_that_leaves_ends_an_upload_that_would_not(authority: Authority, scheme: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        peer.writer.transport.abort()

    tls = authority.server("127.0.0.1") if scheme == "https" else None
    async with ScriptedServer(script, ssl=tls) as server, ClientSession() as session:
        with pytest.raises(whimbrel.ClientConnectionError):
            await session.post(server.url, data=_endless(), ssl=authority.client())


@pytest.mark.parametrize(("declared", "given"), [("5", b"longer"), ("7", b"short")])
async def test_a_body_that_is_not_as_long_as_declared_is_an_error(declared: str, given: bytes) -> None:
    """S104."""

    async def pieces() -> AsyncIterator[bytes]:
        yield given

    async with ScriptedServer(always(OK)) as server, ClientSession() as session:
        with pytest.raises(whimbrel.ClientPayloadError, match="Content-Length"):
            await session.post(server.url, data=pieces(), headers={"Content-Length": declared})
        await server.connections.until(lambda: not server.connections.open)
        assert not server.requests


async def test_an_error_of_the_generator_is_the_error_of_the_request() -> None:
    """S116."""

    async def tide() -> AsyncIterator[bytes]:
        yield b"flood"
        raise ZeroDivisionError

    async with ScriptedServer(always(OK)) as server, ClientSession() as session:
        with pytest.raises(ZeroDivisionError):
            await session.post(server.url, data=tide())
        await server.connections.until(lambda: not server.connections.open)
        assert not server.requests


async def test_a_cancelled_upload_stops_the_generator() -> None:
    """S108."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def tide() -> AsyncIterator[bytes]:
        begun.set()
        try:
            while True:
                yield bytes(65536)
        finally:
            ended.set()

    async def script(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.until_gone()

    async with ScriptedServer(script) as server, ClientSession() as session:
        upload = asyncio.ensure_future(session.post(server.url, data=tide()))
        await begun.wait()
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        await ended.wait()
