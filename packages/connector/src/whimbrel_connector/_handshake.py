"""TLS on a connected socket or in a tunnel: the handshake, and what must hold before a byte is sent."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from whimbrel_connector._contexts import trusted_by
from whimbrel_connector._dialled import Dialled
from whimbrel_connector._open_socket import words_of
from whimbrel_connector._resumption import TlsSessions
from whimbrel_connector.errors import CertificateRejected, ConnectFailed, TlsFailed
from whimbrel_connector.fingerprint import check_fingerprint
from whimbrel_connector.observer import limit_of
from whimbrel_connector.route import Route
from whimbrel_connector.timeout_errors import TlsTimeout
from whimbrel_connector.tls import TlsPolicy
from whimbrel_connector.transports import Transports

__all__ = ["check_established", "connection_faults", "open_transport", "secure_tunnel", "server_name"]

_P = TypeVar("_P", bound=Dialled)
_SPOKEN = (None, "http/1.1", "http/1.0")


async def open_transport(
    route: Route,
    context: ssl.SSLContext | None,
    sock: socket.socket,
    protocol: Callable[[], _P],
    transports: Transports,
    sessions: TlsSessions,
) -> _P:
    """Return the protocol that received `sock`, which ends at the route's origin, with TLS where it is due.

    The socket is the transport's from here on, or closed.

    Raises:
        TlsFailed: TLS failed.
        FingerprintMismatch: The certificate is not the pinned one.
    """
    policy = route.tls
    if policy is None or context is None:
        with connection_faults(route.host, route.port, ConnectFailed):
            return (await _make_transport(transports, protocol, sock, None, None))[1]
    name = server_name(route, policy)
    with (
        limit_of(TlsTimeout),
        connection_faults(route.host, route.port, TlsFailed, context),
        sessions.offering(route, context) as offered,
    ):
        transport, made = await _make_transport(transports, protocol, sock, offered, name)
    check_established(transport, policy, route)
    return made


async def secure_tunnel(
    route: Route,
    policy: TlsPolicy,
    context: ssl.SSLContext,
    transport: asyncio.Transport,
    made: asyncio.Protocol,
    transports: Transports,
    sessions: TlsSessions,
) -> None:
    """Agree on TLS with the route's origin through the tunnel that `transport` has become.

    Raises:
        TlsFailed: TLS failed.
        FingerprintMismatch: The certificate is not the pinned one.
    """
    loop = asyncio.get_running_loop()
    name = server_name(route, policy)
    with (
        limit_of(TlsTimeout),
        connection_faults(route.host, route.port, TlsFailed, context),
        sessions.offering(route, context) as offered,
    ):
        secured = await transports.start_tls(loop, transport, made, offered, server_hostname=name)
        if secured is None or secured.is_closing():
            raise ConnectionResetError("the tunnel was closed during the handshake")
    try:
        made.connection_made(secured)
    except BaseException:
        secured.abort()
        raise
    check_established(secured, policy, route)


@contextmanager
def connection_faults(
    host: str, port: int, failed: type[ConnectFailed], context: ssl.SSLContext | None = None
) -> Iterator[None]:
    """Raise in place of the system's and the TLS library's errors our own; `failed` for the rest of them."""
    try:
        yield
    except ssl.SSLCertVerificationError as fault:
        what = f"certificate verify failed: {fault.verify_message}"
        trusted = "" if context is None else trusted_by(context)
        raise CertificateRejected(host, port, what, fault.errno, trusted) from fault
    except ssl.SSLError as fault:
        raise TlsFailed(host, port, words_of(fault), fault.errno) from fault
    except OSError as fault:
        raise failed(host, port, words_of(fault), fault.errno) from fault


async def _make_transport(
    transports: Transports,
    protocol: Callable[[], _P],
    sock: socket.socket,
    context: ssl.SSLContext | None,
    name: str | None,
) -> tuple[asyncio.Transport, _P]:
    made: list[_P] = []

    def making() -> _P:
        made.append(protocol())
        return made[-1]

    try:
        return await transports.create_connection(
            asyncio.get_running_loop(), making, sock=sock, ssl=context, server_hostname=name
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


def check_established(transport: asyncio.Transport, policy: TlsPolicy, route: Route) -> None:
    """Let nothing be sent where the pin is not met, or another protocol was chosen."""
    try:
        established = transport.get_extra_info("ssl_object")
        if policy.fingerprint is not None:
            certificate = established.getpeercert(binary_form=True) or b""
            check_fingerprint(policy.fingerprint, certificate, route.host, route.port)
        if (chosen := established.selected_alpn_protocol()) not in _SPOKEN:
            raise TlsFailed(route.host, route.port, f"the server chose {chosen!a}, which is not spoken here")
    except BaseException:
        transport.abort()
        raise
