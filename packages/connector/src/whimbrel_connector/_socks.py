"""From a route with a SOCKS proxy to an open transport (RFC 1928, RFC 1929).

The socket to the proxy is dialled here, by the connector's resolver and Happy Eyeballs; what is said on it
until it ends at the origin is python-socks'. TLS with the origin follows as on any other socket.
"""

import socket
from collections.abc import Callable, Sequence
from typing import TypeVar

from whimbrel_connector._addresses import is_address
from whimbrel_connector._contexts import tls_context
from whimbrel_connector._dialled import Dialled
from whimbrel_connector._handshake import connection_faults, open_transport
from whimbrel_connector._open_socket import DialOptions, find_addresses, open_socket, refuse_odd_address
from whimbrel_connector.errors import (
    AddressNotFound,
    ConnectFailed,
    ProxyFailed,
    SocksRefused,
    UnsupportedProxy,
)
from whimbrel_connector.observer import limit_of
from whimbrel_connector.proxy import Proxy
from whimbrel_connector.resolver import Resolver
from whimbrel_connector.route import Route
from whimbrel_connector.timeout_errors import ProxyTimeout

try:
    from python_socks import ProxyError, ProxyType
    from python_socks.async_.asyncio import Proxy as Client
except ImportError as absent:
    what = "SOCKS needs python-socks: pip install 'whimbrel-connector[socks]'"
    raise UnsupportedProxy("socks", what) from absent

__all__ = ["dial_socks"]

_P = TypeVar("_P", bound=Dialled)

_LONGEST_NAME = 255  # its length is one byte (RFC 1928 section 5)
_A_DAY = 86400.0  # python-socks needs a limit; what counts is the deadline around the whole dialling
_NO_ANSWER_FROM_ORIGIN = frozenset({1, 3, 4, 5, 6, 8, 91})  # another address may fare better


async def dial_socks(
    route: Route, proxy: Proxy, protocol: Callable[[], _P], resolver: Resolver, options: DialOptions
) -> _P:
    """Open a connection to `route` by way of `proxy` and return the protocol that received it.

    Where the name is looked up here, its addresses are tried one after another, each over a connection to
    the proxy of its own.

    Raises:
        ProxyFailed: The proxy cannot be reached, or breaks off, or speaks no SOCKS, or
            does not know the user.
        SocksRefused: It does not connect to the origin; the last address that was tried is named.
        AddressNotFound: The origin's name is unknown here, or cannot be told to the proxy.
        TlsFailed: TLS with the origin failed.
        FingerprintMismatch: The origin's certificate is not the pinned one.
    """
    context = await tls_context(route.tls) if route.tls is not None else None
    hosts = await _hosts(route, proxy, resolver, options)
    with limit_of(ProxyTimeout):
        sock = await _reach(route, proxy, hosts, resolver, options)
    return await open_transport(route, context, sock, protocol, options.transports, options.sessions)


async def _hosts(route: Route, proxy: Proxy, resolver: Resolver, options: DialOptions) -> Sequence[str]:
    """Return what the proxy is to be asked for: addresses, or the name."""
    is_version_4 = proxy.url.scheme.startswith("socks4")
    if is_address(route.host) and ("%" in route.host or (is_version_4 and ":" in route.host)):
        kind = "IPv4 addresses and names" if is_version_4 else "addresses without a zone, and names"
        raise AddressNotFound(route.host, route.port, f"{proxy.url.scheme} knows only {kind}")
    if is_address(route.host) or proxy.url.scheme in ("socks4", "socks5"):
        family = socket.AF_INET if is_version_4 else options.family
        found = await find_addresses(route, resolver, options, family)
        return [str(each.address) for each in found.allowed]
    refuse_odd_address(route.host, route.port)
    if not _can_be_told(route.host):
        raise AddressNotFound(route.host, route.port, "no name that can be told to a SOCKS proxy")
    return [route.host]


async def _reach(
    route: Route, proxy: Proxy, hosts: Sequence[str], resolver: Resolver, options: DialOptions
) -> socket.socket:
    *others, last = hosts
    for host in others:
        sock = await _attempt(route, proxy, host, resolver, options)
        if sock is not None:
            return sock
    return await _through(route, proxy, last, resolver, options)


async def _attempt(
    route: Route, proxy: Proxy, host: str, resolver: Resolver, options: DialOptions
) -> socket.socket | None:
    """Do as `_through`; return None where another address may fare better."""
    try:
        return await _through(route, proxy, host, resolver, options)
    except SocksRefused as refusal:
        if refusal.reply not in _NO_ANSWER_FROM_ORIGIN:
            raise
        return None


async def _through(
    route: Route, proxy: Proxy, host: str, resolver: Resolver, options: DialOptions
) -> socket.socket:
    """Return a socket that ends at `host` and the route's port."""
    way = Route.to(proxy.url)
    try:
        sock = await open_socket(way, resolver, options)
    except ConnectFailed as fault:
        raise ProxyFailed(way.host, way.port, fault.what, fault.errno, attempts=fault.attempts) from (
            fault.__cause__ or fault
        )
    try:
        with connection_faults(way.host, way.port, ProxyFailed):
            return await _client(proxy, sock).connect(host, route.port, timeout=_A_DAY)
    except ProxyError as fault:
        sock.close()
        if fault.error_code is None:  # it closed, knows no such user, or speaks something else
            raise ProxyFailed(way.host, way.port, str(fault)) from fault
        place = f"[{host}]:{route.port}" if ":" in host else f"{host}:{route.port}"
        raise SocksRefused(way.host, way.port, str(fault), place, int(fault.error_code)) from fault
    except BaseException:
        sock.close()
        raise


def _client(proxy: Proxy, sock: socket.socket) -> Client:
    user, password = proxy.credentials or (None, None)
    kind = ProxyType.SOCKS4 if proxy.url.scheme.startswith("socks4") else ProxyType.SOCKS5
    # `rdns` matters for names only, and a name comes here only where the proxy looks it up.
    return Client(kind, "", 0, user, password, rdns=True, forward=_Dialled(sock))


class _Dialled(Client):
    """Stands for the way to the proxy: a socket that is there already."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(ProxyType.SOCKS5, "", 0)
        self._dialled = sock

    async def connect(self, *_args: object, **_options: object) -> socket.socket:
        """Return the socket, wherever it was to go."""
        return self._dialled


def _can_be_told(name: str) -> bool:
    try:
        return len(name.encode("idna")) <= _LONGEST_NAME
    except UnicodeError:  # a label is empty or too long
        return False
