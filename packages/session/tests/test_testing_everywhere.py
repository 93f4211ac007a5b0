"""Sessions that were made by others are answered in memory, until the block ends."""

import asyncio

import pytest

import whimbrel
from whimbrel.testing import Answer, MemoryConnector, ReceivedRequest, in_place_of_network

SOON = 0.5  # a busy machine must have begun to answer by then


async def ask() -> str:
    """Do what a library does: make a session of one's own."""
    async with whimbrel.ClientSession() as session, session.get("https://shore.example/") as response:
        return await response.text()


async def test_a_session_of_others_is_answered() -> None:
    async with in_place_of_network(MemoryConnector(lambda request: Answer(str(request.url)))) as connector:
        assert [await ask() for _ in range(2)] == ["https://shore.example/"] * 2
        assert len(connector.requests) == 2
    assert connector.closed


async def test_whatever_connector_it_has_and_whatever_scheme_its_urls_have() -> None:
    async with in_place_of_network(MemoryConnector(lambda request: Answer(str(request.url)))):
        connector = whimbrel.UnixConnector("/run/shore.sock")
        async with whimbrel.ClientSession(connector=connector) as session:
            async with session.get("unix://localhost/birds") as response:
                assert await response.text() == "http://localhost/birds"


async def test_a_session_with_a_connector_in_memory_keeps_its_own() -> None:
    async with in_place_of_network(MemoryConnector(lambda request: Answer("outer"))):
        own = MemoryConnector(lambda request: Answer("inner"))
        async with whimbrel.ClientSession(connector=own) as session, session.get("http://a/") as response:
            assert await response.text() == "inner"
        assert await ask() == "outer"


async def test_blocks_nest_and_end() -> None:
    async with in_place_of_network(MemoryConnector(lambda request: Answer("outer"))):
        async with in_place_of_network(MemoryConnector(lambda request: Answer("inner"))):
            assert await ask() == "inner"
        assert await ask() == "outer"
    async with whimbrel.ClientSession() as session:
        with pytest.raises(whimbrel.ClientConnectorError):
            await session.get("http://127.0.0.1:1/")


async def _raises_late(request: ReceivedRequest) -> Answer:
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        raise KeyError("late")


async def _leave_early() -> None:
    async with in_place_of_network(MemoryConnector(_raises_late)):
        async with whimbrel.ClientSession(timeout=whimbrel.ClientTimeout(total=SOON)) as session:
            with pytest.raises(whimbrel.RequestTimeoutError):
                await session.get("http://shore.example/")


async def test_what_nobody_was_told_the_end_of_the_block_raises() -> None:
    with pytest.raises(KeyError, match="late"):
        await _leave_early()
