"""Tracers hear of a request's life in the order in which they hear of it from aiohttp."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import ModuleType
from typing import Any

import aiohttp
import pytest
from aiohttp import web

import whimbrel

SIGNALS = [name for name in dir(aiohttp.TraceConfig()) if name.startswith("on_")]
Life = Callable[[Any, "Place"], Awaitable[object]]


class Place(str):
    """The URL of a server.

    Attributes:
        go: Set to let `/slow` end its answer.
    """

    __slots__ = ("go",)

    go: asyncio.Event


async def a_get(session: Any, url: str) -> None:
    async with session.get(url) as response:
        await response.read()


async def a_get_of_a_kept_connection(session: Any, url: str) -> None:
    await a_get(session, url)
    await a_get(session, url)


async def a_streamed_response(session: Any, url: str) -> None:
    async with session.get(url) as response:
        async for _ in response.content:
            pass


async def a_post(session: Any, url: str) -> None:
    async with session.post(url, data=b"birds") as response:
        await response.text()


async def a_redirect(session: Any, url: str) -> None:
    async with session.get(f"{url}moved") as response:
        await response.read()


async def a_refused_response(session: Any, url: str) -> None:
    with pytest.raises((aiohttp.ClientResponseError, whimbrel.ClientResponseError)):
        await session.get(f"{url}missing", raise_for_status=True)


async def a_response_that_is_left(session: Any, url: str) -> None:
    async with session.get(url):
        pass


async def a_request_that_waits_for_another(session: Any, url: Place) -> None:
    url.go.clear()
    async with session.get(f"{url}slow") as first:
        second = asyncio.ensure_future(session.get(url))
        for _ in range(5):  # turns that only the client needs: it waits in the row then
            await asyncio.sleep(0)
        url.go.set()
        await first.read()
        async with await second as response:
            await response.read()


async def a_refused_connection(session: Any, url: str) -> None:
    with pytest.raises(OSError):
        await session.get("http://127.0.0.1:1/")


LIVES: list[Life] = [
    a_get,
    a_get_of_a_kept_connection,
    a_streamed_response,
    a_post,
    a_redirect,
    a_refused_response,
    a_response_that_is_left,
    a_request_that_waits_for_another,
    a_refused_connection,
]


@pytest.fixture
async def url() -> AsyncIterator[Place]:
    go = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(text="tide")

    async def moved(request: web.Request) -> web.Response:
        raise web.HTTPFound("/")

    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x")
        await go.wait()
        await response.write_eof()
        return response

    app = web.Application()
    app.router.add_route("*", "/", answer)
    app.router.add_get("/moved", moved)
    app.router.add_get("/slow", slow)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    place = Place(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    place.go = go
    yield place
    await runner.cleanup()


async def heard(client: ModuleType, life: Life, url: Place) -> list[str]:
    """Return the signals that one life sends."""
    signals: list[str] = []
    config = client.TraceConfig()

    def note(name: str) -> Callable[[object, object, object], Awaitable[None]]:
        async def noted(session: object, context: object, params: object) -> None:
            signals.append(name.removeprefix("on_"))

        return noted

    for name in SIGNALS:
        getattr(config, name).append(note(name))
    connector = client.TCPConnector(limit=1)
    async with client.ClientSession(connector=connector, trace_configs=[config]) as session:
        await life(session, url)
    return signals


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.__name__)
async def test_the_order_is_that_of_aiohttp(url: Place, life: Life) -> None:
    theirs = await heard(aiohttp, life, url)
    assert theirs
    assert await heard(whimbrel, life, url) == theirs
