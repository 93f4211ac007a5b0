"""From a route with a proxy to an open transport: the way to the proxy, CONNECT, TLS to the origin.

Nothing of a request goes to the proxy here but what the `Proxy` itself says; TLS to the origin
begins only after a 2xx that no byte follows (RFC 9110 section 9.3.6).
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from whimbrel_connector._connection import Http1Connection
from whimbrel_connector._contexts import tls_context
from whimbrel_connector._dialled import Dialled, as_transport
from whimbrel_connector._handshake import secure_tunnel
from whimbrel_connector._resumption import TlsSessions
from whimbrel_connector._tls_layer import TlsLayer
from whimbrel_connector.errors import ConnectFailed, ProxyFailed, ProxyRefused, UnsupportedProxy
from whimbrel_connector.observer import limit_of
from whimbrel_connector.proxy import Proxy
from whimbrel_connector.route import Route
from whimbrel_connector.timeout_errors import ProxyTimeout
from whimbrel_connector.transports import Transports
from whimbrel_http1 import (
    EndOfMessage,
    Event,
    ParseError,
    RequestHead,
    ResponseHead,
    ResponseParser,
    Upgraded,
)

__all__ = ["REFUSAL_BYTES", "dial_proxied"]

REFUSAL_BYTES = 4096
REFUSAL_SECONDS = 1.0


_Q = TypeVar("_Q", bound=Dialled)


class Dial(Protocol):
    """Opens a connection without a proxy."""

    def __call__(self, route: Route, protocol: Callable[[], _Q], /) -> Awaitable[_Q]:
        """Return the protocol that received the connection to `route`."""


async def dial_proxied(
    route: Route,
    proxy: Proxy,
    protocol: Callable[[], Http1Connection],
    dial: Dial,
    transports: Transports,
    sessions: TlsSessions,
) -> Http1Connection:
    """Open a connection to `route` by way of `proxy` and return the protocol that received it.

    Args:
        route: The origin.
        proxy: What it is reached through.
        protocol: Makes the protocol.
        dial: Opens the connection to the proxy.
        transports: Makes the transport of TLS within the tunnel; of the kind that `dial` makes.
        sessions: The TLS sessions to resume.

    Raises:
        ProxyFailed: The proxy cannot be reached, or breaks off, or does not speak HTTP.
        ProxyRefused: It makes no tunnel.
        UnsupportedProxy: This event loop has no TLS within TLS.
        TlsFailed: TLS with the origin failed.
        FingerprintMismatch: A certificate, the proxy's or the origin's, is not the pinned one.
    """
    way = Route.way_to(proxy)
    if route.forwarded:
        with limit_of(ProxyTimeout):
            made = await _reach(way, protocol, dial)
        sessions.keep(way, made.get_extra_info("ssl_object"), made.lost)
        return made
    context = await tls_context(route.tls) if route.tls is not None else None
    request = proxy.connect_request(route.host, route.port)
    with limit_of(ProxyTimeout):
        tunnel, transport = await _open_tunnel(way, request, dial)
    try:
        made = protocol()
        if route.tls is None or context is None:
            transport.set_protocol(made)
            made.connection_made(transport)
        else:
            ground = _ground(transport)
            await secure_tunnel(route, route.tls, context, ground, made, transports, sessions)
            sessions.keep(route, made.get_extra_info("ssl_object"), made.lost)
    except BaseException:
        tunnel.abort()
        raise
    sessions.keep(way, transport.get_extra_info("ssl_object"), made.lost)
    return made


async def _open_tunnel(way: Route, request: bytes, dial: Dial) -> "tuple[_Tunnel, asyncio.Transport]":
    loop = asyncio.get_running_loop()
    tunnel = await _reach(way, lambda: _Tunnel(loop, way), dial)
    try:
        return tunnel, await tunnel.open(request)
    except BaseException:
        tunnel.abort()
        raise


async def _reach(way: Route, protocol: Callable[[], _Q], dial: Dial) -> _Q:
    try:
        return await dial(way, protocol)
    except ConnectFailed as fault:
        is_tls = way.tls is not None
        cause = fault.__cause__ or fault
        raise ProxyFailed(
            fault.host, fault.port, fault.what, fault.errno, attempts=fault.attempts, is_tls=is_tls
        ) from cause


def _ground(transport: asyncio.Transport) -> asyncio.Transport:
    """Return what TLS can stand on; uvloop's transports, no `asyncio.Transport`, can be it as they are."""
    if transport.get_extra_info("ssl_object") is None or not isinstance(transport, asyncio.Transport):
        return transport
    if (
        sys.hexversion < 0x030B0000
    ):  # Python 3.10: its TLS never closes what is beneath when the peer has gone
        raise UnsupportedProxy("https", "TLS within TLS needs Python 3.11, uvloop or aiofastnet")
    return TlsLayer(transport)


