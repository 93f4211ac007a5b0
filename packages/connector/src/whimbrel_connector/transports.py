"""`Transports`: who makes the transport over a connected socket.

The default is the event loop. The module `aiofastnet` fits as it is: `TCPConnector(transports=aiofastnet)`.
"""

import asyncio
import socket
import ssl as ssl_module
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

__all__ = ["LOOP_TRANSPORTS", "Transports"]

_P = TypeVar("_P", bound=asyncio.BaseProtocol)


class Transports(Protocol):
    """Two functions, with the arguments that those of the module aiofastnet have."""

    def create_connection(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol_factory: Callable[[], _P],
        /,
        *,
        sock: socket.socket,
        ssl: ssl_module.SSLContext | None,
        server_hostname: str | None,
    ) -> Awaitable[tuple[asyncio.Transport, _P]]:
        """Make a transport over `sock`, which is connected, and a protocol for it, which has received it.

        With `ssl` the TLS handshake is over, and the certificate fits `server_hostname`. Once the
        factory was called, the socket is the transport's to close, also where this raises.
        """

    def start_tls(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        protocol: asyncio.BaseProtocol,
        sslcontext: ssl_module.SSLContext,
        /,
        *,
        server_hostname: str | None,
    ) -> Awaitable[asyncio.Transport | None]:
        """Agree on TLS over `transport`, one of this kind, and return the transport above it."""


class _LoopTransports:
    """The transports of the event loop itself."""

    async def create_connection(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol_factory: Callable[[], _P],
        /,
        *,
        sock: socket.socket,
        ssl: ssl_module.SSLContext | None,
        server_hostname: str | None,
    ) -> tuple[asyncio.Transport, _P]:
        """Ask the loop."""
        return await loop.create_connection(
            protocol_factory, sock=sock, ssl=ssl, server_hostname=server_hostname
        )

    async def start_tls(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        protocol: asyncio.BaseProtocol,
        sslcontext: ssl_module.SSLContext,
        /,
        *,
        server_hostname: str | None,
    ) -> asyncio.Transport | None:
        """Ask the loop."""
        return await loop.start_tls(transport, protocol, sslcontext, server_hostname=server_hostname)


LOOP_TRANSPORTS: Transports = _LoopTransports()
