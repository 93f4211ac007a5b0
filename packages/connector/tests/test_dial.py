"""Dialling that is cancelled at the worst moments leaves nothing behind, and disturbs nobody."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest
from yarl import URL

from whimbrel_connector import Route, TCPConnector, ThreadedResolver, TlsPolicy
from whimbrel_connector._dial import dial_tcp
from whimbrel_connector._dialled import Dialled, as_transport
from whimbrel_connector._open_socket import DialOptions

if TYPE_CHECKING:
    from .conftest import Authority, Line, Peer, Serve


class Hasty(Dialled):
    """Cancels the dialling when the connection is there and the task that dials does not know yet."""

    __slots__ = ("_dialling", "_transport")

    def __init__(self, dialling: list[asyncio.Task[Any]]) -> None:
        self._dialling = dialling

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = as_transport(transport)
        self._dialling[0].cancel()

    def abort(self) -> None:
        self._transport.abort()


async def cancelled_dial(peer: Peer, authority: Authority) -> list[socket.socket]:
    """Dial, be cancelled when TLS has just been agreed on, and return the sockets that were used."""
    sockets: list[socket.socket] = []

    def make_socket(address: Any) -> socket.socket:
        sockets.append(socket.socket(*address[:3]))
        return sockets[-1]

    route = Route.to(URL(peer.url), tls=TlsPolicy(context=authority.client()), proxy=None)
    options = DialOptions(socket_factory=make_socket)
    dialling: list[asyncio.Task[Any]] = []
    dial = dial_tcp(route, lambda: Hasty(dialling), ThreadedResolver(), options)
    dialling.append(asyncio.ensure_future(dial))
    with pytest.raises(asyncio.CancelledError):
        await dialling[0]
    return sockets


async def test_a_cancelled_dial_leaves_the_descriptor_to_the_loop(
    serve: Serve, connector: TCPConnector, authority: Authority
) -> None:
    """Closed under a transport that the loop still watches, its number would be the next connection's."""
    secure, polite = await serve(context=authority.server("127.0.0.1")), await serve()
    await cancelled_dial(secure, authority)
    fetched = await asyncio.gather(*(polite.fetch(connector, f"/{number}") for number in range(3)))
    assert [each.body for each in fetched] == [b"/0", b"/1", b"/2"]


async def test_a_cancelled_dial_does_not_wait_for_a_deaf_peer(serve: Serve, authority: Authority) -> None:
    async def deaf(line: Line) -> None:
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads too
        await over.wait()

    over = asyncio.Event()
    peer = await serve(deaf, context=authority.server("127.0.0.1"))
    [sock] = await cancelled_dial(peer, authority)
    for _ in range(10):
        await asyncio.sleep(0)
    assert sock.fileno() == -1
    over.set()