class _Tunnel(Dialled):
    """The conversation with a proxy until it has made a tunnel, or refused.

    Args:
        loop: The loop.
        way: Where the proxy is.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, way: Route) -> None:
        self._loop = loop
        self._way = way
        self._parser = ResponseParser(request_method="CONNECT")
        self._transport: asyncio.Transport | None = None
        self._answered: asyncio.Future[None] = loop.create_future()
        self._refusal: ResponseHead | None = None
        self._body = bytearray()
        self._received_bytes = 0
        self._patience: asyncio.TimerHandle | None = None

    async def open(self, request: bytes) -> asyncio.Transport:
        """Ask for the tunnel and return the transport that has become it.

        Raises:
            ProxyFailed: The proxy broke off, or its answer is no HTTP.
            ProxyRefused: It said no.
        """
        transport = self._transport
        if transport is None:
            raise self._failed("it closed the connection at once")
        try:
            transport.write(request)
            await self._answered
        finally:
            if self._patience is not None:
                self._patience.cancel()
            self._answered.cancel()  # nobody waits any more, so nobody is told
        if transport.is_closing():
            raise self._failed("it closed the tunnel at once")
        return transport

    def abort(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # What the transport reports.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Receive the transport."""
        self._transport = as_transport(transport)

    def data_received(self, data: bytes) -> None:
        """Read the answer."""
        self._received_bytes += len(data)
        if self._answered.done():
            # Who speaks before TLS has begun is not the origin: what it says must not be taken for it.
            self.abort()
            return
        try:
            for event in self._parser.feed(data):
                self._take(event)
        except ParseError as fault:
            self._end(fault)

    def eof_received(self) -> None:
        """Take the end as the end of a refusal's body, or as a failure."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the end; nothing more can be written."""
        self._end(exc)
        self._transport = None

    def _take(self, event: Event) -> None:
        match event:
            case RequestHead() | ResponseHead(interim=True):
                pass
            case ResponseHead():
                if not 200 <= event.status < 300:
                    self._refusal = event
                    self._patience = self._loop.call_later(REFUSAL_SECONDS, self._end, None)
            case bytes():
                self._body += event[: REFUSAL_BYTES - len(self._body)]
                if len(self._body) >= REFUSAL_BYTES:
                    self._end(None)
            case Upgraded():
                self._take_switch(event.surplus)
            case EndOfMessage():
                self._end(None)

    def _take_switch(self, surplus: bytes) -> None:
        if self._refusal is not None:  # 101 answers no CONNECT
            self._end(None)
        elif surplus:
            self._settle(self._failed("it sent bytes into the tunnel before the origin was spoken to"))
        else:
            self._settle(None)

    def _end(self, cause: Exception | None) -> None:
        """Fail with what is known: a refusal, if its head has come."""
        fault: Exception
        if self._refusal is not None:
            head, way = self._refusal, self._way
            fault = ProxyRefused(
                way.host, way.port, head.status, head.reason, head.raw_headers, bytes(self._body)
            )
        elif isinstance(cause, ParseError):
            fault = self._failed(f"its answer is no HTTP: {cause}")
        else:
            fault = self._failed(f"it closed the connection after {self._received_bytes} bytes of an answer")
        fault.__cause__ = cause
        self._settle(fault)

    def _settle(self, fault: Exception | None) -> None:
        if self._answered.done():
            return
        if fault is None:
            self._answered.set_result(None)
        else:
            self._answered.set_exception(fault)
            self._answered.exception()  # nobody may be waiting: the way to the proxy can fail as well

    def _failed(self, what: str) -> ProxyFailed:
        return ProxyFailed(self._way.host, self._way.port, what, is_tls=self._way.tls is not None)
