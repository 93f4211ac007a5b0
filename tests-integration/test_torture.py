"""Something goes wrong at every await and every call of the system, in every scene, on both event loops."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import pytest
from peers.certificates import Authority
from torture.loops import LOOPS
from torture.runs import torture
from torture.scenes import SCENES, Means, Scene
from torture.stage import Stage

from whimbrel import ClientError, TCPConnector


# Python 3.10's `start_tls` forgets the transport that it has made when the handshake is cancelled.
@pytest.mark.filterwarnings("ignore:unclosed transport <asyncio.sslproto:ResourceWarning")
@pytest.mark.parametrize("loop_name", LOOPS)
@pytest.mark.parametrize("scene_name", SCENES)
def test_whatever_goes_wrong_nothing_is_lost(
    scene_name: str, loop_name: str, authority: Authority, tmp_path: Path
) -> None:
    means = Means(authority.client(), str(tmp_path / "socket"))
    loop = LOOPS[loop_name]()
    loop.set_debug(False)  # in which it complains of more than of what is left
    asyncio.set_event_loop(loop)
    try:
        runs = torture(SCENES[scene_name], loop, means, authority.server("127.0.0.1"))
        assert sum(runs.values()) > 20
        assert runs["CANCEL"] == runs["RESET"] == runs["CLOSE"] == runs["TIMEOUT"]
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class _Careless(TCPConnector):
    """Asks a second socket for advice, and forgets it when something goes wrong."""

    forgotten: ClassVar[list[socket.socket]] = []

    async def dial(self, route):  # type: ignore[no-untyped-def]  # as the base class's
        sock = socket.socket()
        self.forgotten.append(sock)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", route.port))
        made = await super().dial(route)
        sock.close()
        return made


async def _deaf_to_cancellation(stage: Stage) -> None:
    with suppress(asyncio.CancelledError):
        await stage.get("plain")


async def _undocumented(stage: Stage) -> None:
    try:
        await stage.get("plain")
    except ClientError as fault:
        raise KeyError from fault


@pytest.mark.parametrize(
    ("play", "connector", "found"),
    [
        (SCENES["plain_get"].play, _Careless, "sockets are left"),
        (_deaf_to_cancellation, TCPConnector, "a cancellation was lost"),
        (_undocumented, TCPConnector, "not a documented error"),
    ],
)
def test_the_torture_finds_what_is_planted(
    play: Callable[[Stage], object], connector: type[TCPConnector], found: str, authority: Authority
) -> None:
    loop = LOOPS["asyncio"]()
    loop.set_debug(False)
    asyncio.set_event_loop(loop)
    means = Means(authority.client(), "")
    try:
        with pytest.raises(AssertionError, match=found):
            torture(Scene(play, lambda _: connector()), loop, means, None)  # type: ignore[arg-type]  # a coroutine function
    finally:
        asyncio.set_event_loop(None)
        loop.close()
        for sock in _Careless.forgotten:
            sock.close()
