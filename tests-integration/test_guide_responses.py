"""The guide, from "Response Content" to "RequestInfo", and from "Response Status Codes" to "Response History"."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from multidict import CIMultiDictProxy
from peers.bin import EVENTS, Bin, pattern
from peers.detour import Detour
from peers.scripted import ScriptedServer, always, response

import whimbrel as aiohttp


@pytest.fixture
async def session(httpbin: Bin) -> AsyncIterator[aiohttp.ClientSession]:
    """A session to which every host is the guide's site."""
    connector = aiohttp.TCPConnector(resolver=Detour({80: httpbin.port}))
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


async def test_text_bytes_and_json_are_views_of_one_body(session: aiohttp.ClientSession) -> None:
    """S045, S048, S052, S053."""
    async with session.get("http://api.github.com/events") as resp:
        text = await resp.text()
        assert json.loads(text) == await resp.json() == EVENTS
        assert await resp.read() == text.encode()
        assert await resp.read() is await resp.read()


async def test_the_caller_may_name_the_charset() -> None:
    """S046."""
    answer = response("прилив".encode("cp1251"), "Content-Type: text/plain; charset=utf-8")
    async with ScriptedServer(always(answer)) as server, aiohttp.ClientSession() as session:
        async with session.get(server.url) as resp:
            assert await resp.text(encoding="windows-1251") == "прилив"
            assert "\ufffd" in await resp.text(errors="replace")
            with pytest.raises(UnicodeDecodeError):
                await resp.text()


async def test_what_is_not_json_says_so(session: aiohttp.ClientSession) -> None:
    """S054 to S057."""
    async with session.get("http://httpbin.org/status/201") as resp:
        with pytest.raises(aiohttp.ContentTypeError) as caught:
            await resp.json()
        assert caught.value.status == 201
        with pytest.raises(json.JSONDecodeError):
            await resp.json(content_type=None)
        assert await resp.json(content_type=None, loads=str.upper) == "AS YOU WISH"


async def test_an_empty_body_is_no_json(session: aiohttp.ClientSession) -> None:
    """S058."""
    answer = response(b"", "Content-Type: application/json")
    async with ScriptedServer(always(answer)) as server, session.get(server.url) as resp:
        assert await resp.json() is None


async def test_content_reads_up_to_ten_bytes(session: aiohttp.ClientSession) -> None:
    """S060 to S062."""
    async with session.get("http://httpbin.org/bytes/25") as resp:
        assert isinstance(resp.content, aiohttp.StreamReader)
        assert await resp.content.read(10) == bytes(range(10))
        for method in (resp.read, resp.text, resp.json):
            with pytest.raises(aiohttp.StreamConsumedError, match="whole body"):
                await method()
        assert await resp.content.read() == bytes(range(10, 25))


@pytest.mark.parametrize("size", [0, 1, 99_999, 1_000_000])
async def test_a_stream_is_saved_in_chunks(session: aiohttp.ClientSession, tmp_path: Path, size: int) -> None:
    """S063."""
    filename, chunk_size = tmp_path / "body", 8192
    async with session.get(f"http://httpbin.org/bytes/{size}") as resp:
        with open(filename, "wb") as fd:  # noqa: ASYNC230  the example does
            while True:
                chunk = await resp.content.read(chunk_size)
                if not chunk:
                    break
                assert len(chunk) <= chunk_size
                fd.write(chunk)
        assert await resp.content.read(chunk_size) == b""
    assert filename.read_bytes() == pattern(size)


