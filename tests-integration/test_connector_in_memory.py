"""`whimbrel.testing.MemoryConnector` under the kit for connectors: a site answers as the kit's own origin does."""

import asyncio
import re
from collections.abc import AsyncIterator

from whimbrel.testing import (
    Answer,
    Handler,
    HangUp,
    MemoryConnector,
    Reaction,
    ReceivedRequest,
    Site,
    Verbatim,
)
from whimbrel_connector.testing import check_connector

LARGE_BYTES = 300_000  # as many as the kit's origin sends


def _number(request: ReceivedRequest) -> str:
    return request.url.name


def _connection(request: ReceivedRequest) -> dict[str, str]:
    return {"X-Connection": str(request.connection)}


def _plain(request: ReceivedRequest) -> Answer:
    return Answer(_number(request), headers=_connection(request))


def _chunked(request: ReceivedRequest) -> Answer:
    async def pieces() -> AsyncIterator[bytes]:
        for octet in _number(request).encode():
            yield bytes((octet,))

    return Answer(pieces(), headers=_connection(request))


def _large(request: ReceivedRequest) -> Answer:
    return Answer(_number(request).encode() + bytes(LARGE_BYTES), headers=_connection(request))


async def _echo(request: ReceivedRequest) -> Answer:
    size = 0
    async for piece in request:
        size += len(piece)
    return Answer(f"{_number(request)} {size}", headers=_connection(request))


def _closing(request: ReceivedRequest) -> Verbatim:
    return Verbatim(f"HTTP/1.1 200 OK\r\n\r\n{_number(request)}".encode())


def _endless(request: ReceivedRequest) -> Answer:
    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b"on and on"

    return Answer(pieces())


async def _mute(request: ReceivedRequest) -> Reaction:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


def site_like_the_origin() -> Site:
    site = Site()
    reactions: dict[str, Reaction | Handler] = {
        "plain": _plain,
        "chunked": _chunked,
        "large": _large,
        "echo": _echo,
        "closing": _closing,
        "endless": _endless,
        "mute": _mute,
        "hangup": HangUp(),
        "garbage": Verbatim(b"garbage\r\n\r\n"),
    }
    for name, reaction in reactions.items():
        site.on("*", re.compile(rf".*/{name}/\d+"), reaction)
    return site


async def test_it_passes() -> None:
    assert await check_connector(lambda origin: MemoryConnector(site_like_the_origin())) == []
