"""What every connector does: lease connections from a pool, and close them all in the end."""

import asyncio
import warnings
from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Mapping, Sequence
from math import inf
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import ref

from yarl import URL

from whimbrel_connector._connection import CLOSING_SECONDS, Http1Connection
from whimbrel_connector._place import Place
from whimbrel_connector._route_memory import RouteMemory
from whimbrel_connector.alarm_clock import AlarmClock
from whimbrel_connector.birthplace import birthplace
from whimbrel_connector.deadline import Deadline
from whimbrel_connector.errors import ConnectorClosed
from whimbrel_connector.exchange import Exchange
from whimbrel_connector.exchange_options import ExchangeOptions
from whimbrel_connector.forgotten import end_forgotten, running_loop
from whimbrel_connector.lifetime import Lifetime
from whimbrel_connector.observer import ConnectObserver, attempts_so_far, dialling_for
from whimbrel_connector.pool import Dial, Pool
from whimbrel_connector.proxy import Proxy
from whimbrel_connector.request import Request
from whimbrel_connector.route import Route
from whimbrel_connector.statistics import PoolStatistics
from whimbrel_connector.timeout_errors import (
    ConnectTimeout,
    DiallingInterrupted,
    LeaseTimeout,
    PhaseTimeout,
    attempts_before,
)
from whimbrel_connector.timeouts import Timeouts
from whimbrel_connector.tls import TlsPolicy
from whimbrel_connector.unverified import unverified_end, warn_of_unverified

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["KEEPALIVE_SECONDS", "BaseConnector", "Closing"]

KEEPALIVE_SECONDS = 15.0
_WEB_SCHEMES = frozenset({"http", "https", "ws", "wss"})
_NO_LIMITS = Timeouts()
_DEFAULT_OPTIONS = ExchangeOptions()


class Closing:
    """The end of a connector, already begun; await it to see every transport gone."""

    __slots__ = ("_lingering", "_tasks")

    def __init__(
        self, lingering: Collection[Http1Connection] = (), tasks: Collection["asyncio.Task[Any]"] = ()
    ) -> None:
        self._lingering = lingering
        self._tasks = list(tasks)

    def wait_for(self, tasks: Collection["asyncio.Task[Any]"]) -> None:
        """Wait for these too: tasks that have been cancelled."""
        self._tasks.extend(tasks)

    def __await__(self) -> Generator[object, None, None]:
        """Wait until every transport has reported its end, and what worked for them has ended."""
        return self._wait().__await__()

    async def _wait(self) -> None:
        ends: list[asyncio.Future[Any]] = [connection.lost for connection in self._lingering]
        ends += self._tasks
        if ends:
            # Each connection aborts itself after CLOSING_SECONDS; the bound here is for a broken transport.
            await asyncio.wait(ends, timeout=CLOSING_SECONDS + 1)
        for connection in self._lingering:
            connection.abort()
        # Transports of cancelled dials, and those just aborted, report their end within two turns.
        await asyncio.sleep(0)
        await asyncio.sleep(0)


