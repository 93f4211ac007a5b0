"""Open a WebSocket from a URL, over asyncio's own connections.

`connect` resolves, connects, encrypts, shakes hands and returns a `WebSocket`, all within one time
limit. If any of it fails, or is cancelled, nothing is left open.
"""

import asyncio
import base64
import re
import ssl as tls
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import TracebackType
from typing import Final, cast

from yarl import URL

from whimbrel_http1 import InvalidHead, ParseError, RequestEncoder, ResponseHead, ResponseParser, Upgraded
from whimbrel_websocket.deflate import DeflateOffer
from whimbrel_websocket.errors import HandshakeError, HandshakeTimeout, NotAllowed
from whimbrel_websocket.handshake import Agreement, Handshake
from whimbrel_websocket.protocol import DEFAULT_MAX_MESSAGE_BYTES
from whimbrel_websocket.timeouts import ClientWSTimeout
from whimbrel_websocket.websocket import DEFAULT_TIMEOUT, WebSocket

__all__ = ["Connecting", "connect"]

_HANDSHAKE_SECONDS: Final = 30.0
_ABORT_SECONDS: Final = 1.0
_IS_ENCRYPTED: Final = {"ws": False, "http": False, "wss": True, "https": True}

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


def connect(
    url: str | URL,
    *,
    protocols: Iterable[str] = (),
    headers: Headers | None = None,
    ssl: tls.SSLContext | None = None,
    origin: str | None = None,
    timeout: ClientWSTimeout = DEFAULT_TIMEOUT,
    handshake_timeout: float | None = _HANDSHAKE_SECONDS,
    heartbeat: float | None = None,
    autoclose: bool = True,
    autoping: bool = True,
    compress: int | DeflateOffer = 0,
    max_msg_size: int = DEFAULT_MAX_MESSAGE_BYTES,
    decode_text: bool = True,
) -> "Connecting":
    """Open a WebSocket.

    Await the result, or enter it with `async with`.

    Redirects are not followed and proxies are not used.

    Args:
        url: With the scheme ws, wss, http or https. A user and password in it become Authorization.
        protocols: Subprotocols in order of preference.
        headers: More fields for the request; those of the handshake itself are refused.
        ssl: How to encrypt wss and https; by default certificates and names are verified.
        origin: The value of Origin.
        timeout: The time limits of the open WebSocket.
        handshake_timeout: Seconds for everything until it is open; None waits for ever.
        heartbeat: See `WebSocket`; so for the arguments below, except the next.
        autoclose: See `WebSocket`.
        autoping: See `WebSocket`.
        compress: See `Handshake`.
        max_msg_size: See `WebSocket`.
        decode_text: See `WebSocket`.

    Raises:
        NotAllowed: At once: another scheme, no host, a refused header, a subprotocol or window that
            may not be asked for.
        HandshakeError: When awaited: the server did not agree.
        HandshakeTimeout: The time was up.
        OSError: No connection, or no encrypted one that can be trusted.
    """
    handshake = Handshake(protocols=protocols, compress=compress, origin=origin)
    route = _route_of(URL(url), ssl)
    request = _request_of(URL(url), headers, handshake)
    return Connecting(
        _Attempt(route, request, handshake, handshake_timeout),
        partial(
            WebSocket,
            timeout=timeout,
            autoclose=autoclose,
            autoping=autoping,
            heartbeat=heartbeat,
            max_msg_size=max_msg_size,
            decode_text=decode_text,
        ),
    )


@dataclass(frozen=True)
class _Route:
    """Where to connect and how to encrypt."""

    host: str
    port: int
    context: tls.SSLContext | None

    @property
    def server_hostname(self) -> str | None:
        return self.host.rstrip(".") if self.context is not None else None


@dataclass(frozen=True)
class _Attempt:
    """What one opening needs to know."""

    route: _Route
    request: bytes
    handshake: Handshake
    seconds: float | None


class Connecting:
    """A WebSocket to be: await it, or enter it with `async with`, once."""

    def __init__(self, attempt: _Attempt, make: "partial[WebSocket]") -> None:
        self._attempt = attempt
        self._make = make
        self._websocket: WebSocket | None = None

    def __await__(self) -> Generator[object, None, WebSocket]:
        return self._open().__await__()

    async def __aenter__(self) -> WebSocket:
        self._websocket = await self._open()
        return self._websocket

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        if self._websocket is not None:
            await self._websocket.close()

    async def _open(self) -> WebSocket:
        seconds = self._attempt.seconds
        opening = asyncio.get_running_loop().create_task(self._shake_hands())
        try:
            await asyncio.wait({opening}, timeout=seconds)
        except asyncio.CancelledError:
            await _undo(opening)
            raise
        if opening.done():
            return opening.result()
        await _undo(opening)
        route = self._attempt.route
        raise HandshakeTimeout(
            f"no WebSocket with {route.host} port {route.port} within {seconds or 0:g} s",
            seconds=seconds or 0.0,
        )

    async def _shake_hands(self) -> WebSocket:
        loop = asyncio.get_running_loop()
        route = self._attempt.route
        opening = _Opening(self._attempt, self._make, loop)
        try:
            await loop.create_connection(
                lambda: opening,
                route.host,
                route.port,
                ssl=route.context,
                server_hostname=route.server_hostname,
            )
            return await opening.opened
        except BaseException:
            await opening.abandon()
            raise


