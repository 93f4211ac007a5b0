"""Bodies that come compressed."""

import gzip
import importlib.util
import zlib

import pytest
from peers.bin import Bin
from peers.scripted import ScriptedServer, always, response

import whimbrel
from whimbrel import ClientSession
from whimbrel_http1 import supported_codings

TIDE = b"the tide " * 4000


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw-deflate"])
async def test_a_compressed_body_is_expanded(httpbin: Bin, coding: str) -> None:
    """S049, S064."""
    async with ClientSession() as session:
        async with session.get(f"{httpbin.url}coded/{coding}") as resp:
            assert await resp.read() == TIDE
            assert resp.headers["Content-Encoding"] in ("gzip", "deflate")
        async with session.get(f"{httpbin.url}coded/{coding}") as resp:
            assert b"".join([piece async for piece in resp.content.iter_chunked(1000)]) == TIDE
        assert httpbin.connections.accepted == 1


async def test_brotli_is_expanded_where_it_is_installed() -> None:
    """S051."""
    brotli = pytest.importorskip("brotli")
    answer = response(brotli.compress(TIDE), "Content-Encoding: br")
    async with ScriptedServer(always(answer)) as server, ClientSession() as session:
        async with session.get(server.url) as resp:
            assert await resp.read() == TIDE
        assert "br" in (server.requests[0].get("accept-encoding") or "").split(", ")


async def test_only_what_can_be_expanded_is_asked_for() -> None:
    """S051."""
    async with ScriptedServer(always(response())) as server, ClientSession() as session:
        async with session.get(server.url) as resp:
            assert resp.status == 200
        offered = (server.requests[0].get("accept-encoding") or "").split(", ")
        assert offered[:2] == ["gzip", "deflate"]
        modules = ("brotli", "brotlicffi")
        assert ("br" in offered) is any(importlib.util.find_spec(module) for module in modules)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x1f\x8b" + bytes(20), id="no-gzip"),
        pytest.param(gzip.compress(TIDE)[:-9], id="cut-short"),
        pytest.param(gzip.compress(TIDE)[:-8] + bytes(8), id="wrong-checksum"),
    ],
)
async def test_a_corrupt_body_is_a_payload_error_and_the_session_goes_on(body: bytes) -> None:
    async with ScriptedServer(always(response(body, "Content-Encoding: gzip"))) as server:
        async with ClientSession() as session:
            for _ in range(2):
                async with session.get(server.url) as resp:
                    with pytest.raises(whimbrel.ClientPayloadError):
                        await resp.read()
            async with session.get(server.url, auto_decompress=False) as resp:
                assert await resp.read() == body


@pytest.mark.parametrize("coding", ["br", "zstd"])
async def test_a_known_coding_without_its_library_is_an_error_and_never_raw(coding: str) -> None:
    """S051."""
    if coding in supported_codings():
        pytest.skip(f"a library for {coding} is installed")
    answer = response(b"?", f"Content-Encoding: {coding}")
    async with ScriptedServer(always(answer)) as server, ClientSession() as session:
        with pytest.raises(whimbrel.ClientPayloadError, match=coding):
            async with session.get(server.url) as resp:
                await resp.read()


async def test_a_coding_nobody_knows_is_left_to_the_caller() -> None:
    answer = response(b"?", "Content-Encoding: aws-chunked")
    async with ScriptedServer(always(answer)) as server, ClientSession() as session:
        async with session.get(server.url) as resp:
            assert await resp.read() == b"?"


async def test_bodies_stay_compressed_when_the_caller_wants_them_so(httpbin: Bin) -> None:
    async with ClientSession(auto_decompress=False) as session:
        async with session.get(f"{httpbin.url}coded/gzip") as resp:
            assert gzip.decompress(await resp.read()) == TIDE
        async with session.get(f"{httpbin.url}coded/gzip", auto_decompress=True) as resp:
            assert await resp.read() == TIDE


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_bomb_grows_no_faster_than_it_is_read(coding: str) -> None:
    """S065: 64 MiB of zeros in 64 KiB; the stream never holds more than a few read buffers."""
    compress = gzip.compress if coding == "gzip" else zlib.compress
    answer = response(compress(bytes(64 << 20)), f"Content-Encoding: {coding}")
    async with ScriptedServer(always(answer)) as server, ClientSession() as session:
        async with session.get(server.url) as resp:
            largest = total = 0
            while piece := await resp.content.readany():
                largest = max(largest, len(piece))
                total += len(piece)
            assert total == 64 << 20
            assert largest <= 1 << 20
