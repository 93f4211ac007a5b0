"""Tracing: what a session tells about its requests, and to whom.

Append coroutine functions to the signals of a `TraceConfig` and give it to `ClientSession(trace_configs=)`.
Each is called with the session, a context that one request has to itself, and the parameters of the event;
the request waits for it. Whatever one raises ends the request, and reaches the caller.
"""

from whimbrel import _trace_events
from whimbrel._trace_events import *  # noqa: F403  all of it
from whimbrel._trace_events import TraceSignals
from whimbrel.client import ClientSession

__all__ = ["TraceConfig"]
__all__ += _trace_events.__all__


class TraceConfig(TraceSignals[ClientSession]):
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
