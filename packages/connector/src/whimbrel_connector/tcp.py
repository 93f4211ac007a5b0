"""The connector for TCP, TLS and proxies."""

import asyncio
import socket
import ssl as ssl_module
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, TypeVar

from whimbrel_connector._addresses import is_address, literal_address
from whimbrel_connector._connection import Http1Connection
from whimbrel_connector._dial import dial_tcp
from whimbrel_connector._dialled import Dialled
from whimbrel_connector._dns_cache import CachingResolver
from whimbrel_connector._foreign_dial import ForeignDial, dial_by, proxy_as_told, refuse_unknown_steps
from whimbrel_connector._open_socket import DialOptions, LookupStep
from whimbrel_connector._resumption import TlsSessions
from whimbrel_connector._tunnel import dial_proxied
from whimbrel_connector.address_filter import AddressFilter
from whimbrel_connector.connector import KEEPALIVE_SECONDS, BaseConnector, Closing
from whimbrel_connector.resolver import AbstractResolver, DefaultResolver, Resolver, ResolveResult
from whimbrel_connector.route import Route
from whimbrel_connector.tls import TlsOption, tls_policy
from whimbrel_connector.transports import LOOP_TRANSPORTS, Transports

if TYPE_CHECKING:
    from aiohappyeyeballs import SocketFactoryType

__all__ = ["TCPConnector"]

_P = TypeVar("_P", bound=Dialled)


