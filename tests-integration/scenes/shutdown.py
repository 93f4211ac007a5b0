"""Use a session, close it, close the loop at once, and find nothing left; and so on with the next scene.

    python shutdown.py LOOP URL AUTHORITY_FILE

The interpreter is to run in its development mode, with every warning an error.
"""

import asyncio
import contextlib
import gc
import os
import ssl
import sys
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import whimbrel
from scenes.loops import new_loop


async def one_request(session: whimbrel.ClientSession, url: str) -> None:
    async with session.get(f"{url}small") as response:
        assert await response.read() == b"ok"


async def many_idle_connections(session: whimbrel.ClientSession, url: str) -> None:
    await asyncio.gather(*(one_request(session, url) for _ in range(20)))


async def an_unread_body(session: whimbrel.ClientSession, url: str) -> whimbrel.ClientResponse:
    return await session.get(f"{url}large")


async def a_half_read_body(session: whimbrel.ClientSession, url: str) -> whimbrel.ClientResponse:
    response = await session.get(f"{url}large")
    await response.content.readexactly(1_000_000)
    return response


@contextlib.contextmanager
def complaints_expected() -> Iterator[None]:
    """Hear no word about forgotten responses, which are complained about in debug mode."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, _context: None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
    loop.set_exception_handler(None)


async def an_abandoned_response(session: whimbrel.ClientSession, url: str) -> None:
    with complaints_expected():
        await session.get(f"{url}large")
        gc.collect()


async def a_small_abandoned_response(session: whimbrel.ClientSession, url: str) -> None:
    with complaints_expected():
        await session.get(f"{url}small")
        gc.collect()


async def a_left_block(session: whimbrel.ClientSession, url: str) -> None:
    async with session.get(f"{url}large"):
        pass


async def a_running_websocket(session: whimbrel.ClientSession, url: str) -> whimbrel.ClientWebSocketResponse:
    socket = await session.ws_connect(f"{url}websocket", heartbeat=10)
    await socket.send_str("tide")
    return socket


async def a_closed_websocket(session: whimbrel.ClientSession, url: str) -> None:
    async with session.ws_connect(f"{url}websocket/polite") as socket:
        assert [message async for message in socket] == []


async def a_failed_request(session: whimbrel.ClientSession, url: str) -> None:
    for path, error in (
        ("mute", whimbrel.ServerDisconnectedError),
        ("garbage", whimbrel.ClientResponseError),
    ):
        with contextlib.suppress(error):
            await session.get(url + path)
            raise AssertionError(path)


async def a_refused_connection(session: whimbrel.ClientSession, _url: str) -> None:
    with contextlib.suppress(whimbrel.ClientConnectorError):
        await session.get("http://127.0.0.1:1/")
        raise AssertionError("somebody listens on port 1")


async def a_timeout(session: whimbrel.ClientSession, url: str) -> None:
    with contextlib.suppress(asyncio.TimeoutError):
        await session.get(f"{url}hang", timeout=0.1)
        raise AssertionError("hang answered")


async def a_cancelled_request(session: whimbrel.ClientSession, url: str) -> None:
    request = asyncio.ensure_future(session.get(f"{url}hang"))
    await asyncio.wait([request], timeout=0.1)
    request.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await request


async def a_pending_request(session: whimbrel.ClientSession, url: str) -> None:
    """Close while a task still waits: it must be told, and end."""
    request = asyncio.ensure_future(session.get(f"{url}hang"))
    await asyncio.wait([request], timeout=0.1)
    await session.close()
    with contextlib.suppress(whimbrel.ClientConnectionError):
        await request
        raise AssertionError("a request outlived its session")


async def an_upload_under_way(session: whimbrel.ClientSession, url: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65536)

    request = asyncio.ensure_future(session.post(f"{url}hang", data=endless()))
    await asyncio.wait([request], timeout=0.1)
    await session.close()
    with contextlib.suppress(whimbrel.ClientError):
        await request
        raise AssertionError("an upload outlived its session")


async def a_request_never_awaited(session: whimbrel.ClientSession, url: str) -> None:
    request = session.get(url)
    request.close()


async def no_request(_session: whimbrel.ClientSession, _url: str) -> None:
    pass


SCENES = {
    scene.__name__: scene
    for scene in (
        one_request,
        many_idle_connections,
        an_unread_body,
        a_half_read_body,
        an_abandoned_response,
        a_small_abandoned_response,
        a_left_block,
        a_running_websocket,
        a_closed_websocket,
        a_failed_request,
        a_refused_connection,
        a_timeout,
        a_cancelled_request,
        a_pending_request,
        an_upload_under_way,
        a_request_never_awaited,
        no_request,
    )
}


def _sockets() -> list[str]:
    """Return the sockets that this process has open."""
    links = []
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            links.append(Path("/proc/self/fd", descriptor).readlink().name)
    return sorted(link for link in links if link.startswith("socket:"))


async def _perform(scene: str, url: str, authority: str) -> None:
    await asyncio.sleep(0)  # the loop has all of its own sockets now
    before = _sockets()
    context = ssl.create_default_context(cafile=authority)
    session = whimbrel.ClientSession(connector=whimbrel.TCPConnector(ssl=context))
    kept = await SCENES[scene](session, url)
    await session.close()
    assert session.closed
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not others, others
    assert _sockets() == before
    del kept


def main(loop_name: str, *arguments: str) -> None:
    for scene in SCENES:
        before = _sockets()
        loop = new_loop(loop_name)
        loop.slow_callback_duration = 60  # development mode reports slow steps; a busy machine has them
        loop.run_until_complete(_perform(scene, *arguments))
        loop.close()
        gc.collect()
        assert _sockets() == before
        sys.stdout.write(f"{scene}: nothing left\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
