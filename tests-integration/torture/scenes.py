"""What is tortured. Each scene is a use of a session that succeeds where nothing disturbs it.

A scene catches nothing: what a disturbance makes of it is for the run to judge. Tasks of its own are
begun by `together`, and each of them may fail alone.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from torture.stage import ForeignAnswer, Stage
from whimbrel import (
    ClientConnectionError,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientWebSocketResponse,
    DigestAuthMiddleware,
    FormData,
    TCPConnector,
    UnixConnector,
    WSMsgType,
)

__all__ = ["SCENES", "Means", "Scene"]

Play = Callable[["Stage"], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Means:
    """What scenes may need beside the site: the certificate authority's context, the socket's path."""

    context: Any
    path: str


@dataclass(frozen=True)
class Scene:
    """A use of a session.

    Attributes:
        play: What is done.
        connector: Makes the session's connector.
        tls: Whether the site speaks TLS.
        unix: Whether it listens on a UNIX socket.
        proxy: Whether a proxy stands before it.
    """

    play: Play
    connector: Callable[[Means], TCPConnector | UnixConnector]
    tls: bool = False
    unix: bool = False
    proxy: bool = False


SCENES: dict[str, Scene] = {}


def scene(
    *,
    tls: bool = False,
    unix: bool = False,
    proxy: bool = False,
    connector: Callable[[Means], TCPConnector | UnixConnector] | None = None,
) -> Callable[[Play], Play]:
    """Put a function on the list."""

    def listed(play: Play) -> Play:
        made = connector or (lambda means: TCPConnector(ssl=means.context))
        SCENES[getattr(play, "__name__", "")] = Scene(play, made, tls, unix, proxy)
        return play

    return listed


async def together(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run each in a task of its own, wait for all of them, and raise what one of them raised."""
    tasks = [asyncio.get_running_loop().create_task(each) for each in coroutines]
    try:
        await asyncio.wait(tasks)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, ForeignAnswer):
            raise outcome
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


# Answers of every kind.


@scene()
async def plain_get(stage: Stage) -> None:
    await stage.get("plain")


@scene()
async def two_gets_on_one_connection(stage: Stage) -> None:
    await stage.get("plain")
    await stage.get("plain")


@scene()
async def chunks(stage: Stage) -> None:
    await stage.get("chunked")


@scene()
async def gzip(stage: Stage) -> None:
    await stage.get("gzip")


@scene()
async def until_close(stage: Stage) -> None:
    await stage.get("close")
    await stage.get("close")


@scene()
async def head(stage: Stage) -> None:
    await stage.get("plain", "HEAD")
    await stage.get("plain")


@scene()
async def interim_answers(stage: Stage) -> None:
    await stage.get("interim")


@scene()
async def no_content(stage: Stage) -> None:
    url, number = stage.target("empty")
    async with stage.session.delete(url) as response:
        await stage.check(response, number, "")


@scene()
async def redirects(stage: Stage) -> None:
    await stage.get("hop3")


@scene()
async def a_slow_reader(stage: Stage) -> None:
    url, number = stage.target("large")
    async with stage.session.get(url, read_bufsize=1024) as response:
        received = b""
        async for piece in response.content.iter_chunked(20_000):
            received += piece
            await asyncio.sleep(0)
        if not received.startswith(number.encode()) or len(received) < 150_000:
            raise ForeignAnswer(number)


@scene()
async def stale_connections(stage: Stage) -> None:
    """The server promises to keep each connection, and closes it."""
    for _ in range(3):
        await stage.get("stale")


# Bodies that are sent.


async def _pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield bytes(1000)
        await asyncio.sleep(0)


async def _post(stage: Stage, route: str, data: object, size: int | None, **options: Any) -> None:
    url, number = stage.target(route)
    async with stage.session.post(url, data=data, **options) as response:
        await stage.check(response, number, number if size is None else f"{number} {size}")


@scene()
async def post_bytes(stage: Stage) -> None:
    await _post(stage, "echo", b"cargo", 5)
    await _post(stage, "echo", b"cargo!", 6)


@scene()
async def streamed_upload(stage: Stage) -> None:
    await _post(stage, "echo", _pieces(3), 3000)


@scene()
async def multipart_upload(stage: Stage) -> None:
    form = FormData()
    form.add_field("file", io.BytesIO(bytes(5000)), filename="log.bin")
    await _post(stage, "echo", form, None)


@scene()
async def early_answer_during_upload(stage: Stage) -> None:
    await _post(stage, "early", _pieces(1000), None)


@scene()
async def expected_continue(stage: Stage) -> None:
    await _post(stage, "expect", _pieces(2), 2000, expect100=True)


@scene()
async def refused_continue(stage: Stage) -> None:
    await _post(stage, "refuse", _pieces(2), None, expect100=True)
    await stage.get("plain")


# Other ways.