async def test_a_stream_is_iterated_in_every_documented_way(session: aiohttp.ClientSession) -> None:
    async def collect(pieces: AsyncIterator[bytes]) -> bytes:
        return b"".join([piece async for piece in pieces])

    whole = pattern(10_000)
    url = "http://httpbin.org/bytes/10000"
    async with session.get(url) as resp:
        assert await collect(resp.content.iter_chunked(999)) == whole
    async with session.get(url) as resp:
        assert await collect(resp.content.iter_any()) == whole
    async with session.get(url) as resp:
        assert b"".join([data async for data, _ in resp.content.iter_chunks()]) == whole
    async with session.get(url) as resp:
        lines = [line async for line in resp.content]
        assert b"".join(lines) == whole
        assert [line[-1:] for line in lines[:-1]] == [b"\n"] * whole.count(b"\n")
    async with session.get(url) as resp:
        assert await resp.content.readexactly(5) == whole[:5]
        with pytest.raises(asyncio.IncompleteReadError):
            await resp.content.readexactly(10_000)


async def test_request_info_tells_what_was_asked_and_the_error_has_it_too(
    session: aiohttp.ClientSession,
) -> None:
    """S066, S067, S069, S070."""
    async with session.get("http://httpbin.org/status/404", headers={"X-Tide": "low"}) as resp:
        info = resp.request_info
        assert str(info.url) == "http://httpbin.org/status/404"
        assert info.headers["X-Tide"] == "low"
        assert info.headers["Host"] == "httpbin.org"
        with pytest.raises(aiohttp.ClientResponseError) as caught:
            resp.raise_for_status()
    assert caught.value.request_info is info
    assert caught.value.status == caught.value.code == 404
    assert str(caught.value) == "404, message='Not Found', url='http://httpbin.org/status/404'"


async def test_status_and_headers_are_read_in_any_capitalisation(session: aiohttp.ClientSession) -> None:
    """S217, S218, S220, S224."""
    async with session.get("http://httpbin.org/get") as resp:
        assert resp.status == 200
        assert isinstance(resp.headers, CIMultiDictProxy)
        assert resp.headers["Content-Type"] == resp.headers.get("content-type")
        assert resp.content_type == "application/json"


async def test_headers_keep_repetitions_and_odd_bytes_and_raw_headers_keep_everything() -> None:
    """S221 to S223."""
    answer = b"HTTP/1.1 200 OK\r\nSERVER: nginx\r\nx-one: 1\r\nX-One:   2  \r\nX-Odd: caf\xe9\r\nContent-Length: 0\r\n\r\n"
    async with ScriptedServer(always(answer)) as server, aiohttp.ClientSession() as session:
        async with session.get(server.url) as resp:
            assert resp.headers.getall("x-ONE") == ["1", "2"]
            assert resp.headers["X-Odd"] == "caf\udce9"
            assert resp.raw_headers == (
                (b"SERVER", b"nginx"),
                (b"x-one", b"1"),
                (b"X-One", b"2"),
                (b"X-Odd", b"caf\xe9"),
                (b"Content-Length", b"0"),
            )


async def test_a_redirect_leaves_a_history(session: aiohttp.ClientSession) -> None:
    """S229, S230."""
    resp = await session.get("http://example.com/some/redirect/")
    assert repr(resp) == "<ClientResponse(http://example.com/some/other/url/) [200 OK]>"
    assert [(type(old), old.status, str(old.url)) for old in resp.history] == [
        (aiohttp.ClientResponse, 301, "http://example.com/some/redirect/")
    ]
    assert isinstance(resp.history, tuple)
    resp.release()


async def test_without_redirects_there_is_no_history(session: aiohttp.ClientSession) -> None:
    """S231, S232."""
    async with session.get("http://example.com/get") as resp:
        assert resp.history == ()
    async with session.get("http://example.com/some/redirect/", allow_redirects=False) as resp:
        assert (resp.status, resp.history) == (301, ())


async def test_head_shows_a_redirect_as_it_is(session: aiohttp.ClientSession) -> None:
    """S015."""
    async with session.head("http://example.com/some/redirect/") as resp:
        assert resp.status == 301
    async with session.head("http://example.com/some/redirect/", allow_redirects=True) as resp:
        assert (resp.status, resp.method) == (200, "HEAD")
