"""From a route to an open transport: a socket of TCP or UNIX, and TLS over it."""

import asyncio
import os
import socket
import ssl as ssl_module
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TypeVar

from whimbrel_connector._connection import Dialled
from whimbrel_connector._open_socket import DialOptions, open_socket, words_of
from whimbrel_connector.errors import CertificateRejected, ConnectFailed, TlsFailed
from whimbrel_connector.observer import limit_of
from whimbrel_connector.resolver import Resolver
from whimbrel_connector.route import Route
from whimbrel_connector.timeout_errors import PhaseTimeout, TcpTimeout, TlsTimeout
from whimbrel_connector.tls import TlsPolicy, check_fingerprint, tls_context
from whimbrel_connector.transports import LOOP_TRANSPORTS, Transports

__all__ = ["check_pin", "connection_faults", "dial_tcp", "dial_unix", "open_transport", "server_name"]

_P = TypeVar("_P", bound=Dialled)


async def dial_tcp(route: Route, protocol: Callable[[], _P], resolver: Resolver, options: DialOptions) -> _P:
    """Open a connection to `route` and return the protocol that received it.

    Raises:
        ConnectFailed: No address answered, or TLS failed (a subclass tells which).
        FingerprintMismatch: The certificate is not the pinned one.
    """
    context = await tls_context(route.tls) if route.tls is not None else None
    sock = await open_socket(route, resolver, options)
    return await open_transport(route, context, sock, protocol, options.transports)


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
    return await open_transport(route, context, sock, protocol, transports)


async def open_transport(
    route: Route,
    context: ssl_module.SSLContext | None,
    sock: socket.socket,
    protocol: Callable[[], _P],
    transports: Transports,
) -> _P:
    """Return the protocol that received `sock`, which ends at the route's origin, with TLS where it is due.

    The socket is the transport's from here on, or closed.

    Raises:
        TlsFailed: TLS failed.
        FingerprintMismatch: The certificate is not the pinned one.
    """
    policy = route.tls
    name = None if policy is None else server_name(route, policy)
    with nullcontext() if context is None else limit_of(TlsTimeout):
        with connection_faults(route.host, route.port, ConnectFailed if context is None else TlsFailed):
            transport, made = await _make_transport(
                transports, protocol, sock=sock, ssl=context, server_hostname=name
            )
    if policy is not None:
        try:
            check_pin(transport, policy, route.host, route.port)
        except BaseException:
            transport.abort()
            raise
    return made


async def _make_transport(
    transports: Transports,
    protocol: Callable[[], _P],
    *,
    sock: socket.socket,
    ssl: ssl_module.SSLContext | None,
    server_hostname: str | None,
) -> tuple[asyncio.Transport, _P]:
    made: list[_P] = []

    def making() -> _P:
        made.append(protocol())
        return made[-1]

    try:
        return await transports.create_connection(
            asyncio.get_running_loop(), making, sock=sock, ssl=ssl, server_hostname=server_hostname
        )
    except BaseException:
        # Once there is a protocol the socket is its transport's, which would miss it: another connection
        # may get its number. That transport is being closed; if TLS stands already, it takes its time.
        if made:
            made[0].abort()
        else:
            sock.close()
        raise


def server_name(route: Route, policy: TlsPolicy) -> str:
    """Return the name to send and to check."""
    # A trailing dot makes a DNS name absolute; certificates never carry it (RFC 6066 section 3).
    return policy.server_hostname or route.host.rstrip(".")


@contextmanager
def connection_faults(host: str, port: int, failed: type[ConnectFailed]) -> Iterator[None]:
    """Raise in place of the system's and the TLS library's errors our own; `failed` for the rest of them."""
    try:
        yield
    except ssl_module.CertificateError as fault:
        raise CertificateRejected(host, port, words_of(fault), fault.errno) from fault
    except ssl_module.SSLError as fault:
        raise TlsFailed(host, port, words_of(fault), fault.errno) from fault
    except OSError as fault:
        raise failed(host, port, words_of(fault), fault.errno) from fault


def check_pin(transport: asyncio.BaseTransport, policy: TlsPolicy, host: str, port: int) -> None:
    """Compare the certificate that was shown with the pinned one, where one is.

    Raises:
        FingerprintMismatch: They differ.
    """
    if policy.fingerprint is not None:
        certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        check_fingerprint(policy, certificate or b"", host, port)
