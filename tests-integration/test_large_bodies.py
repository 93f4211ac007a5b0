"""Bodies larger than memory: what they cost, and who waits for whom."""

import asyncio
from pathlib import Path

import pytest
from peers.alone import run_alone
from peers.flood import MEBIBYTE, Flood
from scenes.loops import loop_name

from whimbrel import ClientSession

MEMORY = Path(__file__).parent / "scenes" / "memory.py"


async def _move(*arguments: str) -> tuple[int, int]:
    """Return bytes moved and bytes by which the client's peak memory grew."""
    moved, grown = (await run_alone(MEMORY, loop_name(), *arguments, strict=False)).split()
    return int(moved), int(grown)


async def test_two_gibibytes_are_streamed_in_flat_memory() -> None:
    """S065."""
    with Flood() as server:
        moved, grown = await _move("down", server.url, "2048")
    assert moved == 2048 * MEBIBYTE
    assert grown < 32 * MEBIBYTE


async def test_two_gibibytes_are_uploaded_in_flat_memory(tmp_path: Path) -> None:
    """S097, and twenty times as much."""
    size = 2048 * MEBIBYTE
    cargo = tmp_path / "cargo"
    with cargo.open("wb") as file:
        file.truncate(size)  # a hole, which takes no room
    with Flood() as server:
        moved, grown = await _move("up", server.url, str(cargo))
        assert moved == size
        assert server.swallowed == size + 65536
    assert grown < 16 * MEBIBYTE


@pytest.mark.parametrize("touch", ["head only", "one byte"])
async def test_a_reader_that_stops_makes_the_server_stop(touch: str) -> None:
    """S065, S127: bounded by the buffers of both systems and the stream's own."""
    with Flood() as server:
        async with ClientSession() as session, session.get(f"{server.url}1024") as response:
            if touch == "one byte":
                await response.content.read(1)
            sent = await asyncio.to_thread(server.wait_until_stuck, 0.3)
            assert sent < 64 * MEBIBYTE
            for _ in range(256):
                assert len(await response.content.readexactly(MEBIBYTE)) == MEBIBYTE
            assert server.sent > sent


async def test_a_whole_body_is_read_while_others_are_served() -> None:
    """A large `read` must not starve the loop."""
    with Flood() as large, Flood() as small:
        async with ClientSession() as session:

            async def fetch(url: str) -> int:
                async with session.get(url) as response:
                    return len(await response.read())

            download = asyncio.ensure_future(fetch(f"{large.url}64"))
            answered = 0
            while not download.done():
                assert await fetch(f"{small.url}0") == 0
                answered += 1
            assert download.result() == 64 * MEBIBYTE
            assert answered > 1  # the first may have been on its way when the loop came to a stand
