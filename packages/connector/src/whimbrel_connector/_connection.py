"""One HTTP/1.1 connection: the asyncio protocol between a transport and the exchange that uses it.

It carries and decides little: bytes go to the exchange that holds the connection, to the protocol
it was upgraded to, or, when nobody uses it, condemn it.
"""

import asyncio
import select
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf
from typing import Any, Protocol

from whimbrel_connector._dialled import Receiver, as_transport
from whimbrel_connector._receive_buffer import receive_buffer
from whimbrel_connector._waiter import Waiter
from whimbrel_connector.exchange_options import ExchangeOptions, WireParser
from whimbrel_connector.lifetime import Lifetime, narrowed
from whimbrel_http1 import ResponseHead

__all__ = ["ConnectionOwner", "Http1Connection", "TransportUser"]

CLOSING_SECONDS = 2.0
_NO_LIMITS = Lifetime(idle_seconds=inf)


class TransportUser(Protocol):
    """Who gets what a transport reports: an exchange, or the protocol after an upgrade."""

    def data_received(self, data: bytes) -> None:
        """Bytes arrived."""

    def eof_received(self) -> bool | None:
        """The peer will send nothing more."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport has closed."""

    def pause_writing(self) -> None:
        """The transport's write buffer is full."""

    def resume_writing(self) -> None:
        """It has emptied again."""


class ConnectionOwner(Protocol):
    """Who keeps connections between exchanges: the pool."""

    def give_back(self, connection: "Http1Connection") -> None:
        """Take a connection that can serve the next exchange."""

    def forget(self, connection: "Http1Connection") -> None:
        """Learn that its transport has gone."""

    def attend(self, task: "asyncio.Task[None]") -> None:
        """Learn of a task that works for a connection and may outlive it by a moment."""


class _KeptParser:
    """A parser that can read the answers of several exchanges, each told of its method by `expect`."""

    __slots__ = ("expect", "options", "parser")

    def __init__(self, parser: WireParser, options: ExchangeOptions, expect: Callable[[str], object]) -> None:
        self.parser = parser
        self.options = options
        self.expect = expect


