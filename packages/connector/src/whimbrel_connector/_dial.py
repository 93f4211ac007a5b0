"""From a route to an open transport: a socket of TCP or UNIX, and TLS over it."""

import asyncio
import os
import socket
from collections.abc import Callable
from typing import TypeVar

from whimbrel_connector._contexts import tls_context
from whimbrel_connector._dialled import Dialled
from whimbrel_connector._handshake import open_transport
from whimbrel_connector._open_socket import DialOptions, open_socket, words_of
from whimbrel_connector._resumption import TlsSessions
from whimbrel_connector.errors import ConnectFailed
from whimbrel_connector.observer import limit_of
from whimbrel_connector.resolver import Resolver
from whimbrel_connector.route import Route
from whimbrel_connector.timeout_errors import PhaseTimeout, TcpTimeout
from whimbrel_connector.transports import LOOP_TRANSPORTS, Transports

__all__ = ["dial_tcp", "dial_unix"]

_P = TypeVar("_P", bound=Dialled)


async def dial_tcp(route: Route, protocol: Callable[[], _P], resolver: Resolver, options: DialOptions) -> _P:
    """Open a connection to `route` and return the protocol that received it.

    Raises:
        ConnectFailed: No address answered, or TLS failed (a subclass tells which).
        FingerprintMismatch: The certificate is not the pinned one.
    """
    context = await tls_context(route.tls) if route.tls is not None else None
    sock = await open_socket(route, resolver, options)
    return await open_transport(route, context, sock, protocol, options.transports, options.sessions)


async def dial_unix(
    route: Route, protocol: Callable[[], _P], path: str | bytes, transports: Transports = LOOP_TRANSPORTS
) -> _P:
    """Open a connection to the UNIX socket at `path` for requests to `route`; raises as `dial_tcp`."""
    context = await tls_context(route.tls) if route.tls is not None else None
    place = os.fsdecode(path)
    family = getattr(socket, "AF_UNIX", None)
    if family is None:
        raise ConnectFailed(place, None, "this system has no UNIX sockets")
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(0)
    try:
        with limit_of(TcpTimeout):
            await asyncio.get_running_loop().sock_connect(sock, path)
    except PhaseTimeout:  # an OSError, like all of its kind
        sock.close()
        raise
    except OSError as fault:
        sock.close()
        raise ConnectFailed(place, None, words_of(fault), fault.errno) from fault
    except BaseException:
        sock.close()
        raise
    sessions = TlsSessions(resumes=False)
    return await open_transport(route, context, sock, protocol, transports, sessions)