@scene(tls=True)
async def tls_get(stage: Stage) -> None:
    await stage.get("plain")


@scene(tls=True)
async def tls_upload(stage: Stage) -> None:
    await _post(stage, "echo", _pieces(2), 2000)


@scene(proxy=True)
async def proxy_absolute_form(stage: Stage) -> None:
    await stage.get("plain")


@scene(tls=True, proxy=True)
async def proxy_tunnel(stage: Stage) -> None:
    await stage.get("plain")


@scene(unix=True, connector=lambda means: UnixConnector(means.path))
async def unix_socket(stage: Stage) -> None:
    await stage.get("plain")
    await _post(stage, "echo", b"cargo", 5)


@scene()
async def websocket(stage: Stage) -> None:
    url, number = stage.target("ws")
    async with stage.session.ws_connect(url) as socket:
        await _expect(socket, number)
        await socket.send_str("tide")
        await _expect(socket, "tide")
        await socket.close()
        if (await socket.receive()).type is not WSMsgType.CLOSED:
            raise ForeignAnswer("a closed socket received")


async def _expect(socket: ClientWebSocketResponse, text: str) -> None:
    message = await socket.receive()
    if message.type is not WSMsgType.TEXT:
        raise ClientConnectionError(f"the socket closed: {message}")
    if message.data != text:
        raise ForeignAnswer(f"{message.data} came for {text}")


# The pool, and names.


@scene(connector=lambda means: TCPConnector(limit=1))
async def a_waiter_of_the_pool(stage: Stage) -> None:
    await together(stage.get("plain"), stage.get("chunked"))


@scene(connector=lambda means: TCPConnector(limit=2))
async def many_waiters(stage: Stage) -> None:
    await together(*(stage.get(route) for route in ("plain", "close", "chunked", "stale", "plain", "gzip")))


@scene(connector=lambda means: TCPConnector(limit_per_host=1))
async def waiters_that_post(stage: Stage) -> None:
    await together(*(_post(stage, "echo", b"cargo", 5) for _ in range(3)))


class _SlowResolver:
    """Answers after some turns of the loop."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[Any]:
        for _ in range(3):
            await asyncio.sleep(0)
        one = {"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 6, "flags": 4}
        return [one]

    async def close(self) -> None:
        pass


@scene(connector=lambda means: TCPConnector(resolver=_SlowResolver()))
async def a_lookup(stage: Stage) -> None:
    stage.url = stage.url.replace("127.0.0.1", "shore.example")
    await stage.get("plain")


@scene(connector=lambda means: TCPConnector(resolver=_SlowResolver(), limit=2))
async def a_lookup_for_many(stage: Stage) -> None:
    stage.url = stage.url.replace("127.0.0.1", "shore.example")
    await together(*(stage.get("plain") for _ in range(3)))


# Responses that are not read, and sessions that end.


@scene(connector=lambda means: TCPConnector(limit=1))
async def a_response_left_unread(stage: Stage) -> None:
    for route in ("plain", "large", "chunked"):
        url, _ = stage.target(route)
        async with stage.session.get(url):
            pass
    await stage.get("plain")


@scene(connector=lambda means: TCPConnector(limit=1))
async def a_response_abandoned(stage: Stage) -> None:
    for route in ("plain", "large"):
        await stage.session.get(stage.target(route)[0])
    await stage.get("plain")


@scene(connector=lambda means: TCPConnector(limit=1))
async def a_response_closed_and_one_released(stage: Stage) -> None:
    (await stage.session.get(stage.target("large")[0])).close()
    (await stage.session.get(stage.target("plain")[0])).release()
    await stage.get("plain")


@scene(connector=lambda means: TCPConnector(limit=1))
async def an_answer_that_never_comes(stage: Stage) -> None:
    """Who gives up on it gives the only place back."""

    async def asking() -> None:
        async with stage.session.get(stage.target("mute")[0]):
            raise ForeignAnswer("a mute peer has spoken")

    task = asyncio.get_running_loop().create_task(asking())
    try:
        for _ in range(20):
            await asyncio.sleep(0)
    finally:
        task.cancel()
        await asyncio.wait([task])
        # It may have been given up before it was cancelled.
        if not task.cancelled() and isinstance(task.exception(), ForeignAnswer):
            await task
    await stage.get("plain")


@scene()
async def a_session_closed_under_way(stage: Stage) -> None:
    async def closing() -> None:
        await asyncio.sleep(0)
        await stage.session.close()

    await together(stage.get("large"), closing())


# What stands between the session and the wire.


async def _twice(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    response = await handler(request)
    response.release()
    return await handler(request)


@scene()
async def a_middleware_that_repeats(stage: Stage) -> None:
    await stage.get("plain", middlewares=(_twice,))


@scene()
async def digest(stage: Stage) -> None:
    login = DigestAuthMiddleware("bird", "secret")
    await _post(stage, "digest", b"cargo", 5, middlewares=(login,))