class Http1Connection(Receiver):
    """A transport and whoever uses it now.

    Attributes:
        closed_here: Whether this side has closed it, or begun to.
        exchanges: How many exchanges it was leased for.
        is_unheard: Whether no answer has said yet how long it may serve.
        lifetime: How long it may serve, as its owner and the server say.
        lost: Done when the transport has really gone.
    """

    __slots__ = (
        "_abort_timer",
        "_buffer",
        "_is_reporting",
        "_keeper",
        "_kept_parser",
        "_loop",
        "_news",
        "_next",
        "_opened_at",
        "_owner",
        "_transport",
        "_unread_test",
        "_usable_until",
        "_user",
        "_waiter",
        "closed_here",
        "exchanges",
        "is_unheard",
        "lifetime",
        "lost",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._buffer: memoryview | None = None
        self._user: TransportUser | None = None
        self._owner: ConnectionOwner | None = None
        self._abort_timer: asyncio.TimerHandle | None = None
        self._kept_parser: _KeptParser | None = None
        self._unread_test: Callable[[], bool] | None = None
        self._keeper: object = None
        self._waiter: Waiter[ResponseHead | None] | None = None
        self._next: Waiter[ResponseHead | None] | None = None
        self._news: asyncio.Future[None] = loop.create_future()
        self._news.set_result(None)
        self._is_reporting = False
        self._opened_at = 0.0
        self._usable_until = inf
        self.closed_here = False
        self.exchanges = 0
        self.is_unheard = True
        self.lifetime = _NO_LIMITS
        self.lost: asyncio.Future[None] = loop.create_future()

    @property
    def transport(self) -> asyncio.Transport:
        """The transport beneath.

        Raises:
            RuntimeError: It is not connected.
        """
        if self._transport is None:
            msg = "the connection has no transport"
            raise RuntimeError(msg)
        return self._transport

    @property
    def is_closing(self) -> bool:
        """Whether it is closing or has closed."""
        return self._transport is None or self._transport.is_closing()

    @property
    def is_flushed(self) -> bool:
        """Whether all that was written has left for the socket."""
        try:
            return self._transport is not None and not self._transport.get_write_buffer_size()
        except AttributeError:  # as in `pause_reading`
            return False

    def unsent_bytes(self) -> int:
        """Return how much of what was written has not left for the socket."""
        with suppress(AttributeError):  # as in `pause_reading`
            return 0 if self._transport is None else self._transport.get_write_buffer_size()
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport knows under `name`."""
        return default if self._transport is None else self._transport.get_extra_info(name, default)

    def join(self, owner: ConnectionOwner, lifetime: Lifetime = _NO_LIMITS) -> None:
        """Name who is told when it comes free or goes, and how long it may serve from now on."""
        self._owner = owner
        self._opened_at = self._loop.time()
        self.lifetime = lifetime
        if self._transport is None:
            owner.forget(self)

    def attend(self, task: "asyncio.Task[None]") -> None:
        """Let the owner know of a task that works for the present exchange."""
        if self._owner is not None:
            self._owner.attend(task)

    def begin(self, user: TransportUser) -> None:
        """Let `user` have what the transport reports from now on."""
        self._user = user

    def switch(self, user: TransportUser, keeper: object = None) -> None:
        """Put another in the present user's place, for good: the connection now speaks another protocol.

        `keeper` is kept alive until the end.
        """
        self._user = user
        self._keeper = keeper

    def wake_soon(self, waiter: Waiter[ResponseHead | None]) -> None:
        """Let who has got what it waited for go on when the transport's present report has been heeded."""
        self._waiter = waiter

    def wake_next(self, waiter: Waiter[ResponseHead | None]) -> None:
        """Let who was given this connection go on, after whom the present report concerns."""
        if self._is_reporting:
            self._next = waiter
        else:
            waiter.wake(self._news)

    def finish(self) -> None:
        """Be free for the next exchange: this one has ended cleanly."""
        self._user = None
        if self._owner is None:
            self.close()
        else:
            self._owner.give_back(self)

    def heed(self, keep_alive: Sequence[bytes]) -> None:
        """Take the server's word, the values of Keep-Alive in its first answer, for how long it serves.

        Servers say the same with each answer, or count down: the first one is enough.
        """
        self.is_unheard = False
        if keep_alive:
            self.lifetime = narrowed(self.lifetime, keep_alive, self.exchanges)

    def rest(self, now: float) -> float:
        """Be free from `now` on; return until when a request may begin, which may have passed."""
        self._usable_until = self.lifetime.usable_until(now, self._opened_at, self.exchanges)
        return self._usable_until

    @property
    def is_quiet(self) -> bool:
        """Whether it can serve a request as it stands: open, in time, and nothing has come unread."""
        # A loop that was held up may not have closed it in time.
        return not self.is_closing and self._loop.time() < self._usable_until and not self._has_unread()

    async def is_usable(self) -> bool:
        """Tell whether it can serve a request: open, in time, and no byte or end has come while it was idle.

        Whatever the socket holds unread is let in first: on TLS it may be a mere session ticket. What is
        not let in, as by a loop with much to do, stands against it.
        """
        if not self.is_closing and self._has_unread():
            await asyncio.sleep(0)
            await asyncio.sleep(0)  # TLS hands data on one turn later
        return self.is_quiet

    def parser_for(self, method: str, options: ExchangeOptions) -> WireParser:
        """Return a parser for the answer to `method`: the one of the exchange before, or a new one."""
        kept = self._kept_parser
        # It is reusable, else the exchange before would not have left the connection open.
        if kept is not None and kept.options is options:
            kept.expect(method)
            return kept.parser
        parser = options.parser(request_method=method, limits=options.limits)
        expect = getattr(parser, "next_response", None)
        self._kept_parser = None if expect is None else _KeptParser(parser, options, expect)
        return parser

    def _has_unread(self) -> bool:
        """Tell without waiting whether the socket holds bytes or an end."""
        test = self._unread_test
        if test is None:
            test = self._unread_test = _unread_test(self.get_extra_info("socket"))
        return test()

    def pause_reading(self) -> None:
        """Let nothing more in for now."""
        if self._transport is not None and not self._transport.is_closing():
            # Python 3.10's TLS transport loses the one beneath it a turn before it says so.
            with suppress(AttributeError):
                self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Let more in."""
        if self._transport is not None and not self._transport.is_closing():
            with suppress(AttributeError):  # as in `pause_reading`
                self._transport.resume_reading()

    def close(self) -> None:
        """Close in order; what has not gone out after `CLOSING_SECONDS` is dropped."""
        transport = self._transport
        if transport is None or self.closed_here:
            return
        self.closed_here = True
        is_tls = transport.get_extra_info("ssl_object") is not None
        if is_tls or not self.is_flushed:
            self._abort_timer = self._loop.call_later(CLOSING_SECONDS, transport.abort)
        if not transport.is_closing():  # a second close would take from asyncio's TLS its power to abort
            transport.close()

    def abort(self) -> None:
        """Close at once, whatever has not gone out."""
        self.closed_here = True
        if self._transport is not None:
            self._transport.abort()

    # What the transport reports.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Receive the transport."""
        self._transport = as_transport(transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  it need not be heeded
        """Say where to put the bytes that have come; `buffer_updated` follows at once."""
        if self._buffer is None:
            self._buffer = receive_buffer(self._loop)
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Pass on the bytes that were put there."""
        if self._buffer is not None:
            self.data_received(self._buffer[:nbytes].tobytes())

    def data_received(self, data: bytes | bytearray) -> None:
        """Pass the bytes on; on an idle connection nobody asked for them."""
        if self._user is None:
            self.close()
            return
        self._is_reporting = True
        try:
            # Windows' transports bring a bytearray, which no compiled user takes.
            self._user.data_received(data if isinstance(data, bytes) else bytes(data))
        finally:
            self._wake()

    def eof_received(self) -> bool | None:
        """Pass the end on; on an idle connection it is the end of the connection."""
        if self._user is None:
            self.close()
            return None
        try:
            return self._user.eof_received()
        finally:
            self._wake()

    def pause_writing(self) -> None:
        """Pass it on."""
        if self._user is not None:
            self._user.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        if self._user is not None:
            self._user.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the user and the owner."""
        transport, self._transport = self._transport, None
        if transport is not None and not transport.is_closing():
            transport.close()  # Python 3.10's TLS transport does not notice that the peer has closed it
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        user, self._user = self._user, None
        self._keeper = None
        if not self.lost.done():
            self.lost.set_result(None)
        try:
            if user is not None:
                user.connection_lost(exc)
        finally:
            if self._owner is not None:
                self._owner.forget(self)
            self._wake()

    def _wake(self) -> None:
        """Let go on whom the present report concerns; it is the last thing done, for anything may follow."""
        waiter, self._waiter = self._waiter, None
        following, self._next = self._next, None
        self._is_reporting = False
        if waiter is None:
            if following is not None:
                following.wake_later()  # as who reads the end of the body, who comes first
        elif following is None:
            waiter.wake(self._news)
        elif asyncio.current_task(self._loop) is None:  # asked once for both
            waiter.go_on(self._news)
            following.go_on(self._news)
        else:
            waiter.wake_later()
            following.wake_later()


def _unread_test(sock: Any) -> Callable[[], bool]:
    """Return what tells without waiting whether the socket holds bytes or an end."""
    if sock is None:
        return lambda: False
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return lambda: bool(poll.poll(0))
    return lambda: bool(select.select([sock], [], [], 0)[0])
