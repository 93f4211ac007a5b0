"""One HTTP/1.1 connection: the asyncio protocol between a transport and the exchange that uses it.

It carries and decides little: bytes go to the exchange that holds the connection, to the protocol
it was upgraded to, or, when nobody uses it, condemn it.
"""

import asyncio
import select
from typing import Any, Protocol

__all__ = ["ConnectionOwner", "Http1Connection", "TransportUser"]

CLOSING_SECONDS = 2.0


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


class Http1Connection(asyncio.Protocol):
    """A transport and whoever uses it now.

    Attributes:
        exchanges: How many exchanges have begun on it.
        lost: Done when the transport has really gone.
    """

    __slots__ = ("_abort_timer", "_loop", "_owner", "_transport", "_user", "exchanges", "lost")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._user: TransportUser | None = None
        self._owner: ConnectionOwner | None = None
        self._abort_timer: asyncio.TimerHandle | None = None
        self.exchanges = 0
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

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport knows under `name`."""
        return default if self._transport is None else self._transport.get_extra_info(name, default)

    def join(self, owner: ConnectionOwner) -> None:
        """Name who is told when it comes free or goes."""
        self._owner = owner
        if self._transport is None:
            owner.forget(self)

    def begin(self, user: TransportUser) -> None:
        """Let `user` have what the transport reports from now on."""
        self._user = user
        self.exchanges += 1

    def switch(self, user: TransportUser) -> None:
        """Put another in the present user's place, for good: the connection now speaks another protocol."""
        self._user = user

    def finish(self) -> None:
        """Be free for the next exchange: this one has ended cleanly."""
        self._user = None
        if self._owner is None:
            self.close()
        else:
            self._owner.give_back(self)

    async def is_usable(self) -> bool:
        """Tell whether it can serve a request: open, and no byte or end has come while it was idle.

        Whatever the socket holds unread is let in first: on TLS it may be a mere session ticket.
        """
        if not self.is_closing and _has_unread(self.get_extra_info("socket")):
            await asyncio.sleep(0)
            await asyncio.sleep(0)  # TLS hands data on one turn later
        return not self.is_closing

    def close(self) -> None:
        """Close in order; what has not gone out after `CLOSING_SECONDS` is dropped."""
        transport = self._transport
        if transport is None or self._abort_timer is not None:
            return
        is_tls = transport.get_extra_info("ssl_object") is not None
        if is_tls or transport.get_write_buffer_size():
            self._abort_timer = self._loop.call_later(CLOSING_SECONDS, transport.abort)
        transport.close()

    def abort(self) -> None:
        """Close at once, whatever has not gone out."""
        if self._transport is not None:
            self._transport.abort()

    # What the transport reports.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Receive the transport."""
        if not isinstance(transport, asyncio.Transport):
            msg = f"a stream transport is needed, not {transport!r}"
            raise TypeError(msg)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Pass the bytes on; on an idle connection nobody asked for them."""
        if self._user is None:
            self.close()
        else:
            self._user.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass the end on."""
        return None if self._user is None else self._user.eof_received()

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
        self._transport = None
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        user, self._user = self._user, None
        if not self.lost.done():
            self.lost.set_result(None)
        if user is not None:
            user.connection_lost(exc)
        if self._owner is not None:
            self._owner.forget(self)


def _has_unread(sock: Any) -> bool:
    """Tell without waiting whether the socket holds bytes or an end."""
    if sock is None:
        return False
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([sock], [], [], 0)[0])