class BaseConnector(ABC):
    """A pool of connections and the way to open them; subclasses say how (`dial`).

    It can be made without a running loop and belongs to the loop of its first use. The first connection
    whose TLS verifies nobody, as after `ssl=False`, is told of by an `UnverifiedTlsWarning`.

    Attributes:
        tls: What TLS must satisfy where `connect` is told nothing else.
        reaches_proxies: Whether it can go through a proxy; where it cannot, a session asks the
            environment for none.
        allowed_protocol_schema_set: Schemes of the URLs that it takes. One that is not the web's, such as
            unix, stands for http.

    Args:
        keepalive_timeout: Seconds an idle connection is kept; None for ever. The server's own
            `Keep-Alive: timeout` counts where it is shorter, less a margin.
        force_close: Use each connection once.
        limit: Connections in all; 0 or None for no limit.
        limit_per_host: Connections to one route; 0 for no limit.
        max_connection_seconds: Seconds after which a connection is given no further request, so that
            a changed address is heeded; None for no limit.
        max_connection_requests: Requests that a connection serves at most; None for no limit.
        enable_cleanup_closed: Accepted for compatibility: closing is always bounded.
        timeout_ceil_threshold: Accepted for compatibility and not used.
        loop: Accepted for compatibility and not used: the loop of the first use is taken.
    """

    reaches_proxies: ClassVar[bool] = True
    allowed_protocol_schema_set: ClassVar[frozenset[str]] = _WEB_SCHEMES

    def __init__(
        self,
        *,
        keepalive_timeout: float | None = KEEPALIVE_SECONDS,
        force_close: bool = False,
        limit: int | None = 100,
        limit_per_host: int = 0,
        max_connection_seconds: float | None = None,
        max_connection_requests: int | None = None,
        enable_cleanup_closed: bool = False,  # noqa: ARG002  documented by aiohttp
        timeout_ceil_threshold: float = 5,  # noqa: ARG002  documented by aiohttp
        loop: asyncio.AbstractEventLoop | None = None,  # noqa: ARG002  documented by aiohttp
    ) -> None:
        if force_close and keepalive_timeout not in (None, KEEPALIVE_SECONDS):
            msg = "keepalive_timeout cannot be set if force_close is True"
            raise ValueError(msg)
        self._lifetime = Lifetime(
            idle_seconds=inf if keepalive_timeout is None else keepalive_timeout,
            age_seconds=inf if max_connection_seconds is None else max_connection_seconds,
            exchanges=1 if force_close else max_connection_requests or inf,
        )
        self._force_close = force_close
        self.tls = TlsPolicy()
        self._limit = limit or 0
        self._limit_per_host = limit_per_host
        self._pool: Pool | None = None
        self._clock = AlarmClock()
        self._last_route = RouteMemory()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._has_warned = False
        self._made_at = birthplace(self)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    @property
    def force_close(self) -> bool:
        """Whether each connection is used once."""
        return self._force_close

    @property
    def limit(self) -> int:
        """Connections in all; 0 for no limit."""
        return self._limit

    @property
    def limit_per_host(self) -> int:
        """Connections to one route; 0 for no limit."""
        return self._limit_per_host

    @property
    def statistics(self) -> PoolStatistics:
        """What the pool holds at this moment, and what it has done."""
        return PoolStatistics(open=0, idle=0, waiting=0) if self._pool is None else self._pool.statistics

    async def connect(
        self,
        url: URL | str,
        *,
        tls: TlsPolicy | None = None,
        proxy: Proxy | None = None,
        timeouts: Timeouts = _NO_LIMITS,
        options: ExchangeOptions = _DEFAULT_OPTIONS,
        request: Request | None = None,
    ) -> Exchange:
        """Lease a connection to the origin of `url` for one exchange.

        Args:
            url: Only its scheme, host and port matter.
            tls: What TLS must satisfy for https and wss; what it leaves open is as the connector says.
            proxy: What the connection goes through. Where `proxy.forwards(url)`, requests must be in
                absolute form and bring the proxy's `fields`; else they are as without a proxy.
            timeouts: How long each phase may take.
            options: How the answer is read.
            request: What will be sent, if it is known: where the request has to wait for a connection, it
                may go out in the moment in which one comes free. `send` is called with it in any case. Errors
                of sending it may come from here.

        Raises:
            ValueError: The URL names no host, or its scheme is none of `allowed_protocol_schema_set`.
            ConnectorClosed: The connector was closed, before or meanwhile.
            ConnectFailed: No connection could be made (`ProxyFailed`: not even through the proxy).
            ProxyRefused: The proxy makes no tunnel (a SOCKS proxy: `SocksRefused`, a `ProxyFailed`).
            UnsupportedProxy: This connector cannot use the proxy, or an extra is not installed.
            PhaseTimeout: A phase took longer than `timeouts` allows; the subclass tells which.
            RuntimeError: The connector belongs to another event loop.
        """
        pool = self._pool if self._pool is not None else self._open_pool()
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            msg = (
                "the connector is used from another event loop than the one of its first use: each loop, "
                f"and so each asyncio.run(), needs one of its own; this one was made at {self._made_at}"
            )
            raise RuntimeError(msg)
        route = self._last_route.recall(url, tls, self.tls, proxy) or self._route_to(url, tls, proxy)
        connection = None if options.fresh else pool.take_idle(route)
        if connection is None:
            route, place = pool.known(route), None
            if (
                timeouts.pool is None
                and timeouts.lease is None
                and options.observer is None
                and not options.fresh
            ):
                # Here, and in no coroutine beneath: thousands may wait at once.
                place = pool.line_up(route, request, options, self)
                try:
                    await place
                except BaseException:
                    pool.hand_on(place, route)
                    raise
                exchange = place.take_exchange()
                if exchange is not None:
                    return exchange
                connection = pool.take_given(place)
            if connection is None:
                connection = await self._lease(pool, route, timeouts, options, place)
        exchange = Exchange(connection, route, options, loop, self)
        if options.observer is not None:
            await _tell(options.observer, exchange)
        return exchange

    def close(self, *, abort_ssl: bool = False) -> Closing:
        """Close every connection and turn the waiting away; await the result to see them all gone.

        It takes at most a few seconds: what does not close in order is aborted.

        Args:
            abort_ssl: Abort connections with TLS at once, without a word to the peer.
        """
        self._closed = True
        if self._pool is None or self._loop_is_gone:
            return Closing()
        self._clock.rest()
        return Closing(*self._pool.close(abort_ssl=abort_ssl))

    # Libraries written against aiohttp use these two.

    def _close(self) -> None:
        self.close()

    @property
    def _conns(self) -> Mapping[object, Sequence[object]]:
        """What aiohttp keeps idle, for who walks over it to mend its TLS; here nothing needs mending."""
        return {}

    @abstractmethod
    async def dial(self, route: Route) -> Http1Connection:
        """Open a connection to `route`, whose protocol is an `Http1Connection`.

        Raises:
            ConnectFailed: It cannot be opened.
        """

    def __enter__(self) -> "Self":
        """Return the connector itself; aiohttp's earlier spelling of `async with`."""
        warnings.warn("use `async with` for a connector", DeprecationWarning, stacklevel=2)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Begin to close."""
        self.close()

    async def __aenter__(self) -> "Self":
        """Return the connector itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it and wait for the end."""
        await self.close()

    def __repr__(self) -> str:
        pool = self._pool
        state = "closed" if self._closed else f"{0 if pool is None else pool.open_count} open"
        return f"<{type(self).__name__} {state}>"

    def __del__(self) -> None:
        """Warn about a connector that was forgotten with connections in it, and close them."""
        pool, loop = getattr(self, "_pool", None), getattr(self, "_loop", None)  # None when making it failed
        if pool is None or loop is None or self._closed or not pool.open_count:
            return
        what = f"Unclosed connector {self!r}, made at {self._made_at}"
        end_forgotten(self, what, "connector", loop, self.close)

    @property
    def is_elsewhere(self) -> bool:
        """Whether its loop runs in another thread now: then nothing of it may be touched in this one."""
        loop = self._loop
        return loop is not None and loop.is_running() and running_loop() is not loop

    @property
    def _loop_is_gone(self) -> bool:
        """Whether the loop was closed before the connector: nothing can be closed in order then."""
        return self._loop is not None and self._loop.is_closed()

    def _route_to(self, asked: URL | str, tls: TlsPolicy | None, proxy: Proxy | None) -> Route:
        url = asked if isinstance(asked, URL) else URL(asked)
        if url.scheme not in _WEB_SCHEMES:
            url = self._in_terms_of_the_web(url)
        route = Route.to(url, tls=self.tls if tls is None else tls.over(self.tls), proxy=proxy)
        self._last_route.keep(asked, tls, self.tls, proxy, route)
        return route

    def _in_terms_of_the_web(self, url: URL) -> URL:
        """Return `url` with http for a scheme of this connector's own."""
        if not url.raw_host:
            return url
        if url.scheme not in self.allowed_protocol_schema_set:
            schemes = ", ".join(sorted(self.allowed_protocol_schema_set))
            msg = f"{type(self).__name__} connects for {schemes}, and not for {url.scheme!r}"
            raise ValueError(msg)
        return url.with_scheme("http")

    def _open_pool(self) -> Pool:
        if self._closed:
            raise ConnectorClosed
        self._loop = asyncio.get_running_loop()
        self._pool = Pool(
            self._loop,
            _weakly(self),
            limit=self._limit,
            limit_per_route=self._limit_per_host,
            lifetime=self._lifetime,
            clock=self._clock,
        )
        return self._pool

    async def _lease(
        self, pool: Pool, route: Route, timeouts: Timeouts, options: ExchangeOptions, place: Place | None
    ) -> Http1Connection:
        try:
            with Deadline(self._clock, timeouts.lease, LeaseTimeout):
                return await pool.lease(route, timeouts, options, place)
        except LeaseTimeout as fault:
            fault.attempts = attempts_before(fault.__cause__)
            raise

    async def _dial_within(
        self, route: Route, timeouts: Timeouts, observer: ConnectObserver | None
    ) -> Http1Connection:
        if not self._has_warned and (end := unverified_end(route)) is not None:
            warn_of_unverified(end, self._made_at)
            self._has_warned = True  # not where the warning is an error: that is raised each time
        with dialling_for(observer, timeouts, self._clock):
            try:
                with Deadline(self._clock, timeouts.connect, ConnectTimeout):
                    return await self.dial(route)
            except PhaseTimeout as fault:
                fault.attempts = attempts_so_far()
                raise
            except asyncio.CancelledError as fault:
                if attempts := attempts_so_far():
                    fault.__cause__ = DiallingInterrupted(attempts)
                raise


def _weakly(connector: BaseConnector) -> Dial:
    """Return the connector's way to dial, for its pool: that lives as long as its connections do."""
    reference = ref(connector)

    async def dial(route: Route, timeouts: Timeouts, observer: ConnectObserver | None) -> Http1Connection:
        present = reference()
        if present is None:
            raise ConnectorClosed
        return await present._dial_within(route, timeouts, observer)  # noqa: SLF001  this module's own

    return dial


async def _tell(observer: ConnectObserver, exchange: Exchange) -> None:
    """Tell where the connection came from; the exchange holds it already and can close it."""
    try:
        if exchange.reused:
            await observer.reused()
        else:
            await observer.opened()
    except BaseException:
        exchange.close()
        raise
