"""Tracing: what a session tells about its requests, and to whom.

Append coroutine functions to the signals of a `TraceConfig` and give it to `ClientSession(trace_configs=)`.
Each is called with the session, a context that one request has to itself, and the parameters of the event;
the request waits for it. Whatever one raises ends the request, and reaches the caller.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final

from multidict import CIMultiDict
from yarl import URL

from whimbrel._signal import Signal

if TYPE_CHECKING:
    from whimbrel.response import ClientResponse

__all__ = [
    "TraceConfig",
    "TraceConnectionCreateEndParams",
    "TraceConnectionCreateStartParams",
    "TraceConnectionQueuedEndParams",
    "TraceConnectionQueuedStartParams",
    "TraceConnectionReuseconnParams",
    "TraceDnsCacheHitParams",
    "TraceDnsCacheMissParams",
    "TraceDnsResolveHostEndParams",
    "TraceDnsResolveHostStartParams",
    "TraceRequestChunkSentParams",
    "TraceRequestEndParams",
    "TraceRequestExceptionParams",
    "TraceRequestHeadersSentParams",
    "TraceRequestRedirectParams",
    "TraceRequestStartParams",
    "TraceResponseChunkReceivedParams",
]


@dataclass(frozen=True, slots=True)
class TraceRequestStartParams:
    """A request begins.

    Attributes:
        method: The method.
        url: The URL.
        headers: What the session and the caller say. What is written here is sent, to the first URL and, as
            far as it may travel, to those it redirects to.
    """

    method: str
    url: URL
    headers: CIMultiDict[str]


@dataclass(frozen=True, slots=True)
class TraceRequestChunkSentParams:
    """A piece of a request's body goes out.

    Attributes:
        method: The method.
        url: The URL, without its fragment.
        chunk: The bytes.
    """

    method: str
    url: URL
    chunk: bytes


@dataclass(frozen=True, slots=True)
class TraceResponseChunkReceivedParams:
    """`ClientResponse.read` has the body of a response.

    Attributes:
        method: The method.
        url: The URL, without its fragment.
        chunk: The whole body.
    """

    method: str
    url: URL
    chunk: bytes


@dataclass(frozen=True, slots=True)
class TraceRequestEndParams:
    """A request has its final response.

    Attributes:
        method: The method.
        url: The URL.
        headers: What the session and the caller say; automatic headers are not among them.
        response: The response.
    """

    method: str
    url: URL
    headers: CIMultiDict[str]
    response: "ClientResponse"


@dataclass(frozen=True, slots=True)
class TraceRequestExceptionParams:
    """A request has failed, or was cancelled.

    Attributes:
        method: The method.
        url: The URL.
        headers: What the session and the caller say; automatic headers are not among them.
        exception: What the caller gets.
    """

    method: str
    url: URL
    headers: CIMultiDict[str]
    exception: BaseException


@dataclass(frozen=True, slots=True)
class TraceRequestRedirectParams:
    """A response redirects, and will be followed.

    Attributes:
        method: The method.
        url: The URL.
        headers: What the session and the caller say; automatic headers are not among them.
        response: The response.
    """

    method: str
    url: URL
    headers: CIMultiDict[str]
    response: "ClientResponse"


@dataclass(frozen=True, slots=True)
class TraceConnectionQueuedStartParams:
    """A request begins to wait for a place in the pool."""


@dataclass(frozen=True, slots=True)
class TraceConnectionQueuedEndParams:
    """A request has waited for its place in the pool."""


@dataclass(frozen=True, slots=True)
class TraceConnectionCreateStartParams:
    """A connection is about to be opened."""


@dataclass(frozen=True, slots=True)
class TraceConnectionCreateEndParams:
    """A connection was opened."""


@dataclass(frozen=True, slots=True)
class TraceConnectionReuseconnParams:
    """A connection that was idle is used again."""


@dataclass(frozen=True, slots=True)
class TraceDnsResolveHostStartParams:
    """The resolver is about to be asked.

    Attributes:
        host: The host.
    """

    host: str


@dataclass(frozen=True, slots=True)
class TraceDnsResolveHostEndParams:
    """The resolver has answered.

    Attributes:
        host: The host.
    """

    host: str


@dataclass(frozen=True, slots=True)
class TraceDnsCacheHitParams:
    """The address was known, or somebody else has asked already.

    Attributes:
        host: The host.
    """

    host: str


@dataclass(frozen=True, slots=True)
class TraceDnsCacheMissParams:
    """The address is not known yet.

    Attributes:
        host: The host.
    """

    host: str


@dataclass(frozen=True, slots=True)
class TraceRequestHeadersSentParams:
    """The head of a request goes out.

    Attributes:
        method: The method.
        url: The URL, without its fragment.
        headers: All headers, the automatic ones too; to change them now changes nothing.
    """

    method: str
    url: URL
    headers: CIMultiDict[str]


class TraceConfig:
    """Who is told of what; made once, and given to as many sessions as wanted.

    Attributes:
        on_request_start: A request begins.
        on_request_chunk_sent: A piece of a request's body goes out.
        on_response_chunk_received: `ClientResponse.read` has the body of a response.
        on_request_end: A request has its final response.
        on_request_exception: A request has failed, or was cancelled.
        on_request_redirect: A response redirects, and will be followed.
        on_connection_queued_start: A request begins to wait for a place in the pool.
        on_connection_queued_end: A request has waited for its place in the pool.
        on_connection_create_start: A connection is about to be opened.
        on_connection_create_end: A connection was opened.
        on_connection_reuseconn: A connection that was idle is used again.
        on_dns_resolvehost_start: The resolver is about to be asked.
        on_dns_resolvehost_end: The resolver has answered.
        on_dns_cache_hit: The address was known, or somebody else has asked already.
        on_dns_cache_miss: The address is not known yet.
        on_request_headers_sent: The head of a request goes out.

    Args:
        trace_config_ctx_factory: Makes the context of each request; it is called with the keyword
            `trace_request_ctx`, whatever the request was given under that name.
    """

    def __init__(self, trace_config_ctx_factory: Callable[..., SimpleNamespace] = SimpleNamespace) -> None:
        self._context_factory = trace_config_ctx_factory
        self.on_request_start: Final[Signal[TraceRequestStartParams]] = Signal()
        self.on_request_chunk_sent: Final[Signal[TraceRequestChunkSentParams]] = Signal()
        self.on_response_chunk_received: Final[Signal[TraceResponseChunkReceivedParams]] = Signal()
        self.on_request_end: Final[Signal[TraceRequestEndParams]] = Signal()
        self.on_request_exception: Final[Signal[TraceRequestExceptionParams]] = Signal()
        self.on_request_redirect: Final[Signal[TraceRequestRedirectParams]] = Signal()
        self.on_connection_queued_start: Final[Signal[TraceConnectionQueuedStartParams]] = Signal()
        self.on_connection_queued_end: Final[Signal[TraceConnectionQueuedEndParams]] = Signal()
        self.on_connection_create_start: Final[Signal[TraceConnectionCreateStartParams]] = Signal()
        self.on_connection_create_end: Final[Signal[TraceConnectionCreateEndParams]] = Signal()
        self.on_connection_reuseconn: Final[Signal[TraceConnectionReuseconnParams]] = Signal()
        self.on_dns_resolvehost_start: Final[Signal[TraceDnsResolveHostStartParams]] = Signal()
        self.on_dns_resolvehost_end: Final[Signal[TraceDnsResolveHostEndParams]] = Signal()
        self.on_dns_cache_hit: Final[Signal[TraceDnsCacheHitParams]] = Signal()
        self.on_dns_cache_miss: Final[Signal[TraceDnsCacheMissParams]] = Signal()
        self.on_request_headers_sent: Final[Signal[TraceRequestHeadersSentParams]] = Signal()

    def trace_config_ctx(self, trace_request_ctx: object = None) -> SimpleNamespace:
        """Return a new context for one request."""
        return self._context_factory(trace_request_ctx=trace_request_ctx)

    def freeze(self) -> None:
        """Let nothing be changed any more; a session does so with every configuration that it is given."""
        for signal in vars(self).values():
            if isinstance(signal, Signal):
                signal.freeze()
