"""From a route to an open transport: address lookup, TCP by Happy Eyeballs (RFC 8305), TLS."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from string import hexdigits
from typing import TypeVar

from aiohappyeyeballs import AddrInfoType, SocketFactoryType, start_connection

from whimbrel_connector.errors import AddressNotFound, CertificateRejected, ConnectFailed, TlsFailed
from whimbrel_connector.resolver import Resolver, ResolveResult, is_address, literal_address
from whimbrel_connector.route import Route
from whimbrel_connector.tls import TlsPolicy, check_fingerprint, tls_context

__all__ = [
    "DialOptions",
    "check_pin",
    "connection_faults",
    "dial_tcp",
    "dial_unix",
    "find_addresses",
    "open_socket",
    "open_transport",
    "refuse_odd_address",
    "server_name",
]

_P = TypeVar("_P", bound=asyncio.Protocol)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialOptions:
    """How TCP connections are made.

    Attributes:
        family: Which addresses to ask for; `AF_UNSPEC` for both kinds.
        local_addr: Local host and port to bind to, or None.
        happy_eyeballs_delay: Seconds before the next address is tried beside the first; None tries
            them one after another.
        interleave: How many addresses of one family come before the other; None for 1.
        socket_factory: Makes the socket for an address, or None for the default.
    """

    family: socket.AddressFamily = socket.AF_UNSPEC
    local_addr: tuple[str, int] | None = None
    happy_eyeballs_delay: float | None = 0.25
    interleave: int | None = None
    socket_factory: SocketFactoryType | None = None


async def dial_tcp(route: Route, protocol: Callable[[], _P], resolver: Resolver, options: DialOptions) -> _P:
    """Open a connection to `route` and return the protocol that received it.

    Raises:
        ConnectFailed: No address answered, or TLS failed (a subclass tells which).
        FingerprintMismatch: The certificate is not the pinned one.
    """
    context = await tls_context(route.tls) if route.tls is not None else None
    addresses = await find_addresses(route, resolver, options.family)
    return await open_transport(route, context, await open_socket(route, addresses, options), protocol)


async def dial_unix(route: Route, protocol: Callable[[], _P], path: str) -> _P:
    """Open a connection to the UNIX socket at `path` for requests to `route`; raises as `dial_tcp`."""
    context = await tls_context(route.tls) if route.tls is not None else None
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(0)
    try:
        await asyncio.get_running_loop().sock_connect(sock, path)
    except OSError as fault:
        sock.close()
        raise ConnectFailed(path, None, _words(fault), fault.errno) from fault
    except BaseException:
        sock.close()
        raise
    return await open_transport(route, context, sock, protocol)


async def find_addresses(
    route: Route, resolver: Resolver, family: socket.AddressFamily
) -> Sequence[ResolveResult]:
    """Return the addresses of the route's host, at least one.

    Raises:
        AddressNotFound: There is none.
    """
    if is_address(route.host):
        address = route.host.replace("%25", "%")  # a zone stands encoded in a URL (RFC 6874 section 2)
        return [literal_address(route.host, address, route.port)]
    refuse_odd_address(route)
    try:
        found = await resolver.resolve(route.host, route.port, family=family)
    except OSError as fault:
        raise AddressNotFound(route.host, route.port, _words(fault), fault.errno) from fault
    except UnicodeError as fault:  # the system's resolver refuses labels that are too long or empty
        raise AddressNotFound(route.host, route.port, str(fault)) from fault
    if not found:
        raise AddressNotFound(route.host, route.port, "the resolver gave no address")
    return found


def refuse_odd_address(route: Route) -> None:
    """Refuse a host that some resolvers would read as an address, 0x7f.1 as 127.0.0.1.

    Raises:
        AddressNotFound: The route's host is no name.
    """
    if _ends_in_number(route.host):
        raise AddressNotFound(route.host, route.port, "not an IPv4 address in its usual form")


async def open_socket(
    route: Route, addresses: Sequence[ResolveResult], options: DialOptions
) -> socket.socket:
    """Return a socket that is connected to one of the addresses; the caller closes it.

    Raises:
        ConnectFailed: None of them answers.
    """
    local = None
    if options.local_addr is not None:
        bound = literal_address(options.local_addr[0], *options.local_addr)
        local = [_address_info(bound)]
    try:
        return await start_connection(
            addr_infos=[_address_info(result) for result in addresses],
            local_addr_infos=local,
            happy_eyeballs_delay=options.happy_eyeballs_delay,
            interleave=options.interleave,
            socket_factory=options.socket_factory,
        )
    except OSError as fault:
        raise ConnectFailed(route.host, route.port, _words(fault), fault.errno) from fault


async def open_transport(
    route: Route, context: ssl.SSLContext | None, sock: socket.socket, protocol: Callable[[], _P]
) -> _P:
    """Return the protocol that received `sock`, which ends at the route's origin, with TLS where it is due.

    The socket is the transport's from here on, or closed.

    Raises:
        TlsFailed: TLS failed.
        FingerprintMismatch: The certificate is not the pinned one.
    """
    policy = route.tls
    name = None if policy is None else server_name(route, policy)
    with connection_faults(route.host, route.port, ConnectFailed if context is None else TlsFailed):
        try:
            transport, made = await asyncio.get_running_loop().create_connection(
                protocol, sock=sock, ssl=context, server_hostname=name
            )
        except BaseException as fault:
            if not isinstance(fault, OSError):
                sock.close()
            raise
    if policy is not None:
        try:
            check_pin(transport, policy, route.host, route.port)
        except BaseException:
            transport.abort()
            raise
    return made


def server_name(route: Route, policy: TlsPolicy) -> str:
    """Return the name to send and to check."""
    # A trailing dot makes a DNS name absolute; certificates never carry it (RFC 6066 section 3).
    return policy.server_hostname or route.host.rstrip(".")


@contextmanager
def connection_faults(host: str, port: int, failed: type[ConnectFailed]) -> Iterator[None]:
    """Raise in place of the system's and the TLS library's errors our own; `failed` for the rest of them."""
    try:
        yield
    except ssl.CertificateError as fault:
        raise CertificateRejected(host, port, _words(fault), fault.errno) from fault
    except ssl.SSLError as fault:
        raise TlsFailed(host, port, _words(fault), fault.errno) from fault
    except OSError as fault:
        raise failed(host, port, _words(fault), fault.errno) from fault


def check_pin(transport: asyncio.BaseTransport, policy: TlsPolicy, host: str, port: int) -> None:
    """Compare the certificate that was shown with the pinned one, where one is.

    Raises:
        FingerprintMismatch: They differ.
    """
    if policy.fingerprint is not None:
        certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        check_fingerprint(policy, certificate or b"", host, port)


def _address_info(result: ResolveResult) -> AddrInfoType:
    address: tuple[str, int] | tuple[str, int, int, int] = (result["host"], result["port"])
    if result["family"] == socket.AF_INET6:
        host, _, zone = result["host"].partition("%")
        address = (host, result["port"], 0, _scope_of(zone))
    return result["family"], socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address


def _scope_of(zone: str) -> int:
    """Return the number of an IPv6 zone, which is given by number or by the interface's name."""
    if not zone or zone.isdecimal():
        return int(zone or 0)
    return socket.if_nametoindex(zone)


def _ends_in_number(host: str) -> bool:
    """Tell whether the last label is a number, as no host name's is (RFC 1123 section 2.1)."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    if last.startswith("0x"):
        return not last[2:].strip(hexdigits)
    return last.isascii() and last.isdigit()


def _words(fault: OSError) -> str:
    return fault.strerror or str(fault) or type(fault).__name__
