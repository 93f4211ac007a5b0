"""A body that came at once, and one that came in pieces: who reads cannot tell them apart."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import ExchangeOptions, TCPConnector

from .conftest import get, plays

if TYPE_CHECKING:
    from whimbrel_connector import Exchange

    from .conftest import Serve

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nwhimbrel"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nwhimbrel\r\n0\r\n\r\n"
PIECES = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwhim\r\n4\r\nbrel\r\n0\r\n\r\n"
PACKED = gzip.compress(b"whimbrel")
CODED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED) + PACKED
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"

whole = pytest.mark.parametrize("wire", [PLAIN, CHUNKED], ids=["plain", "chunked"])


async def answered(serve: Serve, connector: TCPConnector, wire: bytes) -> Exchange:
    peer = await serve(plays(wire))
    exchange = await connector.connect(peer.url, options=ExchangeOptions(decode=True))
    await exchange.send(get())
    return exchange


@whole
async def test_a_body_that_is_there_is_taken_without_waiting(
    serve: Serve, connector: TCPConnector, wire: bytes
) -> None:
    exchange = await answered(serve, connector, wire)
    assert exchange.take_whole(8) == b"whimbrel"


@whole
async def test_what_was_taken_is_not_in_the_stream_any_more(
    serve: Serve, connector: TCPConnector, wire: bytes
) -> None:
    exchange = await answered(serve, connector, wire)
    assert exchange.take_whole() == b"whimbrel"
    assert exchange.take_whole() is None
    assert exchange.content.at_eof()
    assert await exchange.content.read() == b""
    assert exchange.content.total_bytes == 8


@whole
async def test_what_is_longer_than_wanted_stays_in_the_stream(
    serve: Serve, connector: TCPConnector, wire: bytes
) -> None:
    exchange = await answered(serve, connector, wire)
    assert exchange.take_whole(7) is None
    assert await exchange.content.read() == b"whimbrel"


@whole
async def test_a_body_that_was_begun_is_no_whole(serve: Serve, connector: TCPConnector, wire: bytes) -> None:
    exchange = await answered(serve, connector, wire)
    assert await exchange.content.read(1) == b"w"
    assert exchange.take_whole() is None
    assert await exchange.content.read() == b"himbrel"


async def test_a_coded_body_is_read_from_its_stream(serve: Serve, connector: TCPConnector) -> None:
    exchange = await answered(serve, connector, CODED)
    assert exchange.take_whole() is None
    assert await exchange.content.read() == b"whimbrel"


async def test_the_chunks_of_a_body_that_came_at_once_are_told(serve: Serve, connector: TCPConnector) -> None:
    exchange = await answered(serve, connector, CHUNKED)
    assert await exchange.content.readchunk() == (b"whimbrel", True)
    exchange = await answered(serve, connector, PIECES)
    assert [await exchange.content.readchunk() for _ in range(3)] == [
        (b"whim", True),
        (b"brel", True),
        (b"", False),
    ]


async def test_no_body_is_a_whole_one_too(serve: Serve, connector: TCPConnector) -> None:
    assert (await answered(serve, connector, EMPTY)).take_whole() == b""


async def test_before_a_head_there_is_no_body(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve()
    exchange = await connector.connect(peer.url)
    assert exchange.take_whole() is None
    with pytest.raises(RuntimeError, match="no response yet"):
        _ = exchange.content
    exchange.release()
