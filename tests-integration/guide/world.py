"""The part of the internet that the guide's examples talk to, on the loopback."""

import socket
import ssl
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web
from peers.bin import Bin
from peers.certificates import Authority
from peers.proxy import RecordingProxy
from peers.scripted import Peer, ScriptedServer

from whimbrel_connector import ResolveResult

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["World"]

KNOWN_NAMES = ("api.github.com", "github.com", "example.com", "www.python.org")


class World:
    """Every host of the guide; it is the resolver that leads there.

    Attributes:
        site: What stands behind port 80 of most names.
        pin: The SHA-256 digest of the certificate of all good TLS names.
        proxy: `some.proxy.com`.
        heard: What the WebSocket of `example.org` was told.
        silent: Names whose servers never answer.
    """

    def __init__(self, authority: Authority) -> None:
        good, self.pin = authority.pinned_server(*KNOWN_NAMES)
        others = {
            "expired.badssl.com": authority.expired_server("expired.badssl.com"),
            "wrong.host.badssl.com": authority.server("another.example"),
        }

        def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            connection.context = others.get(name or "", good)

        good.sni_callback = choose
        self.site = Bin()
        self._secure = Bin(ssl=good)
        self._mute = ScriptedServer(_say_nothing)
        self._chat = web.AppRunner(self._chat_application(), access_log=None, shutdown_timeout=0.1)
        self._stack = AsyncExitStack()
        self.heard: list[str] = []
        self.silent: set[str] = set()

    async def __aenter__(self) -> "Self":
        for server in (self.site, self._secure, self._mute):
            await self._stack.enter_async_context(server)
        self.proxy = await self._stack.enter_async_context(RecordingProxy({80: self.site.port}))
        await self._chat.setup()
        self._stack.push_async_callback(self._chat.cleanup)
        await web.TCPSite(self._chat, "127.0.0.1", 0).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the one address there is."""
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._port_of(host, port),
                family=socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    def _port_of(self, host: str, port: int) -> int:
        if host in self.silent:
            return self._mute.port
        if host == "example.org":
            place: int = self._chat.addresses[0][1]
            return place
        if host == "some.proxy.com":
            return self.proxy.port
        return {80: self.site.port, 443: self._secure.port}[port]

    def _chat_application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/websocket", self._talk)
        return application

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        """Say something, listen to the answer, and say that it is enough."""
        line = web.WebSocketResponse()
        await line.prepare(request)
        await line.send_str("tide")
        self.heard.append(await line.receive_str())
        await line.send_str("close cmd")
        ended = await line.receive()
        self.heard.append(WSMsgType(ended.type).name)
        return line


async def _say_nothing(peer: Peer) -> None:
    await peer.until_gone()
