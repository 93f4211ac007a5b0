"""Where a request stands while it waits for a connection."""

import asyncio

from whimbrel_connector._connection import Http1Connection
from whimbrel_connector._waiter import Waiter
from whimbrel_connector.exchange import Exchange
from whimbrel_connector.exchange_options import ExchangeOptions
from whimbrel_connector.request import Request
from whimbrel_connector.route import Route
from whimbrel_http1 import ResponseHead

__all__ = ["Place"]


class Place(Waiter[ResponseHead | None]):
    """A place in the pool's row; who has it awaits it, once, and hands it on if that raises.

    Who has said what it will send is woken by the head of the response: its request goes out in the moment
    in which a connection comes free. Another who is given a connection by an answer that came as a whole goes
    on inside the callback that brought it, after the reader of that answer.

    Args:
        loop: The loop of whoever waits.

    Attributes:
        is_given: Whether something has come.
        connection: What has come: a connection, or None for the right to open one.
        exchange: Where the request has gone out already, or None.
    """

    __slots__ = ("_keeper", "_options", "_request", "_route", "connection", "exchange", "is_given")

    _options: ExchangeOptions
    _route: Route

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.is_given = False
        self.connection: Http1Connection | None = None
        self.exchange: Exchange | None = None
        self._request: Request | None = None
        self._keeper: object = None

    def will_send(self, request: Request, route: Route, options: ExchangeOptions, keeper: object) -> None:
        """Learn what to send over the connection that comes, and what its exchange is made of."""
        self._request, self._route, self._options, self._keeper = request, route, options, keeper

    def give(self, connection: Http1Connection | None) -> None:
        """Take what has come; it is the last thing done with it, for anything may follow."""
        self.is_given, self.connection = True, connection
        if self.done():  # cancelled; its task, which has not run since, hands this on when it does
            return
        if connection is None:
            self.set_result(None)
            self.wake_later()
            return
        if self._request is None:
            self.set_result(None)
        connection.wake_next(self)

    def go_on(self, news: "asyncio.Future[None]") -> None:
        """Let the request go out, or, where it is not known, let the task go on at once."""
        if not self._sends():
            super().go_on(news)

    def wake_later(self) -> None:
        """Let the request go out, or, where it is not known, let the task go on in the next turn."""
        if not self._sends():
            super().wake_later()

    def _sends(self) -> bool:
        """Send the request over the connection, if both are there and nothing stands against it."""
        request, connection = self._request, self.connection
        if request is None or connection is None or self.done():
            return False
        self._request = None
        keeper, self._keeper = self._keeper, None  # which is the exchange's from now on, as long as that is
        if not connection.is_quiet:
            self.set_result(None)
            return False
        self.exchange = Exchange(connection, self._route, self._options, self._loop, keeper)
        self.exchange.send_early(request, self)
        return True

    def take_exchange(self) -> Exchange | None:
        """Return the exchange, if there is one, and hold it no longer: it holds this."""
        exchange, self.exchange = self.exchange, None
        return exchange
