"""Who may use which connection: the pool's rules, without a socket, a task or a clock.

The ledger is told what happens and answers with what is to be done: grant an idle connection, open
one, close one. A connection, for it, is any object with an identity; so is a ticket, which stands
for a request that waits.

Its rules: the oldest request that can be served comes first; the freshest idle connection is taken,
so that the others can expire; a full pool closes the stalest idle connection of another route when
a request needs the room.

A connection is counted until it has really gone, so that the limits hold on the wire too.

The life of a connection here::

    (nothing) --Open--> leased --freed()--> idle --Grant--> leased
                          |                   |
                        gone()              gone(), or Close (room needed, expired) --> closing --gone()
"""

from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, TypeVar

__all__ = ["Action", "Close", "Grant", "Ledger", "Open"]

Connection = TypeVar("Connection", bound=Hashable)
Ticket = TypeVar("Ticket", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Grant(Generic[Ticket, Connection]):
    """Give this idle connection to this request."""

    ticket: Ticket
    connection: Connection


@dataclass(frozen=True, slots=True)
class Open(Generic[Ticket]):
    """Let this request open a connection; its place is counted from now on."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Close(Generic[Connection]):
    """Close this idle connection, and say `gone` when it has."""

    connection: Connection


Action = Grant[Ticket, Connection] | Open[Ticket] | Close[Connection]


class _Obstacle(Enum):
    """Why a request must wait."""

    ROUTE = auto()  # its own route has as many connections as it may
    ROOM = auto()  # all routes together have


class _Shelf(Generic[Connection]):
    """What the ledger knows of one route."""

    __slots__ = ("count", "idle")

    def __init__(self) -> None:
        self.count = 0
        self.idle: deque[Connection] = deque()


class Ledger(Generic[Ticket, Connection]):
    """The books of a pool.

    Args:
        limit: Connections in all; 0 for no limit.
        limit_per_route: Connections to one route; 0 for no limit.
    """

    def __init__(self, *, limit: int = 100, limit_per_route: int = 0) -> None:
        self._limit = limit
        self._limit_per_route = limit_per_route
        self._count = 0
        self._shelves: dict[Hashable, _Shelf[Connection]] = {}
        self._idle: OrderedDict[Connection, tuple[Hashable, float]] = OrderedDict()
        self._closing: set[Connection] = set()
        self._waiting: OrderedDict[Ticket, Hashable] = OrderedDict()

    @property
    def open_count(self) -> int:
        """Connections that are leased, idle or being opened."""
        return self._count

    @property
    def idle_count(self) -> int:
        """Connections that wait for a request."""
        return len(self._idle)

    @property
    def waiting_count(self) -> int:
        """Requests that wait for a connection."""
        return len(self._waiting)

    def ask(self, ticket: Ticket, route: Hashable) -> list[Action[Ticket, Connection]]:
        """A request wants a connection to `route`."""
        served = self._serve(ticket, route)
        if isinstance(served, _Obstacle):
            self._waiting[ticket] = route
            makes_room = served is _Obstacle.ROOM and len(self._closing) < len(self._waiting)
            return [self._close_stalest()] if makes_room and self._idle else []
        return [served]

    def ask_again(self, ticket: Ticket, route: Hashable) -> list[Action[Ticket, Connection]]:
        """A request was granted a connection that turned out useless: it keeps its turn."""
        actions = self.ask(ticket, route)
        if ticket in self._waiting:
            self._waiting.move_to_end(ticket, last=False)
        return actions

    def take_idle(self, route: Hashable) -> Connection | None:
        """A request wants an idle connection to `route`, or nothing; it does not wait."""
        shelf = self._shelves.get(route)
        if shelf is None or not shelf.idle:
            return None
        connection = shelf.idle.pop()
        del self._idle[connection]
        return connection

    def withdraw(self, ticket: Ticket) -> None:
        """A waiting request has given up."""
        self._waiting.pop(ticket, None)

    def freed(self, connection: Connection, route: Hashable, now: float) -> list[Action[Ticket, Connection]]:
        """A leased connection can serve the next request."""
        self._shelves[route].idle.append(connection)
        self._idle[connection] = (route, now)
        return self._serve_waiting()

    def gone(self, connection: Connection | None, route: Hashable) -> list[Action[Ticket, Connection]]:
        """A connection has closed, whatever it was doing; None: the one being opened never came to be."""
        shelf = self._shelves[route]
        if connection is not None:
            self._closing.discard(connection)
            if self._idle.pop(connection, None) is not None:
                shelf.idle.remove(connection)
        shelf.count -= 1
        self._count -= 1
        if not shelf.count:
            del self._shelves[route]
        return self._serve_waiting()

    def expire(self, idle_since: float) -> list[Action[Ticket, Connection]]:
        """Close what has been idle since `idle_since` or longer."""
        actions: list[Action[Ticket, Connection]] = []
        while (since := self.stalest_since()) is not None and since <= idle_since:
            actions.append(self._close_stalest())
        return actions

    def stalest_since(self) -> float | None:
        """Since when the stalest idle connection is idle; None when there is none."""
        return next(iter(self._idle.values()))[1] if self._idle else None

    def _serve(
        self, ticket: Ticket, route: Hashable
    ) -> "Grant[Ticket, Connection] | Open[Ticket] | _Obstacle":
        """Return what serves the request now, or what stands in its way."""
        connection = self.take_idle(route)
        if connection is not None:
            return Grant(ticket, connection)
        shelf = self._shelves.get(route)
        if shelf is not None and self._limit_per_route and shelf.count >= self._limit_per_route:
            return _Obstacle.ROUTE
        if self._limit and self._count >= self._limit:
            return _Obstacle.ROOM
        if shelf is None:
            shelf = self._shelves[route] = _Shelf()
        shelf.count += 1
        self._count += 1
        return Open(ticket)

    def _serve_waiting(self) -> list[Action[Ticket, Connection]]:
        """Use what has just come free for the oldest request that it can serve.

        Nobody waits who could be served, so one connection or place come free serves one request.
        """
        room_to_come = len(self._closing)
        for ticket, route in self._waiting.items():
            outcome = self._serve(ticket, route)
            if not isinstance(outcome, _Obstacle):
                del self._waiting[ticket]
                return [outcome]
            if outcome is _Obstacle.ROOM:
                if room_to_come:
                    room_to_come -= 1
                else:
                    return [self._close_stalest()] if self._idle else []
        return []

    def _close_stalest(self) -> Close[Connection]:
        connection, (route, _since) = self._idle.popitem(last=False)
        self._shelves[route].idle.remove(connection)
        self._closing.add(connection)
        return Close(connection)
