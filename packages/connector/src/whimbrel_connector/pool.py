"""The pool: it carries out what its ledger decides, on real connections.

It opens nothing by itself: a request that is told to open a connection dials in its own task, so
that a cancelled request takes its half-made connection with it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from whimbrel_connector._connection import Http1Connection
from whimbrel_connector._ledger import Action, Close, Grant, Ledger, Open
from whimbrel_connector.errors import ConnectorClosed
from whimbrel_connector.route import Route

__all__ = ["Pool", "PoolStatistics"]

Dial = Callable[[Route, float | None], Awaitable[Http1Connection]]
_Place = asyncio.Future[Http1Connection | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolStatistics:
    """What a pool holds at this moment.

    Attributes:
        open: Connections in all: leased, idle and being opened.
        idle: Connections that wait for a request.
        waiting: Requests that wait for a connection.
    """

    open: int
    idle: int
    waiting: int


class Pool:
    """Connections and those who wait for them, on one event loop.

    Args:
        loop: The loop of every connection.
        dial: Opens a connection to a route within so many seconds, None for no limit.
        limit: Connections in all; 0 for no limit.
        limit_per_route: Connections to one route; 0 for no limit.
        keepalive_seconds: How long an idle connection is kept; None: each is used once.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        dial: Dial,
        *,
        limit: int,
        limit_per_route: int,
        keepalive_seconds: float | None,
    ) -> None:
        self._loop = loop
        self._dial = dial
        self._ledger: Ledger[_Place, Http1Connection] = Ledger(limit=limit, limit_per_route=limit_per_route)
        self._keepalive_seconds = keepalive_seconds
        self._live: dict[Http1Connection, Route] = {}
        self._waiting: dict[_Place, Route] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def statistics(self) -> PoolStatistics:
        """What the pool holds at this moment."""
        ledger = self._ledger
        return PoolStatistics(open=ledger.open_count, idle=ledger.idle_count, waiting=ledger.waiting_count)

    async def take_idle(self, route: Route) -> Http1Connection | None:
        """Return an idle connection to `route` if there is one that still works."""
        while (connection := self._ledger.take_idle(route)) is not None:
            if await self._is_usable(connection):
                return connection
        return None

    async def lease(self, route: Route, dial_seconds: float | None) -> Http1Connection:
        """Return a connection to `route` that nobody else uses: an idle one, or a new one.

        Raises:
            ConnectorClosed: The pool was closed, before or meanwhile.
            ConnectFailed: A new connection could not be made.
        """
        while True:
            connection = await self._wait_for_place(route)
            if connection is None:
                return await self._open(route, dial_seconds)
            if await self._is_usable(connection):
                return connection

    def give_back(self, connection: Http1Connection) -> None:
        """Take a connection whose exchange has ended cleanly."""
        if self._closed or self._keepalive_seconds is None:
            connection.close()
            return
        self._carry_out(self._ledger.freed(connection, self._live[connection], self._loop.time()))
        if self._sweep is None:
            self._schedule_sweep(self._keepalive_seconds)

    def forget(self, connection: Http1Connection) -> None:
        """Learn that a connection's transport has gone: its place is free."""
        route = self._live.pop(connection, None)
        if route is not None:
            self._carry_out(self._ledger.gone(connection, route))

    def close(self) -> list[Http1Connection]:
        """Close every connection, turn the waiting away, and return those whose transports still stand."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for place in list(self._waiting):
            if not place.done():
                place.set_exception(ConnectorClosed())
        lingering = list(self._live)
        for connection in lingering:
            connection.close()
        return lingering

    async def _wait_for_place(self, route: Route) -> Http1Connection | None:
        """Wait for an idle connection, or for the right to open one (None)."""
        if self._closed:
            raise ConnectorClosed
        place: _Place = self._loop.create_future()
        self._waiting[place] = route
        try:
            self._carry_out(self._ledger.ask(place, route))
            return await place
        except BaseException:
            self._hand_on(place, route)
            raise
        finally:
            del self._waiting[place]

    def _hand_on(self, place: _Place, route: Route) -> None:
        """Let others have what was given to a request that has just given up."""
        self._ledger.withdraw(place)
        if place.done() and not place.cancelled() and place.exception() is None:
            self._reassign(place.result(), route)

    def _reassign(self, connection: Http1Connection | None, route: Route) -> None:
        if connection is None:
            self._carry_out(self._ledger.gone(None, route))
        else:
            self.give_back(connection)

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

    async def _open(self, route: Route, dial_seconds: float | None) -> Http1Connection:
        try:
            connection = await self._dial(route, dial_seconds)
        except BaseException:
            self._carry_out(self._ledger.gone(None, route))
            raise
        self._live[connection] = route
        connection.join(self)
        if self._closed:
            connection.close()
            raise ConnectorClosed
        return connection

    def _carry_out(self, actions: list[Action[_Place, Http1Connection]]) -> None:
        for action in actions:
            match action:
                case Grant(place, connection):
                    self._give(place, connection)
                case Open(place):
                    self._give(place, None)
                case Close(connection):
                    connection.close()

    def _give(self, place: _Place, connection: Http1Connection | None) -> None:
        if place.done():  # cancelled, but its task has not run since
            self._reassign(connection, self._waiting[place])
        else:
            place.set_result(connection)

    def _schedule_sweep(self, keepalive_seconds: float) -> None:
        stalest = self._ledger.stalest_since()
        if stalest is not None:
            due = stalest + keepalive_seconds
            self._sweep = self._loop.call_at(due, self._sweep_idle, keepalive_seconds)

    def _sweep_idle(self, keepalive_seconds: float) -> None:
        self._sweep = None
        self._carry_out(self._ledger.expire(self._loop.time() - keepalive_seconds))
        self._schedule_sweep(keepalive_seconds)