class _Opening(asyncio.Protocol):
    """Speak HTTP until the server has agreed, then hand the transport to a `WebSocket`."""

    def __init__(
        self, attempt: _Attempt, make: "partial[WebSocket]", loop: asyncio.AbstractEventLoop
    ) -> None:
        self.opened: asyncio.Future[WebSocket] = loop.create_future()
        self._lost: asyncio.Future[None] = loop.create_future()
        self._attempt = attempt
        self._make = make
        self._parser = ResponseParser(request_method="GET")
        self._agreement: Agreement | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._attempt.request)

    def data_received(self, data: bytes) -> None:
        if self.opened.done():
            return
        try:
            for event in self._parser.feed(data):
                match event:
                    case ResponseHead() if not event.interim:
                        self._agreement = self._attempt.handshake.accept(event.status, event.raw_headers)
                    case Upgraded():
                        self._hand_over(event.surplus)
                    case _:
                        pass
        except HandshakeError as refusal:
            self._fail(refusal)
        except ParseError as fault:
            error = HandshakeError(f"the response is not HTTP: {fault}")
            error.__cause__ = fault
            self._fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or HandshakeError("the server closed the connection without a response"))
        if not self._lost.done():
            self._lost.set_result(None)

    async def abandon(self) -> None:
        """Leave nothing open."""
        if self.opened.done() and not self.opened.cancelled() and self.opened.exception() is None:
            websocket = self.opened.result()
            websocket.abort()
            await websocket.close()
        elif self._transport is not None:
            self.opened.cancel()
            self._transport.abort()
            await asyncio.wait({self._lost}, timeout=_ABORT_SECONDS)
        else:
            self.opened.cancel()

    def _hand_over(self, surplus: bytes) -> None:
        if self._agreement is None or self._transport is None:
            return
        websocket = self._make(self._agreement)
        self._transport.set_protocol(websocket)
        websocket.connection_made(self._transport)
        if surplus:
            websocket.data_received(surplus)
        self.opened.set_result(websocket)

    def _fail(self, fault: Exception) -> None:
        if not self.opened.done():
            self.opened.set_exception(fault)


async def _undo(opening: "asyncio.Task[WebSocket]") -> None:
    """Stop an opening; if it has succeeded meanwhile, close what it opened."""
    opening.cancel()
    await asyncio.wait({opening})
    if not opening.cancelled() and opening.exception() is None:
        websocket = opening.result()
        websocket.abort()
        await websocket.close()


def _route_of(url: URL, context: tls.SSLContext | None) -> _Route:
    is_encrypted = _IS_ENCRYPTED.get(url.scheme)
    if is_encrypted is None:
        raise NotAllowed(f"the scheme {url.scheme!r} is not ws, wss, http or https", rule="RFC 6455 3")
    if not url.raw_host or url.port is None:
        raise NotAllowed("the URL names no host", rule="RFC 6455 3")
    if not is_encrypted:
        return _Route(url.raw_host, url.port, None)
    return _Route(url.raw_host, url.port, context if context is not None else _verifying_context())


@lru_cache(maxsize=1)
def _verifying_context() -> tls.SSLContext:
    context = tls.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _host_field(url: URL) -> str:
    """Return the value of Host: the zone of an IPv6 address means something here alone (RFC 6874)."""
    host = url.host_port_subcomponent or ""
    return re.sub(r"%[^\]]*]", "]", host) if "%" in host else host


def _request_of(url: URL, headers: Headers | None, handshake: Handshake) -> bytes:
    own = handshake.headers
    given = list(headers.items() if isinstance(headers, Mapping) else headers or ())
    names = {name.lower() for name, _ in given}
    for name in names:
        if name in {"upgrade", "connection", "content-length", "transfer-encoding"} or name.startswith(
            "sec-websocket-"
        ):
            raise NotAllowed(f"the field {name!r} belongs to the handshake", rule="RFC 6455 4.1")
    fields = [] if "host" in names else [("Host", _host_field(url))]
    if url.raw_user is not None and "authorization" not in names:
        credentials = f"{url.user or ''}:{url.password or ''}".encode()
        fields.append(("Authorization", f"Basic {base64.b64encode(credentials).decode()}"))
    try:
        return RequestEncoder("GET", url.raw_path_qs or "/", (*fields, *given, *own)).head
    except InvalidHead as fault:
        raise NotAllowed(f"the request cannot be written: {fault}", rule="RFC 9112 3") from fault
