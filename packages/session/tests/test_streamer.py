"""Bodies written by a function, in the way of aiohttp 2."""

from collections.abc import Generator
from typing import Any

import pytest

import whimbrel
from whimbrel import get_payload


class Sink:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    async def write(self, data: bytes, /) -> None:
        self.pieces.append(data)


@whimbrel.streamer
def by_generator(writer: Any, start: int = 0, *, end: int = 2) -> Generator[Any, Any, None]:
    for number in range(start, end):
        yield from writer.write(b"%d" % number)


@whimbrel.streamer
async def by_coroutine(writer: Any, start: int = 0, *, end: int = 2) -> None:
    for number in range(start, end):
        await writer.write(b"%d" % number)


@pytest.mark.parametrize("sender", [by_generator, by_coroutine], ids=["S111 generator", "S113 coroutine"])
async def test_the_function_writes_the_body(sender: whimbrel.streamer) -> None:
    """S111, S113, S115."""
    for data, expected in (
        (sender(), [b"0", b"1"]),
        (sender(1, end=4), [b"1", b"2", b"3"]),
        (sender, [b"0", b"1"]),
    ):
        sink = Sink()
        payload = get_payload(data)
        assert payload.size is None
        await payload.write(sink)
        assert sink.pieces == expected


async def test_what_the_function_raises_is_raised() -> None:
    @whimbrel.streamer
    def failing(writer: Any) -> Generator[Any, Any, None]:
        yield from writer.write(b"x")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await get_payload(failing()).write(Sink())
