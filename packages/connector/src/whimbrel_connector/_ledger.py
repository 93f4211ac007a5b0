"""Who may use which connection: the pool's rules, without a socket, a task or a clock.

The ledger is told what happens and answers with what is to be done: grant an idle connection, open
one, close one. A connection, for it, is any object with an identity; so is a ticket, which stands
for a request that waits. `docs/pool.md` of the package says the rules in words and draws the states.

Its rules: the oldest request that can be served comes first; the freshest idle connection is taken,
so that the others can expire; a full pool closes the stalest idle connection of another route when
a request needs the room.

A connection is counted until it has really gone, so that the limits hold on the wire too.

No step looks at all that wait: one costs the logarithm of the number of routes with somebody
waiting, and nothing for the number of requests.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from whimbrel_connector._ledger_actions import Action, Close, Count, Grant, Open
from whimbrel_connector._row import Row
from whimbrel_connector._turns import Turns

__all__ = ["Ledger"]

Connection = TypeVar("Connection", bound=Hashable)
Ticket = TypeVar("Ticket", bound=Hashable)
Route = TypeVar("Route", bound=Hashable)


class _Shelf(Generic[Ticket, Connection, Route]):
    """What the ledger knows of one route.

    Requests wait in two rows, in order of their turns: first those who were promised the place of a
    connection that is closing, then the others.
    """

    __slots__ = ("count", "idle", "promised", "route", "waiting")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.count = 0
        self.idle: list[Connection] = []  # by release, the freshest last
        self.promised: OrderedDict[Ticket, int] = OrderedDict()
        self.waiting: Row[Ticket] = Row()

    def has_room(self, limit: int) -> bool:
        """Tell whether the route may have more connections than it has and will have."""
        return not limit or self.count + len(self.promised) < limit

    def oldest(self) -> Ticket | None:
        """Return the first who waits."""
        return next(iter(self.promised)) if self.promised else self.waiting.first()

    def first_turn(self) -> int | None:
        """Return the turn of the first who waits; None when nobody does."""
        return next(iter(self.promised.values())) if self.promised else self.waiting.first_turn()


class Ledger(Generic[Ticket, Connection, Route]):
    """The books of a pool.

    Args:
        limit: Connections in all; 0 for no limit.
        limit_per_route: Connections to one route; 0 for no limit.
    """

    def __init__(self, *, limit: int = 100, limit_per_route: int = 0) -> None:
        self._limit = limit
        self._limit_per_route = limit_per_route
        self._count = 0
        shelves: dict[Route, _Shelf[Ticket, Connection, Route]] = {}
        self._shelves = shelves
        self._last_shelf: _Shelf[Ticket, Connection, Route] | None = None
        # By release, the stalest first; each is on its shelf too.
        self._idle: dict[Connection, tuple[Route, float]] = {}
        self._closing: set[Connection] = set()
        self._waiting_count = 0
        # By promise, the first who gets a place first; each is on its shelf too.
        self._promised: OrderedDict[Ticket, Route] = OrderedDict()
        # Not by a method, which would hold the ledger that holds it.
        self._in_need: Turns[Route] = Turns(lambda route: _turn_in_need(shelves.get(route), limit_per_route))
        self._last_turn = 0
        self._first_turn = 0

    @property
    def open_count(self) -> int:
        """Connections that are leased, idle, being opened or closing."""
        return self._count

    @property
    def idle_count(self) -> int:
        """Connections that wait for a request."""
        return len(self._idle)

    @property
    def waiting_count(self) -> int:
        """Requests that wait for a connection."""
        return self._waiting_count

    def waiting(self) -> list[Ticket]:
        """Return all requests that wait for a connection."""
        return [ticket for shelf in self._shelves.values() for ticket in (*shelf.promised, *shelf.waiting)]

    def known(self, route: Route) -> Route:
        """Return the route that is equal to `route` and was known before, or `route` itself."""
        shelf = self._shelf_of(route)
        return route if shelf is None else shelf.route

    def by_route(self) -> Iterator[tuple[Route, Count]]:
        """What there is of each route that has a connection or a request."""
        for route, shelf in self._shelves.items():
            waiting = len(shelf.promised) + len(shelf.waiting)
            yield route, Count(open=shelf.count, idle=len(shelf.idle), waiting=waiting)

    # What happens.

    def ask(self, ticket: Ticket, route: Route) -> list[Action[Ticket, Connection]]:
        """A request wants a connection to `route`."""
        self._last_turn += 1
        return self._serve(ticket, route, self._last_turn)

    def ask_again(self, ticket: Ticket, route: Route) -> list[Action[Ticket, Connection]]:
        """A request was granted a connection that turned out useless: it comes before all others."""
        self._first_turn -= 1
        return self._serve(ticket, route, self._first_turn)

    def freshest_idle(self, route: Route) -> Connection | None:
        """Return the connection that `take_idle` would take."""
        shelf = self._shelf_of(route)
        return None if shelf is None or not shelf.idle else shelf.idle[-1]

    def take_idle(self, route: Route) -> Connection | None:
        """A request wants an idle connection to `route`, or nothing; it does not wait."""
        shelf = self._shelf_of(route)
        return None if shelf is None or not shelf.idle else self._take(shelf)

    def withdraw(self, ticket: Ticket, route: Route) -> None:
        """A request that waits has given up."""
        shelf = self._shelf_of(route) or self._shelves[route]
        self._leave(ticket, shelf)
        self._drop_if_empty(shelf)
        self._promise_places()

    def freed(self, connection: Connection, route: Route, until: float) -> list[Action[Ticket, Connection]]:
        """A leased connection can serve the next request, if one comes before `until`."""
        shelf = self._shelf_of(route) or self._shelves[route]
        ticket = shelf.oldest() if self._waiting_count else None
        if ticket is not None and not self._is_elder_elsewhere(shelf):
            self._leave(ticket, shelf)
            self._promise_places()
            return [Grant(ticket, connection)]
        shelf.idle.append(connection)
        self._idle[connection] = (route, until)
        return self._make_room() if self._waiting_count else []

    def gone(self, connection: Connection | None, route: Route) -> list[Action[Ticket, Connection]]:
        """A connection has closed, whatever it was doing; None: the one being opened never came to be."""
        shelf = self._shelves[route]
        if connection is not None:
            self._closing.discard(connection)
            if self._idle.pop(connection, None) is not None:
                shelf.idle.remove(connection)
        shelf.count -= 1
        self._count -= 1
        self._in_need.announce(route)
        self._drop_if_empty(shelf)
        return [*self._fill_places(), *self._make_room()]

    def expire(self, now: float) -> list[Action[Ticket, Connection]]:
        """Close the idle connections whose time is up."""
        expired = [connection for connection, (_, until) in self._idle.items() if until <= now]
        return [self._close(connection) for connection in expired]

    def next_expiry(self) -> float | None:
        """Return when the first idle connection expires; None when there is none."""
        return min((until for _, until in self._idle.values()), default=None)

    # What follows from it.

    def _serve(self, ticket: Ticket, route: Route, turn: int) -> list[Action[Ticket, Connection]]:
        """Serve the request if that can be, else let it wait."""
        shelf = self._shelf_of(route)
        if shelf is None:
            shelf = self._shelves[route] = _Shelf(route)
        if shelf.idle:
            return [Grant(ticket, self._take(shelf))]
        if not self._is_full and shelf.has_room(self._limit_per_route):
            return [self._open(ticket, shelf)]
        self._waiting_count += 1
        if turn > 0:
            shelf.waiting.join(ticket, turn)
        else:
            self._put_first(ticket, shelf, turn)
        if len(shelf.waiting) == 1 or turn < 0:  # else another of this route comes first
            self._in_need.announce(route)
        return self._make_room() if self._idle or self._closing else []

    def _shelf_of(self, route: Route) -> _Shelf[Ticket, Connection, Route] | None:
        """Return the shelf of `route`: at a glance that of the last one, for requests come in runs."""
        last = self._last_shelf
        if last is not None and (last.route is route or last.route == route):
            return last
        shelf = self._last_shelf = self._shelves.get(route)
        return shelf

    def _take(self, shelf: _Shelf[Ticket, Connection, Route]) -> Connection:
        """Take the freshest idle connection."""
        connection = shelf.idle.pop()
        del self._idle[connection]
        return connection

    def _put_first(self, ticket: Ticket, shelf: _Shelf[Ticket, Connection, Route], turn: int) -> None:
        """Let the request wait before all others; if its route has promises it gets the last of them."""
        if not shelf.promised:
            shelf.waiting.jump(ticket, turn)
            return
        last, its_turn = shelf.promised.popitem()
        del self._promised[last]
        shelf.waiting.jump(last, its_turn)
        self._promised[ticket] = shelf.route
        self._promised.move_to_end(ticket, last=False)
        shelf.promised[ticket] = turn
        shelf.promised.move_to_end(ticket, last=False)

    def _leave(self, ticket: Ticket, shelf: _Shelf[Ticket, Connection, Route]) -> None:
        """Take a request out of its row."""
        self._waiting_count -= 1
        if ticket not in shelf.promised:
            shelf.waiting.leave(ticket)
        else:
            del shelf.promised[ticket]
            del self._promised[ticket]
            self._in_need.announce(shelf.route)  # the route may have one connection more again

    def _open(self, ticket: Ticket, shelf: _Shelf[Ticket, Connection, Route]) -> Open[Ticket]:
        shelf.count += 1
        self._count += 1
        return Open(ticket)

    def _fill_places(self) -> Iterator[Open[Ticket]]:
        """Let as many open a connection as there are places, those first who were promised one."""
        while (
            not self._is_full and (shelf := self._next_in_line()) and (ticket := shelf.oldest()) is not None
        ):
            self._leave(ticket, shelf)
            yield self._open(ticket, shelf)

    def _next_in_line(self) -> _Shelf[Ticket, Connection, Route] | None:
        """Return the shelf of the request that gets the next place, the oldest there."""
        if self._promised:
            return self._shelves[next(iter(self._promised.values()))]
        in_need = self._in_need.first()
        return None if in_need is None else self._shelves[in_need[1]]

    def _is_elder_elsewhere(self, shelf: _Shelf[Ticket, Connection, Route]) -> bool:
        """Tell whether a request to another route needs a place, and has waited for longer than any here."""
        if len(self._shelves) == 1 or (in_need := self._in_need.first()) is None:
            return False
        turn = shelf.first_turn()
        return turn is None or in_need[0] < turn

    def _make_room(self) -> list[Action[Ticket, Connection]]:
        """Close as many idle connections as there are requests in need of a place and without hope."""
        actions: list[Action[Ticket, Connection]] = []
        self._promise_places()
        while self._idle and self._in_need.first() is not None:
            actions.append(self._close(next(iter(self._idle))))
            self._promise_places()
        return actions

    def _promise_places(self) -> None:
        """Promise the places of connections that are closing to the oldest in need of one."""
        while len(self._promised) < len(self._closing) and (first := self._in_need.first()) is not None:
            shelf = self._shelves[first[1]]
            ticket, turn = shelf.waiting.take_first()
            shelf.promised[ticket] = turn
            self._promised[ticket] = shelf.route

    def _close(self, connection: Connection) -> Close[Connection]:
        route, _until = self._idle.pop(connection)
        self._shelves[route].idle.remove(connection)
        self._closing.add(connection)
        return Close(connection)

    @property
    def _is_full(self) -> bool:
        return self._count >= self._limit > 0

    def _drop_if_empty(self, shelf: _Shelf[Ticket, Connection, Route]) -> None:
        if not (shelf.count or shelf.promised or shelf.waiting):
            del self._shelves[shelf.route]
            self._last_shelf = None


def _turn_in_need(shelf: _Shelf[Ticket, Connection, Route] | None, limit_per_route: int) -> int | None:
    """Return the turn of the first at a route who lacks nothing but a place in the pool."""
    if shelf is None or not shelf.has_room(limit_per_route):
        return None
    return shelf.waiting.first_turn()
