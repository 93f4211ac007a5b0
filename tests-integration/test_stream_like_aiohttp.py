"""`StreamReader` beside aiohttp's: the same methods, the same signatures, the same chunks of the same server."""

import asyncio
import inspect
import warnings
import zlib
from itertools import pairwise

import aiohttp
import pytest
from peers.scripted import Peer, ScriptedServer

import whimbrel
from whimbrel import ClientSession, StreamReader

# What aiohttp's own parser calls, and its documentation does not know.
_INNER = {"begin_http_chunk_receiving", "end_http_chunk_receiving", "set_read_chunk_size"}

METHODS = sorted(
    name
    for name, member in vars(aiohttp.StreamReader).items()
    if inspect.isfunction(member) and (not name.startswith("_") or name == "__aiter__") and name not in _INNER
)


def parameters(function: object) -> list[tuple[str, object, object]]:
    assert callable(function)
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("name", [name for name in METHODS if name != "set_exception"])
def test_each_method_takes_what_aiohttps_takes(name: str) -> None:
    ours, theirs = getattr(StreamReader, name), getattr(aiohttp.StreamReader, name)
    assert parameters(ours) == parameters(theirs)
    assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(theirs)


def test_the_cause_of_an_error_may_be_left_out() -> None:
    """aiohttp has a mark of its own in the place of None."""
    ours, theirs = parameters(StreamReader.set_exception), parameters(aiohttp.StreamReader.set_exception)
    assert [each[:2] for each in ours] == [each[:2] for each in theirs]


def test_it_is_made_as_aiohttps_is_and_with_less() -> None:
    theirs = [name for name, *_ in parameters(aiohttp.StreamReader)]
    ours = parameters(StreamReader)
    assert [name for name, *_ in ours][: len(theirs)] == theirs
    assert all(default is not inspect.Parameter.empty for _, _, default in ours)
    assert StreamReader().get_read_buffer_limits() == (65536, 131072)


@pytest.mark.parametrize("name", ["total_bytes", "total_raw_bytes"])
async def test_the_counts_are_the_same(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = aiohttp.StreamReader(_Protocol(), 65536, loop=asyncio.get_running_loop())  # type: ignore[arg-type]  # all it asks
    ours = StreamReader()
    for stream in (ours, theirs):
        stream.feed_data(b"whimbrel")
        stream.read_nowait(3)
    assert getattr(ours, name) == getattr(theirs, name) == 8


class _Protocol:
    connected = True

    def resume_reading(self, *, resume_parser: bool = True) -> None:
        pass

    pause_reading = resume_reading


CHUNKS = [b"flood", b"e", b"bb" * 50_000, b"slack", b"x" * 70_000, b"tide"]
WIRE = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in CHUNKS)
    + b"0\r\n\r\n"
)


def cut_at(*offsets: int) -> list[bytes]:
    edges = [0, *offsets, len(WIRE)]
    return [WIRE[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize("pieces", [cut_at(), cut_at(60, 63, 70), cut_at(66), cut_at(30_000, 100_145)])
async def test_the_chunks_are_the_servers_and_aiohttps(pieces: list[bytes]) -> None:
    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            for piece in pieces:
                await peer.send(piece)
                await asyncio.sleep(0)

    async with ScriptedServer(script) as server:
        async with ClientSession() as session, session.get(server.url) as response:
            assert await _reassembled(response) == CHUNKS
        async with aiohttp.ClientSession() as theirs, theirs.get(server.url) as answer:
            assert await _reassembled(answer) == CHUNKS


async def test_the_chunks_of_coded_content_are_aiohttps_too() -> None:
    """Each chunk holds one event, flushed: as servers of events send them."""
    packer = zlib.compressobj(wbits=31)
    coded = [packer.compress(chunk) + packer.flush(zlib.Z_SYNC_FLUSH) for chunk in CHUNKS]
    coded[-1] += packer.flush()
    wire = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in coded) + b"0\r\n\r\n"

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            await peer.send(wire[:100])
            await peer.send(wire[100:])

    async with ScriptedServer(script) as server:
        async with ClientSession() as session, session.get(server.url) as response:
            assert await _reassembled(response) == CHUNKS
            assert response.content.total_raw_bytes == sum(map(len, coded))
        async with aiohttp.ClientSession() as theirs, theirs.get(server.url) as answer:
            assert await _reassembled(answer) == CHUNKS
            assert answer.content.total_raw_bytes == sum(map(len, coded))


async def test_a_body_of_known_length_has_no_chunks() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntide")

    async with ScriptedServer(script) as server, ClientSession() as session:
        async with session.get(server.url) as response:
            assert [item async for item in response.content.iter_chunks()] == [(b"tide", False)]


async def _reassembled(response: whimbrel.ClientResponse | aiohttp.ClientResponse) -> list[bytes]:
    """Put the chunks together again, as aiohttp's guide does."""
    whole, part = [], b""
    async for data, end_of_http_chunk in response.content.iter_chunks():
        part += data
        if end_of_http_chunk:
            whole.append(part)
            part = b""
    assert not part
    return whole
