"""One request as its tracers see it: from what happens to the signals of each `TraceConfig`.

A callback that raises or is cancelled leaves nothing open: whatever the request holds is closed first.
"""

from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Generic, TypeVar

from multidict import CIMultiDict

from whimbrel._outgoing import Outgoing
from whimbrel._signal import Signal
from whimbrel._trace_events import (
    TraceConnectionCreateEndParams,
    TraceConnectionCreateStartParams,
    TraceConnectionQueuedEndParams,
    TraceConnectionQueuedStartParams,
    TraceConnectionReuseconnParams,
    TraceDnsCacheHitParams,
    TraceDnsCacheMissParams,
    TraceDnsResolveHostEndParams,
    TraceDnsResolveHostStartParams,
    TraceRequestChunkSentParams,
    TraceRequestEndParams,
    TraceRequestExceptionParams,
    TraceRequestHeadersSentParams,
    TraceRequestRedirectParams,
    TraceRequestStartParams,
    TraceResponseChunkReceivedParams,
    TraceSignals,
)
from whimbrel_connector import Body, BodyWriter, Exchange

if TYPE_CHECKING:
    from whimbrel.response import ClientResponse

__all__ = ["Traces"]

_Session = TypeVar("_Session")
_Params = TypeVar("_Params")


class Traces(Generic[_Session]):
    """The tracers of one request: its `RequestWatcher`, and a connector's `ConnectObserver` too.

    Args:
        session: The session of the request.
        configs: Who listens.
        request_context: The request's `trace_request_ctx`.
    """

    def __init__(
        self, session: _Session, configs: Sequence[TraceSignals[_Session]], request_context: object
    ) -> None:
        self._session = session
        self._configs = configs
        self._request_context = request_context
        # Only those who were told of the beginning; they are told of the end too.
        self._listening: list[tuple[TraceSignals[_Session], SimpleNamespace]] = []
        self._request: Outgoing | None = None

    async def watch(
        self, request: Outgoing, perform: Callable[[], Awaitable["ClientResponse"]]
    ) -> "ClientResponse":
        """Make the request by `perform`, and tell how it begins and ends."""
        self.now_at(request)
        try:
            await self._started(request)
            response = await perform()
            await self._ended(self._request or request, response)
        except BaseException as fault:
            await self._failed(self._request or request, fault)
            raise
        return response

    def now_at(self, request: Outgoing) -> None:
        """Learn what is asked now: the request itself, or the one that follows a redirect."""
        self._request = request

    async def redirected(self, request: Outgoing, response: "ClientResponse") -> None:
        """Tell that `response` will be followed."""
        params = TraceRequestRedirectParams(request.method, request.url, request.headers, response)
        try:
            await self._send(lambda config: config.on_request_redirect, params)
        except BaseException:
            response.close()
            raise

    async def sending(
        self, exchange: Exchange, request: Outgoing, headers: CIMultiDict[str], body: bytes | Body
    ) -> None:
        """Tell what `exchange` is about to send."""
        url = request.url.with_fragment(None)  # which is not sent
        head = TraceRequestHeadersSentParams(request.method, url, CIMultiDict(headers))
        try:
            await self._send(lambda config: config.on_request_headers_sent, head)
            if isinstance(body, bytes) and body:
                await self._chunk_sent(request, body)
        except BaseException:
            exchange.close()
            raise

    def seen(self, request: Outgoing, body: bytes | Body) -> bytes | Body:
        """Return `body` so that its pieces are told of when they are written."""
        if isinstance(body, bytes) or not any(config.on_request_chunk_sent for config, _ in self._listening):
            return body
        return _WatchedBody(body, lambda chunk: self._chunk_sent(request, chunk))

    async def received(self, response: "ClientResponse", body: bytes) -> None:
        """Tell that the whole body has been read."""
        params = TraceResponseChunkReceivedParams(response.method, response.url, body)
        await self._send(lambda config: config.on_response_chunk_received, params)

    # What a connector tells.

    async def queue_entered(self) -> None:
        """Tell that the pool has no place."""
        await self._send(lambda config: config.on_connection_queued_start, TraceConnectionQueuedStartParams())

    async def queue_left(self) -> None:
        """Tell that it has one now."""
        await self._send(lambda config: config.on_connection_queued_end, TraceConnectionQueuedEndParams())

    async def opening(self) -> None:
        """Tell that a connection will be opened."""
        await self._send(lambda config: config.on_connection_create_start, TraceConnectionCreateStartParams())

    async def opened(self) -> None:
        """Tell that it was."""
        await self._send(lambda config: config.on_connection_create_end, TraceConnectionCreateEndParams())

    async def reused(self) -> None:
        """Tell that an idle connection serves."""
        await self._send(lambda config: config.on_connection_reuseconn, TraceConnectionReuseconnParams())

    async def resolving(self, host: str) -> None:
        """Tell that the resolver will be asked."""
        await self._send(lambda config: config.on_dns_resolvehost_start, TraceDnsResolveHostStartParams(host))

    async def resolved(self, host: str) -> None:
        """Tell that it has answered."""
        await self._send(lambda config: config.on_dns_resolvehost_end, TraceDnsResolveHostEndParams(host))

    async def address_known(self, host: str) -> None:
        """Tell that nobody need be asked."""
        await self._send(lambda config: config.on_dns_cache_hit, TraceDnsCacheHitParams(host))

    async def address_unknown(self, host: str) -> None:
        """Tell that the cache does not know."""
        await self._send(lambda config: config.on_dns_cache_miss, TraceDnsCacheMissParams(host))

    # Steps.

    async def _started(self, request: Outgoing) -> None:
        params = TraceRequestStartParams(request.method, request.url, request.headers)
        for config in self._configs:
            context = config.trace_config_ctx(trace_request_ctx=self._request_context)
            await config.on_request_start.send(self._session, context, params)
            self._listening.append((config, context))

    async def _ended(self, request: Outgoing, response: "ClientResponse") -> None:
        params = TraceRequestEndParams(request.method, request.url, request.headers, response)
        try:
            await self._send(lambda config: config.on_request_end, params)
        except BaseException:
            response.close()
            raise

    async def _failed(self, request: Outgoing, fault: BaseException) -> None:
        params = TraceRequestExceptionParams(request.method, request.url, request.headers, fault)
        await self._send(lambda config: config.on_request_exception, params)

    async def _chunk_sent(self, request: Outgoing, chunk: bytes) -> None:
        params = TraceRequestChunkSentParams(request.method, request.url.with_fragment(None), chunk)
        await self._send(lambda config: config.on_request_chunk_sent, params)

    async def _send(
        self, signal_of: Callable[[TraceSignals[_Session]], Signal[_Session, _Params]], params: _Params
    ) -> None:
        for config, context in self._listening:
            await signal_of(config).send(self._session, context, params)


class _WatchedBody:
    """A body whose pieces are told of as it writes itself."""

    def __init__(self, body: Body, tell: Callable[[bytes], Awaitable[None]]) -> None:
        self._body = body
        self._tell = tell

    async def write(self, writer: BodyWriter) -> None:
        """Write all of it."""
        await self._body.write(_WatchedWriter(writer, self._tell))


class _WatchedWriter:
    def __init__(self, writer: BodyWriter, tell: Callable[[bytes], Awaitable[None]]) -> None:
        self._writer = writer
        self._tell = tell

    async def write(self, data: bytes, /) -> None:
        """Tell of a piece, and write it."""
        await self._tell(data)
        await self._writer.write(data)
