"""TLS sessions that are resumed, so that a new connection to a known server needs no certificates.

A resumed handshake (RFC 8446 section 2.2, RFC 5246 section 7.3) proves that the peer still holds the secrets
of an earlier one; its certificate is not sent again, so nothing of it is checked again. Therefore:

- A session is offered only on an equal route: the same host, port, policy (name, pin, context, client
  certificate) and proxy, in the same connector, and under a context whose trust is as it was: certificates
  loaded into it since, and changed settings, part it from its earlier sessions.
- It is kept only where everything was checked that the policy asks for; the pin is compared again.
- It is offered for an hour after the certificate was checked, and never after the certificate has expired;
  resuming does not prolong that. What the contexts cannot show, such as another client certificate loaded
  into a caller's own, takes effect after that hour.
- It is used once (RFC 8446 appendix C.4): who watches the network cannot tell by it that two connections
  have one client.

asyncio and uvloop never ask for a session; a `_StandIn` in the place of the context does. Other event loops
may not ask the context to wrap anything, and contexts of classes other than `ssl.SSLContext` may make of it
what they like: these are left alone.
"""

import asyncio
import ssl
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from whimbrel_connector.route import Route

__all__ = ["TlsSessions"]

_MOST_ROUTES = 128
_MOST_OF_ROUTE = 4
_MOST_STAND_INS = 8
_LONGEST_SECONDS = 3600.0


@dataclass(slots=True, eq=False)
class _Source:
    """Where a session comes from: a connection, and once that is gone, the session itself.

    A connection's session is taken out late, because that costs a third of a handshake.

    Attributes:
        until: The time after which it is not to be resumed.
        established: The connection's TLS.
        is_dated: Whether `until` takes the end of the certificate into account.
        session: The session.
    """

    until: float
    established: ssl.SSLObject | None
    is_dated: bool
    session: ssl.SSLSession | None = None

    def settle(self) -> None:
        """Take the session out, if there is one to be resumed yet."""
        session = None if self.established is None else self.established.session
        if self.established is None or session is None or not (session.has_ticket or session.id):
            return
        if not self.is_dated:
            certificate = self.established.getpeercert() or {}
            if isinstance(expires := certificate.get("notAfter"), str):
                self.until = min(self.until, ssl.cert_time_to_seconds(expires))
        self.session, self.established = session, None


class _Kept:
    """What there is for one route."""

    __slots__ = ("connections", "sources")

    def __init__(self) -> None:
        self.connections = 0
        self.sources: deque[_Source] = deque(maxlen=_MOST_OF_ROUTE)


class _StandIn(ssl.SSLContext):
    """Stands in for a context in one handshake, and has it offer a session."""

    beneath: ssl.SSLContext
    session: ssl.SSLSession
    made: ssl.SSLObject | None = None

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Do as the context does, and offer the session."""
        offered = self.session if session is None else session
        self.made = self.beneath.wrap_bio(incoming, outgoing, server_side, server_hostname, offered)
        return self.made


class TlsSessions:
    """The sessions of one connector; used on one event loop.

    Args:
        resumes: Whether there are any.
        clock: Returns the time of day, in seconds: certificates expire by it.
    """

    def __init__(self, *, resumes: bool = True, clock: Callable[[], float] = time.time) -> None:
        self._resumes = resumes
        self._clock = clock
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._resumed: WeakKeyDictionary[ssl.SSLObject, float] = WeakKeyDictionary()
        self._stand_ins: list[_StandIn] = []

    @contextmanager
    def offering(self, route: Route, context: ssl.SSLContext) -> Iterator[ssl.SSLContext]:
        """Give the context for one handshake on `route`: `context`, or one that offers a session under it."""
        source = self._take(route, context) if self._kept and _asks_contexts() else None
        if source is None or source.session is None:
            yield context
            return
        stand_in = self._stand_ins.pop() if self._stand_ins else _StandIn(ssl.PROTOCOL_TLS_CLIENT)
        stand_in.beneath, stand_in.session = context, source.session
        yield stand_in
        # After a failure some callback may still come to it; else it can serve again.
        if stand_in.made is not None:
            self._resumed[stand_in.made] = source.until
            stand_in.made = None
            if len(self._stand_ins) < _MOST_STAND_INS:
                self._stand_ins.append(stand_in)

    def keep(self, route: Route, established: ssl.SSLObject | None, lost: "asyncio.Future[None]") -> None:
        """Learn of a connection on `route` whose TLS has passed every check; without TLS it means nothing.

        The session is taken out when it is needed, or when the connection is lost and the route has been
        in use before: TLS 1.3 brings it some time after the handshake. `lost` is done when that is.
        """
        if not self._resumes or established is None or type(established.context) is not ssl.SSLContext:
            return
        key = _key(route, established.context)
        kept = self._kept.setdefault(key, _Kept())
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST_ROUTES:
            self._kept.popitem(last=False)
        kept.connections += 1
        until = self._resumed.pop(established, None) if established.session_reused else None
        if until is None:
            source = _Source(self._clock() + _LONGEST_SECONDS, established, is_dated=False)
        else:
            source = _Source(until, established, is_dated=True)
        kept.sources.append(source)

        def settle(_lost: "asyncio.Future[None]") -> None:
            if source in kept.sources and source.session is None:
                if kept.connections > 1 and self._kept.get(key) is kept:
                    source.settle()
                if source.session is None:
                    kept.sources.remove(source)
            source.established = None

        lost.add_done_callback(settle)

    def close(self) -> None:
        """Forget everything, and keep nothing more."""
        self._resumes = False
        self._kept.clear()
        self._stand_ins.clear()

    def _take(self, route: Route, context: ssl.SSLContext) -> _Source | None:
        kept = self._kept.get(_key(route, context))
        if kept is None:
            return None
        for source in tuple(kept.sources):
            source.settle()
            if source.session is not None:
                kept.sources.remove(source)
                if self._clock() < source.until:
                    return source
        return None


def _key(route: Route, context: ssl.SSLContext) -> Hashable:
    """Return what must be equal for a session to be offered."""
    settings = (context.verify_mode, context.check_hostname, context.verify_flags)
    return route, context, settings, tuple(context.cert_store_stats().values())


def _asks_contexts() -> bool:
    """Tell whether this event loop makes TLS by `SSLContext.wrap_bio`."""
    loop = asyncio.get_running_loop()
    return isinstance(loop, asyncio.BaseEventLoop) or type(loop).__module__.partition(".")[0] == "uvloop"
