"""The pool: it carries out what its ledger decides, on real connections.

It opens nothing by itself: a request that is told to open a connection waits for the dialling that
it began, so that a cancelled request takes its half-made connection with it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from math import inf
from types import MappingProxyType
from typing import Any

from whimbrel_connector._connection import Http1Connection
from whimbrel_connector._ledger import Ledger
from whimbrel_connector._ledger_actions import Action, Grant, Open
from whimbrel_connector._place import Place
from whimbrel_connector.alarm_clock import AlarmClock
from whimbrel_connector.deadline import Deadline
from whimbrel_connector.errors import ConnectorClosed
from whimbrel_connector.exchange_options import ExchangeOptions
from whimbrel_connector.lifetime import Lifetime
from whimbrel_connector.observer import ConnectObserver
from whimbrel_connector.request import Request
from whimbrel_connector.route import Route
from whimbrel_connector.statistics import OriginStatistics, PoolStatistics
from whimbrel_connector.timeout_errors import PoolTimeout
from whimbrel_connector.timeouts import Timeouts

__all__ = ["Dial", "Pool"]

Dial = Callable[[Route, Timeouts, ConnectObserver | None], Coroutine[Any, Any, Http1Connection]]
_Actions = list[Action[Place, Http1Connection]]

# Connections expire by so much later at most, lest thousands of them be looked at thousands of times.
_SWEEP_SECONDS = 0.25
_NOTHING = OriginStatistics(open=0, idle=0, waiting=0, reused=0)


class Pool:
    """Connections and those who wait for them, on one event loop.

    Args:
        loop: The loop of every connection.
        dial: Opens a connection to a route within the limits; an observer is told of it.
        limit: Connections in all; 0 for no limit.
        limit_per_route: Connections to one route; 0 for no limit.
        lifetime: How long a connection may serve, where its server says nothing shorter.
        clock: What ends the waiting for a place.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        dial: Dial,
        *,
        limit: int,
        limit_per_route: int,
        lifetime: Lifetime,
        clock: AlarmClock,
    ) -> None:
        self._loop = loop
        self._dial = dial
        self._ledger: Ledger[Place, Http1Connection, Route] = Ledger(
            limit=limit, limit_per_route=limit_per_route
        )
        self._lifetime = lifetime
        self._clock = clock
        self._live: dict[Http1Connection, Route] = {}
        self._dialling: set[asyncio.Task[Http1Connection]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._sweep_at = inf
        self._opened = 0
        self._reused_by_gone = 0
        self._closed = False

    @property
    def open_count(self) -> int:
        """Connections in all."""
        return self._ledger.open_count

    @property
    def statistics(self) -> PoolStatistics:
        """What the pool holds at this moment, and what it has done."""
        reused: dict[Route, int] = {}
        for connection, route in self._live.items():
            reused[route] = reused.get(route, 0) + _reuses(connection)
        origins: dict[str, OriginStatistics] = {}
        for route, count in self._ledger.by_route():
            before = origins.get(route.origin, _NOTHING)
            origins[route.origin] = OriginStatistics(
                open=before.open + count.open,
                idle=before.idle + count.idle,
                waiting=before.waiting + count.waiting,
                reused=before.reused + reused.get(route, 0),
            )
        ledger = self._ledger
        return PoolStatistics(
            open=ledger.open_count,
            idle=ledger.idle_count,
            waiting=ledger.waiting_count,
            opened=self._opened,
            reused=self._reused_by_gone + sum(reused.values()),
            origins=MappingProxyType(origins),
        )

    def take_idle(self, route: Route) -> Http1Connection | None:
        """Return the freshest idle connection to `route` if nothing stands against it.

        What `lease` has to look at more closely is left to it.
        """
        connection = self._ledger.freshest_idle(route)
        if connection is None or not connection.is_quiet:
            return None
        return self._ledger.take_idle(route)

    def known(self, route: Route) -> Route:
        """Return the equal route that others use already, if there is one, for all to share."""
        return self._ledger.known(route)

    def line_up(
        self,
        route: Route,
        request: Request | None = None,
        options: ExchangeOptions | None = None,
        keeper: object = None,
    ) -> Place:
        """Return a place in the row of `route`; it will be given a connection, or the right to open one.

        A `request` that leaves at once goes out over the connection as soon as it comes; then the place has
        an `exchange` of these `options`, which keeps `keeper` alive.

        Whoever has it awaits it, once, and hands it on if that raises; then comes `take_given` or `lease`.

        Raises:
            ConnectorClosed: The pool was closed.
        """
        self._check_open()
        place = Place(self._loop)
        if request is not None and options is not None and request.leaves_at_once:
            place.will_send(request, route, options, keeper)
        self._carry_out(self._ledger.ask(place, route))
        return place

    def hand_on(self, place: Place, route: Route) -> None:
        """Let others have what `place` was given, or would be: its request has given up."""
        exchange = place.take_exchange()
        if exchange is not None:
            exchange.give_up(place)
            return
        place.drop_fault()
        if place.is_given:
            self._carry_out(self._taken_back(place.connection, route))
        else:
            self._ledger.withdraw(place, route)

    def take_given(self, place: Place) -> Http1Connection | None:
        """Return the connection that `place` was given if nothing stands against it; else comes `lease`."""
        connection = place.connection
        return connection if connection is not None and connection.is_quiet else None

    async def lease(
        self, route: Route, timeouts: Timeouts, options: ExchangeOptions, place: Place | None = None
    ) -> Http1Connection:
        """Return a connection to `route` that nobody else uses: an idle one, or a new one.

        Args:
            route: Where to.
            timeouts: How long each phase may take.
            options: Its `observer` is told. Where its `fresh` is set connections that have served before
                are closed, and none of them is taken.
            place: Where the request has waited, if it has.

        Raises:
            ConnectorClosed: The pool was closed, before or meanwhile.
            PoolTimeout: No place came free in time.
            ConnectFailed: A new connection could not be made.
        """
        observer = options.observer
        if place is None:
            place = self.line_up(route)
        while True:
            if not place.is_given:
                try:
                    await self._watched(place, timeouts.pool, observer)
                except BaseException:
                    self.hand_on(place, route)
                    raise
            given = place.connection
            if given is None:
                return await self._open(route, timeouts, observer)
            if options.fresh and given.exchanges:
                given.close()
            elif await self._is_usable(given):
                return given
            place = self._line_up_first(route)

    def give_back(self, connection: Http1Connection) -> None:
        """Take a connection whose exchange has ended cleanly."""
        self._carry_out(self._freed(connection))

    def forget(self, connection: Http1Connection) -> None:
        """Learn that a connection's transport has gone: its place is free."""
        route = self._live.pop(connection, None)
        if route is not None:
            self._reused_by_gone += _reuses(connection)
            self._carry_out(self._ledger.gone(connection, route))

    def attend(self, task: "asyncio.Task[None]") -> None:
        """Keep a task that works for a connection, until it is done, to be waited for in the end."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self, *, abort_ssl: bool = False) -> tuple[list[Http1Connection], list["asyncio.Task[Any]"]]:
        """Close every connection and turn the waiting away.

        Args:
            abort_ssl: Abort connections with TLS at once.

        Returns:
            The connections whose transports still stand, and the tasks that still end.
        """
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for place in self._ledger.waiting():
            if not place.done():
                place.set_exception(ConnectorClosed())
        for dialling in self._dialling:
            dialling.cancel()
        lingering = list(self._live)
        for connection in lingering:
            if abort_ssl and connection.get_extra_info("ssl_object") is not None:
                connection.abort()
            else:
                connection.close()
        return lingering, [*self._dialling, *self._tasks]

    def _line_up_first(self, route: Route) -> Place:
        """Return a place before all others: for who was granted a connection that is of no use."""
        self._check_open()
        place = Place(self._loop)
        self._carry_out(self._ledger.ask_again(place, route))
        return place

    async def _watched(self, place: Place, seconds: float | None, observer: ConnectObserver | None) -> None:
        """Wait until `place` was given something, within the limit; tell the observer."""
        with Deadline(self._clock, seconds, PoolTimeout):
            if observer is not None:
                await observer.queue_entered()
            await place
            place.result()  # who is told of an end before it waits is not stopped by waiting
            if observer is not None:
                await observer.queue_left()

    def _taken_back(self, connection: Http1Connection | None, route: Route) -> _Actions:
        return self._ledger.gone(None, route) if connection is None else self._freed(connection)

    def _freed(self, connection: Http1Connection) -> _Actions:
        """Let the ledger have a connection that nobody uses, if it can be used again."""
        route = self._live.get(connection)
        if route is None:  # it went meanwhile, and its place was given on
            return []
        now = self._loop.time()
        until = connection.rest(now)
        if until <= now or self._closed or connection.is_closing:
            connection.close()
            return []
        if until < self._sweep_at:
            self._sweep_by(until)
        return self._ledger.freed(connection, route, until)

    async def _is_usable(self, connection: Http1Connection) -> bool:
        """Tell whether a leased connection works; one that does not is closed."""
        try:
            usable = await connection.is_usable()
        except BaseException:
            connection.close()
            raise
        if not usable:
            connection.close()
        return usable

    async def _open(
        self, route: Route, timeouts: Timeouts, observer: ConnectObserver | None
    ) -> Http1Connection:
        try:
            if observer is not None:
                await observer.opening()
            connection = await self._dialled(route, timeouts, observer)
        except BaseException:
            self._carry_out(self._ledger.gone(None, route))
            raise
        self._live[connection] = route
        self._opened += 1
        connection.join(self, self._lifetime)
        if self._closed:
            connection.abort()  # at once: who closed the pool waits, and knows nothing of this one
            raise ConnectorClosed
        return connection

    async def _dialled(
        self, route: Route, timeouts: Timeouts, observer: ConnectObserver | None
    ) -> Http1Connection:
        """Dial in a task that `close` can end."""
        self._check_open()
        dialling = self._loop.create_task(self._dial(route, timeouts, observer))
        self._dialling.add(dialling)
        dialling.add_done_callback(self._dialling.discard)
        try:
            return await dialling
        except asyncio.CancelledError:
            if dialling.done() and not dialling.cancelled() and dialling.exception() is None:
                dialling.result().abort()  # it was there already when the request was cancelled
            if self._closed and not _is_cancelled(asyncio.current_task()):
                closed = ConnectorClosed()
                closed.__suppress_context__ = True  # mypyc makes nothing of `from None`
                raise closed  # noqa: B904  just said
            raise

    def _check_open(self) -> None:
        if self._closed:
            raise ConnectorClosed

    def _carry_out(self, actions: _Actions) -> None:
        for action in actions:
            if isinstance(action, Grant):
                action.ticket.give(action.connection)
            elif isinstance(action, Open):
                action.ticket.give(None)
            else:
                action.connection.close()

    def _sweep_by(self, moment: float) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        self._sweep_at = moment
        self._sweep = self._loop.call_at(moment, self._sweep_idle)

    def _sweep_idle(self) -> None:
        self._sweep, self._sweep_at = None, inf
        now = self._loop.time()
        self._carry_out(self._ledger.expire(now))
        following = self._ledger.next_expiry()
        if following is not None and following < inf:
            self._sweep_by(max(following, now + _SWEEP_SECONDS))


def _reuses(connection: Http1Connection) -> int:
    return max(connection.exchanges - 1, 0)


def _is_cancelled(task: "asyncio.Task[Any] | None") -> bool:
    cancelling = getattr(task, "cancelling", None)  # Python 3.11 and later count
    return cancelling is not None and bool(cancelling())
