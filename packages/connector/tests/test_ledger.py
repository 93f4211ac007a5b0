"""The pool's rules, without a pool."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from whimbrel_connector._ledger import Ledger
from whimbrel_connector._ledger_actions import Close, Count, Grant, Open

Books = Ledger[str, str, str]


def lent(ledger: Books, route: str, connection: str) -> str:
    """Let a request have a new connection to `route`, and name it."""
    assert ledger.ask(f"for {connection}", route) == [Open(f"for {connection}")]
    return connection


def test_a_request_opens_a_connection_while_there_is_room() -> None:
    ledger = Books(limit=2)
    assert ledger.ask("a", "north") == [Open("a")]
    assert ledger.ask("b", "south") == [Open("b")]
    assert ledger.ask("c", "north") == []
    assert (ledger.open_count, ledger.idle_count, ledger.waiting_count) == (2, 0, 1)


def test_no_limit_is_no_limit() -> None:
    ledger = Books(limit=0, limit_per_route=0)
    for number in range(1000):
        assert ledger.ask(str(number), "north") == [Open(str(number))]


def test_the_freshest_idle_connection_is_taken() -> None:
    ledger = Books()
    for name in ("one", "two"):
        lent(ledger, "north", name)
    ledger.freed("one", "north", 1.0)
    ledger.freed("two", "north", 2.0)
    assert ledger.ask("a", "north") == [Grant("a", "two")]
    assert ledger.ask("b", "north") == [Grant("b", "one")]


def test_the_oldest_request_is_served_first() -> None:
    ledger = Books(limit=1)
    lent(ledger, "north", "one")
    assert ledger.ask("a", "north") == []
    assert ledger.ask("b", "north") == []
    assert ledger.freed("one", "north", 1.0) == [Grant("a", "one")]
    assert ledger.gone("one", "north") == [Open("b")]


def test_a_request_to_a_full_route_lets_others_pass() -> None:
    ledger = Books(limit=0, limit_per_route=1)
    lent(ledger, "north", "one")
    assert ledger.ask("a", "north") == []
    assert ledger.ask("b", "south") == [Open("b")]
    assert ledger.ask("c", "south") == []
    assert ledger.gone("two", "south") == [Open("c")]
    assert ledger.freed("one", "north", 1.0) == [Grant("a", "one")]


def test_a_full_pool_closes_the_stalest_idle_connection_of_another_route() -> None:
    ledger = Books(limit=2)
    for name in ("one", "two"):
        lent(ledger, "north", name)
    ledger.freed("one", "north", 1.0)
    ledger.freed("two", "north", 2.0)
    assert ledger.ask("a", "south") == [Close("one")]
    assert ledger.ask("b", "south") == [Close("two")]
    assert ledger.open_count == 2  # they count until they have gone
    assert ledger.gone("one", "north") == [Open("a")]
    assert ledger.gone("two", "north") == [Open("b")]


def test_one_closing_connection_makes_room_for_one_request_only() -> None:
    ledger = Books(limit=2)
    lent(ledger, "north", "one")
    lent(ledger, "north", "two")
    ledger.freed("one", "north", 1.0)
    assert ledger.ask("a", "south") == [Close("one")]
    assert ledger.ask("b", "south") == []
    assert ledger.freed("two", "north", 2.0) == [Close("two")]
    assert ledger.gone("one", "north") == [Open("a")]
    assert ledger.gone("two", "north") == [Open("b")]


def test_an_older_request_elsewhere_gets_the_room_of_a_freed_connection() -> None:
    ledger = Books(limit=1)
    lent(ledger, "north", "one")
    ledger.ask("old", "south")
    ledger.ask("young", "north")
    assert ledger.freed("one", "north", 1.0) == [Close("one")]
    assert ledger.gone("one", "north") == [Open("old")]


def test_a_failed_opening_gives_its_place_to_the_next() -> None:
    ledger = Books(limit=1)
    lent(ledger, "north", "one")
    ledger.ask("a", "south")
    assert ledger.gone(None, "north") == [Open("a")]
    assert ledger.gone(None, "south") == []
    assert ledger.open_count == 0


def test_who_withdraws_is_served_no_more() -> None:
    ledger = Books(limit=1)
    lent(ledger, "north", "one")
    ledger.ask("a", "north")
    ledger.ask("b", "north")
    ledger.withdraw("a", "north")
    assert ledger.freed("one", "north", 1.0) == [Grant("b", "one")]


def test_who_was_granted_a_dead_connection_keeps_its_turn() -> None:
    ledger = Books(limit=1)
    lent(ledger, "north", "one")
    ledger.ask("a", "north")
    ledger.ask("b", "north")
    assert ledger.freed("one", "north", 1.0) == [Grant("a", "one")]
    assert ledger.ask_again("a", "north") == []
    assert ledger.gone("one", "north") == [Open("a")]


def test_idle_connections_expire_each_in_its_own_time() -> None:
    ledger = Books()
    for name, route in (("one", "north"), ("two", "south"), ("three", "north")):
        lent(ledger, route, name)
    for name, route, until in (("one", "north", 9.0), ("two", "south", 2.0), ("three", "north", 3.0)):
        ledger.freed(name, route, until)
    assert ledger.next_expiry() == 2.0
    assert ledger.expire(1.9) == []
    assert ledger.expire(3.0) == [Close("two"), Close("three")]
    assert ledger.next_expiry() == 9.0
    assert ledger.idle_count == 1
    assert ledger.take_idle("south") is None
    assert ledger.take_idle("north") == "one"
    assert ledger.next_expiry() is None
    assert ledger.expire(99.0) == []


def test_a_promise_that_is_not_needed_goes_to_the_next() -> None:
    ledger = Books(limit=2)
    lent(ledger, "north", "one")
    lent(ledger, "south", "two")
    ledger.freed("one", "north", 1.0)
    assert ledger.ask("a", "south") == [Close("one")]
    assert ledger.ask("b", "east") == []
    assert ledger.freed("two", "south", 1.0) == [Grant("a", "two")]
    assert ledger.ask("c", "south") == []
    assert ledger.freed("two", "south", 1.0) == [Grant("c", "two")]  # b has the promise and is not passed
    assert ledger.gone("one", "north") == [Open("b")]


def test_the_promise_of_who_withdraws_goes_to_the_next() -> None:
    ledger = Books(limit=2)
    lent(ledger, "north", "one")
    lent(ledger, "south", "two")
    ledger.freed("one", "north", 1.0)
    assert ledger.ask("a", "west") == [Close("one")]
    assert ledger.ask("b", "east") == []
    ledger.withdraw("a", "west")
    assert ledger.ask("c", "south") == []
    assert ledger.freed("two", "south", 1.0) == [Grant("c", "two")]
    assert ledger.gone("one", "north") == [Open("b")]
    assert dict(ledger.by_route()).keys() == {"south", "east"}


def test_no_more_is_closed_for_a_route_than_it_may_open() -> None:
    ledger = Books(limit=3, limit_per_route=1)
    for name, route in (("one", "north"), ("two", "south"), ("three", "west")):
        lent(ledger, route, name)
        ledger.freed(name, route, 1.0)
    assert ledger.ask("a", "east") == [Close("one")]
    assert ledger.ask("b", "east") == []
    assert ledger.idle_count == 2


def test_who_asks_again_goes_before_those_who_were_promised_a_place() -> None:
    ledger = Books(limit=2)
    lent(ledger, "north", "one")
    lent(ledger, "south", "two")
    assert ledger.ask("first", "south") == []
    assert ledger.freed("one", "north", 1.0) == [Close("one")]
    assert ledger.ask("second", "south") == []
    assert ledger.ask_again("again", "south") == []
    assert ledger.gone("one", "north") == [Open("again")]
    assert ledger.freed("two", "south", 1.0) == [Grant("first", "two")]
    assert ledger.gone("two", "south") == [Open("second")]


def test_the_books_tell_what_there_is_of_each_route() -> None:
    ledger = Books(limit=2)
    lent(ledger, "north", "one")
    lent(ledger, "south", "two")
    ledger.freed("two", "south", 1.0)
    ledger.ask("a", "north")
    assert dict(ledger.by_route()) == {
        "north": Count(open=1, idle=0, waiting=1),
        "south": Count(open=1, idle=0, waiting=0),
    }
    ledger.gone("two", "south")
    ledger.gone("one", "north")
    ledger.gone(None, "north")
    assert dict(ledger.by_route()) == {}


class Counting:
    """A route that counts how often it is looked up or compared: a step cannot do without."""

    looks = 0

    def __init__(self, name: str) -> None:
        self.name = name

    def __hash__(self) -> int:
        Counting.looks += 1
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        Counting.looks += 1
        return isinstance(other, Counting) and self.name == other.name


@pytest.mark.parametrize("limits", [(0, 1), (2, 1), (2, 0)], ids=["of a route", "both", "in all"])
def test_a_step_costs_the_same_however_many_wait(limits: tuple[int, int]) -> None:
    def looks_of_a_step(crowd: int) -> int:
        ledger = Ledger[int, str, Counting](limit=limits[0], limit_per_route=limits[1])
        full, other = Counting("full"), Counting("other")
        assert ledger.ask(-1, full) == [Open(-1)]
        assert ledger.ask(-2, other) == [Open(-2)]
        for number in range(crowd):
            ledger.ask(number, full)
        ledger.ask(crowd, other)
        Counting.looks = 0
        assert ledger.freed("two", other, 1.0) in ([Grant(crowd, "two")], [Close("two")])
        assert ledger.freed("one", full, 1.0) == [Grant(0, "one")]
        ledger.withdraw(crowd // 2, full)
        assert ledger.gone("one", full)
        return Counting.looks

    few, many = looks_of_a_step(10), looks_of_a_step(10_000)
    assert many <= few


@pytest.mark.parametrize("limit_per_route", [0, 1])
def test_cancelling_all_who_wait_costs_the_same_for_each(limit_per_route: int) -> None:
    def looks_for_each(crowd: int) -> float:
        ledger = Ledger[int, str, Counting](limit=1, limit_per_route=limit_per_route)
        routes = [Counting(str(number % 7)) for number in range(crowd)]
        ledger.ask(-1, Counting("busy"))
        for number, route in enumerate(routes):
            ledger.ask(number, route)
        Counting.looks = 0
        for number, route in enumerate(routes):
            ledger.withdraw(number, route)
        assert ledger.waiting_count == 0
        return Counting.looks / crowd

    assert looks_for_each(20_000) < 2 * looks_for_each(200)


def test_an_idle_connection_that_goes_is_not_granted() -> None:
    ledger = Books()
    lent(ledger, "north", "one")
    ledger.freed("one", "north", 1.0)
    assert ledger.gone("one", "north") == []
    assert (ledger.open_count, ledger.idle_count) == (0, 0)
    assert ledger.ask("a", "north") == [Open("a")]


ROUTES = st.sampled_from(["north", "south", "east"])
LIMITS = st.tuples(st.integers(0, 4), st.integers(0, 3))


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order, the books are right."""

    def __init__(self) -> None:
        super().__init__()
        self.limit = self.per_route = 0
        self.ledger = Ledger[int, int, str]()
        self.expires: dict[int, int] = {}
        self.tickets = 0  # the lower the number, the older the request
        self.repeats = 0
        self.connections = 0
        self.waiting: dict[int, str] = {}
        self.opening: dict[int, str] = {}
        self.leased: dict[int, str] = {}
        self.idle: dict[int, str] = {}
        self.closing: dict[int, str] = {}

    @precondition(lambda self: not self.tickets)
    @rule(limits=LIMITS)
    def begin(self, limits: tuple[int, int]) -> None:
        self.limit, self.per_route = limits
        self.ledger = Ledger(limit=self.limit, limit_per_route=self.per_route)

    def carry_out(self, actions: list[Any]) -> None:
        for action in actions:
            match action:
                case Grant(ticket=ticket, connection=connection):
                    assert self.idle[connection] == self.waiting[ticket]
                    self.check_turn(ticket)
                    self.leased[connection] = self.idle.pop(connection)
                    del self.waiting[ticket]
                case Open(ticket=ticket):
                    self.check_turn(ticket)
                    self.opening[ticket] = self.waiting.pop(ticket)
                case Close(connection=connection):
                    self.closing[connection] = self.idle.pop(connection)
                case unknown:
                    raise TypeError(unknown)

    def check_turn(self, ticket: int) -> None:
        route = self.waiting[ticket]
        assert not [other for other, its in self.waiting.items() if its == route and other < ticket]

    def pick(self, data: st.DataObject, pile: dict[int, str]) -> tuple[int, str]:
        key = data.draw(st.sampled_from(sorted(pile)))
        return key, pile.pop(key)

    @rule(route=ROUTES)
    def ask(self, route: str) -> None:
        self.tickets += 1
        self.waiting[self.tickets] = route
        self.carry_out(self.ledger.ask(self.tickets, route))

    @precondition(lambda self: self.tickets)
    @rule(route=ROUTES)
    def ask_again(self, route: str) -> None:
        self.repeats -= 1
        self.waiting[self.repeats] = route
        self.carry_out(self.ledger.ask_again(self.repeats, route))

    @rule(route=ROUTES)
    def take_idle(self, route: str) -> None:
        taken = self.ledger.take_idle(route)
        assert (taken is None) == (route not in self.idle.values())
        if taken is not None:
            self.leased[taken] = self.idle.pop(taken)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        ticket, route = self.pick(data, self.waiting)
        self.ledger.withdraw(ticket, route)

    @precondition(lambda self: self.opening)
    @rule(data=st.data())
    def open(self, data: st.DataObject) -> None:
        _ticket, route = self.pick(data, self.opening)
        self.connections += 1
        self.leased[self.connections] = route

    @precondition(lambda self: self.opening)
    @rule(data=st.data())
    def fail_to_open(self, data: st.DataObject) -> None:
        _ticket, route = self.pick(data, self.opening)
        self.carry_out(self.ledger.gone(None, route))

    @precondition(lambda self: self.leased)
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        connection, route = self.pick(data, self.leased)
        until = data.draw(st.integers(0, 9))
        self.idle[connection] = route
        self.expires[connection] = until
        self.carry_out(self.ledger.freed(connection, route, until))

    @precondition(lambda self: self.leased or self.idle or self.closing)
    @rule(data=st.data())
    def go(self, data: st.DataObject) -> None:
        piles = [pile for pile in (self.leased, self.idle, self.closing) if pile]
        connection, route = self.pick(data, data.draw(st.sampled_from(piles)))
        self.carry_out(self.ledger.gone(connection, route))

    @rule(now=st.integers(0, 9))
    def expire(self, now: int) -> None:
        due = {connection for connection in self.idle if self.expires[connection] <= now}
        self.carry_out(self.ledger.expire(now))
        assert due.isdisjoint(self.idle)
        left = [self.expires[connection] for connection in self.idle]
        assert self.ledger.next_expiry() == min(left, default=None)
        assert all(until > now for until in left)

    def routes(self) -> list[str]:
        piles = (self.opening, self.leased, self.idle, self.closing)
        return [route for pile in piles for route in pile.values()]

    @invariant()
    def the_counts_are_right(self) -> None:
        assert self.ledger.open_count == len(self.routes())
        assert self.ledger.idle_count == len(self.idle)
        assert self.ledger.waiting_count == len(self.waiting)

    @invariant()
    def the_limits_hold(self) -> None:
        routes = self.routes()
        assert not self.limit or len(routes) <= self.limit
        assert not self.per_route or all(routes.count(route) <= self.per_route for route in routes)

    @invariant()
    def nobody_waits_who_could_be_served(self) -> None:
        routes = self.routes()
        has_room = not self.limit or len(routes) < self.limit
        waiting_for_room = 0
        for route in set(self.waiting.values()):
            assert route not in self.idle.values()
            may_open = list(self.waiting.values()).count(route)
            if self.per_route:
                may_open = min(may_open, self.per_route - routes.count(route))
            assert not may_open or not has_room
            waiting_for_room += may_open
        # Whoever needs room has a closing connection to hope for, or there is none to close.
        assert not self.idle or waiting_for_room <= len(self.closing)

    def teardown(self) -> None:
        for ticket, route in list(self.waiting.items()):
            del self.waiting[ticket]
            self.ledger.withdraw(ticket, route)
        for route in self.opening.values():
            assert self.ledger.gone(None, route) == []
        for connection, route in {**self.leased, **self.idle, **self.closing}.items():
            assert self.ledger.gone(connection, route) == []
        assert self.ledger.open_count == self.ledger.idle_count == self.ledger.waiting_count == 0


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnyOrder = AnyOrder.TestCase
