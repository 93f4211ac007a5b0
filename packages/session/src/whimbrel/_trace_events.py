"""The events in the life of a request: what is told of each, and the signals by which it is told.

`tracing` shows them to users; here they stand without the session whose requests they are about.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from multidict import CIMultiDict
from yarl import URL

from whimbrel._signal import Signal

if TYPE_CHECKING:
    from whimbrel.response import ClientResponse

__all__ = [
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
    "TraceSignals",
]

_Session = TypeVar("_Session")


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


class TraceSignals(Generic[_Session]):
    """Who is told of what, by sessions of one class.

    `whimbrel.tracing.TraceConfig` says what each signal tells.

    Args:
        trace_config_ctx_factory: Makes the context of each request.
    """

    def __init__(self, trace_config_ctx_factory: Callable[..., SimpleNamespace] = SimpleNamespace) -> None:
        self._context_factory = trace_config_ctx_factory
        self.on_request_start: Final[Signal[_Session, TraceRequestStartParams]] = Signal()
        self.on_request_chunk_sent: Final[Signal[_Session, TraceRequestChunkSentParams]] = Signal()
        self.on_response_chunk_received: Final[Signal[_Session, TraceResponseChunkReceivedParams]] = Signal()
        self.on_request_end: Final[Signal[_Session, TraceRequestEndParams]] = Signal()
        self.on_request_exception: Final[Signal[_Session, TraceRequestExceptionParams]] = Signal()
        self.on_request_redirect: Final[Signal[_Session, TraceRequestRedirectParams]] = Signal()
        self.on_connection_queued_start: Final[Signal[_Session, TraceConnectionQueuedStartParams]] = Signal()
        self.on_connection_queued_end: Final[Signal[_Session, TraceConnectionQueuedEndParams]] = Signal()
        self.on_connection_create_start: Final[Signal[_Session, TraceConnectionCreateStartParams]] = Signal()
        self.on_connection_create_end: Final[Signal[_Session, TraceConnectionCreateEndParams]] = Signal()
        self.on_connection_reuseconn: Final[Signal[_Session, TraceConnectionReuseconnParams]] = Signal()
        self.on_dns_resolvehost_start: Final[Signal[_Session, TraceDnsResolveHostStartParams]] = Signal()
        self.on_dns_resolvehost_end: Final[Signal[_Session, TraceDnsResolveHostEndParams]] = Signal()
        self.on_dns_cache_hit: Final[Signal[_Session, TraceDnsCacheHitParams]] = Signal()
        self.on_dns_cache_miss: Final[Signal[_Session, TraceDnsCacheMissParams]] = Signal()
        self.on_request_headers_sent: Final[Signal[_Session, TraceRequestHeadersSentParams]] = Signal()

    def trace_config_ctx(self, trace_request_ctx: object = None) -> SimpleNamespace:
        """Return a new context for one request."""
        return self._context_factory(trace_request_ctx=trace_request_ctx)

    def freeze(self) -> None:
        """Let nothing be changed any more; a session does so with every configuration that it is given."""
        for signal in vars(self).values():
            if isinstance(signal, Signal):
                signal.freeze()