class TCPConnector(BaseConnector):
    """Connections over TCP, with TLS for https and wss.

    Args:
        ssl: TLS policy of requests that bring none: True to verify, False not to, a context, a
            `Fingerprint`, which is checked in place of the certificate chain, or a whole `TlsPolicy`.
        verify_ssl: Earlier spelling of `ssl=False`; None says nothing.
        ssl_context: Earlier spelling of `ssl=context`.
        fingerprint: Digest of the certificate that must match besides the usual checks.
        use_dns_cache: Keep answers of the resolver.
        ttl_dns_cache: Seconds that addresses are kept; None for ever, 0 not at all.
        negative_ttl_dns_cache: Seconds it is remembered that a name has no address; 0 not at all. Other
            failures of the resolver are never kept.
        dns_cache_max_size: How many answers are kept; the one not asked for the longest gives way.
        family: `AF_UNSPEC`, `AF_INET` or `AF_INET6`.
        local_addr: Local host and port to bind to.
        resolver: Anything with `resolve`, which the connector does not close; by default a
            `DefaultResolver` of its own: an `AsyncResolver` where aiodns is installed, else a
            `ThreadedResolver`.
        happy_eyeballs_delay: Seconds before the next address is tried beside the first (RFC 8305);
            None tries them one after another.
        interleave: How many addresses of one family come before the other.
        socket_factory: Makes the socket for an address. Options that it sets are left alone, but for
            TCP_NODELAY, which is always on.
        tcp_keepalive: Seconds of silence after which the system asks the peer whether it is still there, and
            between its questions; None: it never asks.
        address_filter: Sees every address before a connection to it is opened, and may refuse it
            (`public_addresses_only` is one); of several addresses those that it allows are used. It sees
            literal addresses and the hosts of redirects too. Of a request through a proxy it sees the
            proxy's addresses, and the origin's only where they are looked up here (socks4, socks5).
        transports: Who makes the transports: the event loop, or for instance the module `aiofastnet`.
        keepalive_timeout: As for `BaseConnector`.
        force_close: As for `BaseConnector`.
        limit: As for `BaseConnector`.
        limit_per_host: As for `BaseConnector`.
        max_connection_seconds: As for `BaseConnector`.
        max_connection_requests: As for `BaseConnector`.
        resume_tls: Let new connections resume the TLS sessions of earlier ones on equal routes, without
            certificates and for an hour at most; False makes every handshake a whole one. Only the
            transports of asyncio and uvloop resume.
        enable_cleanup_closed: Accepted for compatibility: closing is always bounded.
        timeout_ceil_threshold: Accepted for compatibility and not used.
        ssl_shutdown_timeout: Accepted for compatibility: closing is always bounded.
        loop: Accepted for compatibility and not used: the loop of the first use is taken.
    """

    allowed_protocol_schema_set = BaseConnector.allowed_protocol_schema_set | {"tcp"}

    _wrap_create_connection: ForeignDial | None = None  # a method of subclasses written against aiohttp

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        refuse_unknown_steps(cls)

    def __init__(
        self,
        *,
        verify_ssl: bool | None = None,
        fingerprint: bytes | str | None = None,
        use_dns_cache: bool = True,
        ttl_dns_cache: float | None = 10,
        family: socket.AddressFamily = socket.AF_UNSPEC,
        ssl_context: ssl_module.SSLContext | None = None,
        ssl: TlsOption = True,
        local_addr: tuple[str, int] | None = None,
        resolver: Resolver | None = None,
        keepalive_timeout: float | None = KEEPALIVE_SECONDS,
        force_close: bool = False,
        limit: int | None = 100,
        limit_per_host: int = 0,
        max_connection_seconds: float | None = None,
        max_connection_requests: int | None = None,
        enable_cleanup_closed: bool = False,
        timeout_ceil_threshold: float = 5,
        happy_eyeballs_delay: float | None = 0.25,
        interleave: int | None = None,
        socket_factory: "SocketFactoryType | None" = None,
        dns_cache_max_size: int = 1000,
        negative_ttl_dns_cache: float = 1,
        tcp_keepalive: int | None = 15,
        address_filter: AddressFilter | None = None,
        transports: Transports = LOOP_TRANSPORTS,
        resume_tls: bool = True,
        ssl_shutdown_timeout: float | None = None,  # noqa: ARG002  documented by aiohttp
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
            max_connection_seconds=max_connection_seconds,
            max_connection_requests=max_connection_requests,
            enable_cleanup_closed=enable_cleanup_closed,
            timeout_ceil_threshold=timeout_ceil_threshold,
            loop=loop,
        )
        policy = tls_policy(ssl=ssl, verify_ssl=verify_ssl, ssl_context=ssl_context, fingerprint=fingerprint)
        if policy is not None:
            self.tls = policy.over(self.tls)
        self._own_resolver: AbstractResolver | None = None
        if resolver is None:
            resolver = self._own_resolver = DefaultResolver()
        self._uses_dns_cache = use_dns_cache
        self._cache = CachingResolver(
            resolver,
            ttl_seconds=ttl_dns_cache if use_dns_cache else 0,
            negative_ttl_seconds=negative_ttl_dns_cache if use_dns_cache else 0,
            clock=time.monotonic,
            most=dns_cache_max_size,
        )
        self._dial_options = DialOptions(
            family=family,
            local_addr=local_addr,
            happy_eyeballs_delay=happy_eyeballs_delay,
            interleave=interleave,
            socket_factory=socket_factory,
            keepalive_seconds=tcp_keepalive,
            address_filter=address_filter,
            transports=transports,
            sessions=TlsSessions(resumes=resume_tls and transports is LOOP_TRANSPORTS),
        )

    @property
    def family(self) -> socket.AddressFamily:
        """The address family that is asked for."""
        return self._dial_options.family

    @property
    def use_dns_cache(self) -> bool:
        """Whether answers of the resolver are kept."""
        return self._uses_dns_cache

    @property
    def verify_ssl(self) -> bool:
        """Whether certificates are verified, in aiohttp 2's spelling."""
        return self.tls.verify is not False

    @property
    def ssl_context(self) -> ssl_module.SSLContext | None:
        """The connector's own context, in aiohttp 2's spelling."""
        return self.tls.context

    @property
    def fingerprint(self) -> bytes | str | None:
        """The pin, as it was given, in aiohttp 2's spelling."""
        return None if self.tls.fingerprint is None else self.tls.fingerprint.given

    def clear_dns_cache(self, host: str | None = None, port: int | None = None) -> None:
        """Forget the addresses of one host and port, or all."""
        if (host is None) != (port is None):
            msg = "either both host and port or none of them are allowed"
            raise ValueError(msg)
        self._cache.clear(host, port)

    def close(self, *, abort_ssl: bool = False) -> Closing:
        """Close every connection, and stop the lookups under way; see `BaseConnector.close`."""
        self._dial_options.sessions.close()
        closing = super().close(abort_ssl=abort_ssl)
        if self._loop is None or self._loop_is_gone:
            return closing
        closing.wait_for(self._cache.stop())
        if self._own_resolver is not None and self._loop.is_running():
            closing.wait_for([self._loop.create_task(self._own_resolver.close())])
        return closing

    async def dial(self, route: Route) -> Http1Connection:
        """Look the host up and connect, through the proxy if there is one; see `BaseConnector.dial`."""
        loop = asyncio.get_running_loop()

        def connection() -> Http1Connection:
            return Http1Connection(loop)

        proxy, options, sessions = route.proxy, self._dial_options, self._dial_options.sessions
        if proxy is not None and not proxy.is_socks:
            proxy = proxy_as_told(self._update_proxy_auth_header_and_build_proxy_req, proxy)
            return await dial_proxied(
                route, proxy, connection, self._dial_directly, options.transports, sessions
            )
        if proxy is None and self._wrap_create_connection is not None:
            made = await dial_by(self._wrap_create_connection, route, connection, self._lookup, options)
        elif proxy is None:
            made = await self._dial_directly(route, connection)
        else:
            from whimbrel_connector._socks import dial_socks  # noqa: PLC0415  needs an extra

            made = await dial_socks(route, proxy, connection, self._lookup, options)
        if route.tls is not None:
            sessions.keep(route, made.get_extra_info("ssl_object"), made.lost)
        return made

    def _update_proxy_auth_header_and_build_proxy_req(self, req: SimpleNamespace) -> SimpleNamespace:
        """Return what a TLS proxy is asked with: a context as `_ssl`, or None. aiobotocore overrides it."""
        return SimpleNamespace(url=req.proxy, _ssl=None)

    async def _dial_directly(self, route: Route, protocol: Callable[[], _P], /) -> _P:
        return await dial_tcp(route, protocol, self._lookup, self._dial_options)

    @property
    def _lookup(self) -> Resolver:
        is_usual = getattr(self._resolve_host, "__func__", None) is _USUAL_LOOKUP
        return self._cache if is_usual else LookupStep(self._resolve_host, self._cache)

    async def _resolve_host(
        self,
        host: str,
        port: int,
        traces: object = None,  # noqa: ARG002  of aiohttp; tracers are told elsewhere
    ) -> list[ResolveResult]:
        """Return where `host` is, an address too; aiohttp's cookbook overrides it to keep requests inside."""
        if is_address(host):
            return [literal_address(host, host, port)]
        return list(await self._cache.resolve(host, port, family=self.family))


_USUAL_LOOKUP = TCPConnector._resolve_host  # noqa: SLF001  this module's own
