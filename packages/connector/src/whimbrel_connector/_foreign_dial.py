"""Subclasses of `TCPConnector` that were written against aiohttp, and open connections in their own way.

aiohttp-socks overrides `_wrap_create_connection`, which is told addresses and a TLS context and returns a
transport with its protocol. It is used here as aiohttp uses it, and so is `_resolve_host` (`LookupStep`).
Other steps of aiohttp's connector do not exist here: who overrides one is refused, because to pass over it in
silence might pass over a proxy.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from ipaddress import ip_address
from types import SimpleNamespace
from typing import TYPE_CHECKING, Protocol

from whimbrel_connector._addresses import Candidate, candidates, is_address, literal_address
from whimbrel_connector._connection import Http1Connection
from whimbrel_connector._contexts import tls_context
from whimbrel_connector._dialled import as_transport
from whimbrel_connector._handshake import check_established, server_name
from whimbrel_connector._open_socket import DialOptions, LookupStep, filtered
from whimbrel_connector.address_filter import AddressFilter
from whimbrel_connector.errors import AddressNotFound, TlsFailed
from whimbrel_connector.proxy import Proxy
from whimbrel_connector.resolver import Resolver, ResolveResult
from whimbrel_connector.route import Route
from whimbrel_connector.tls import tls_policy

if TYPE_CHECKING:
    from ssl import SSLContext

    from aiohappyeyeballs import AddrInfoType

__all__ = ["ForeignDial", "dial_by", "proxy_as_told", "refuse_unknown_steps"]

_STEPS = (
    "_create_connection",
    "_create_direct_connection",
    "_create_proxy_connection",
    "_start_tls_connection",
    "_wrap_existing_connection",
)
_NO_LIMITS = SimpleNamespace(total=None, connect=None, sock_read=None, sock_connect=None, ceil_threshold=5)


class ForeignDial(Protocol):
    """`_wrap_create_connection`, as aiohttp calls it."""

    def __call__(
        self,
        protocol: Callable[[], Http1Connection],
        /,
        *,
        addr_infos: "Sequence[AddrInfoType]",
        req: None,
        timeout: SimpleNamespace,
        ssl: "SSLContext | None",
        server_hostname: str | None,
    ) -> Awaitable[tuple[asyncio.BaseTransport, asyncio.BaseProtocol]]:
        """Return a transport, and the protocol that it drives."""


def refuse_unknown_steps(connector: type) -> None:
    """Refuse a subclass that overrides what is never called.

    Raises:
        TypeError: It does.
    """
    unknown = [name for name in _STEPS if name in vars(connector)]
    if unknown:
        msg = (
            f"{connector.__qualname__} overrides {', '.join(unknown)} of aiohttp's connector, which is never "
            "called here: override dial(), _wrap_create_connection or _resolve_host"
        )
        raise TypeError(msg)


async def dial_by(
    opens: ForeignDial,
    route: Route,
    protocol: Callable[[], Http1Connection],
    resolver: Resolver,
    options: DialOptions,
) -> Http1Connection:
    """Open a connection to `route` by a method of somebody else's, and check what it made.

    Its errors pass as they are; the limits of the request end it by cancelling it.

    Raises:
        AddressNotFound: The host has no address.
        AddressRefused: The address filter allows none of them.
        TypeError: It returned no `Http1Connection`, which aiohttp calls `ResponseHandler`.
        FingerprintMismatch: The certificate is not the pinned one.
    """
    policy = route.tls
    context = await tls_context(policy) if policy is not None else None
    found = _allowed(route, await _look_up(route, resolver, options.family), options.address_filter)
    transport, made = await opens(
        protocol,
        addr_infos=[_address_info(address) for address in found],
        req=None,
        timeout=_NO_LIMITS,
        ssl=context,
        server_hostname=None if policy is None else server_name(route, policy),
    )
    try:
        if not isinstance(made, Http1Connection):
            msg = f"_wrap_create_connection returned a {type(made).__name__}, and no ResponseHandler"
            raise TypeError(msg)
        if policy is not None:
            if transport.get_extra_info("ssl_object") is None:
                raise TlsFailed(route.host, route.port, "_wrap_create_connection left TLS out")
            check_established(as_transport(transport), policy, route)
    except BaseException:
        as_transport(transport).abort()
        raise
    return made


async def _look_up(route: Route, resolver: Resolver, family: socket.AddressFamily) -> Sequence[ResolveResult]:
    """Return what the connector's resolver says, even if it is a name for a proxy to resolve."""
    if is_address(route.host) and not isinstance(resolver, LookupStep):
        return [literal_address(route.host, route.host, route.port)]
    try:
        found = await resolver.resolve(route.host, route.port, family)
    except OSError as fault:
        raise AddressNotFound(route.host, route.port, fault.strerror or str(fault), fault.errno) from fault
    if not found:
        raise AddressNotFound(route.host, route.port, "the resolver gave no address")
    return found


def _allowed(
    route: Route, found: Sequence[ResolveResult], address_filter: AddressFilter | None
) -> Sequence[ResolveResult]:
    """Leave out what the filter refuses; it sees no name that is there for a proxy to resolve."""
    addresses = [result for result in found if is_address(result["host"])]
    if address_filter is None or not addresses:
        return found
    allowed = set(filtered(route, candidates(addresses, socket.AF_UNSPEC), address_filter).allowed)
    return [
        result
        for result in found
        if result not in addresses or Candidate(ip_address(result["host"]), result["port"]) in allowed
    ]


def _address_info(found: ResolveResult) -> "AddrInfoType":
    place = (found["host"], found["port"])
    return (found["family"], socket.SOCK_STREAM, found["proto"], "", place)


def proxy_as_told(tell: Callable[[SimpleNamespace], SimpleNamespace], proxy: Proxy) -> Proxy:
    """Return the proxy with the TLS context that a subclass gives it, as aiobotocore's does.

    Args:
        tell: `_update_proxy_auth_header_and_build_proxy_req`; `_ssl` of what it returns is asked.
        proxy: The proxy as the request has it.
    """
    policy = tls_policy(ssl=tell(SimpleNamespace(proxy=proxy.url))._ssl)  # noqa: SLF001  its name in aiohttp
    return proxy if policy is None else replace(proxy, tls=policy.over(proxy.tls))
