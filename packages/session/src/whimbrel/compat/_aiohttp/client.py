"""aiohttp.client: the session, and all that its users need beside it."""

from whimbrel import *  # noqa: F403  whatever belongs to a client
from whimbrel import ClientResponse, ClientWebSocketResponse
from whimbrel._request_context import RequestContext

_RequestContextManager = RequestContext[ClientResponse]
_WSRequestContextManager = RequestContext[ClientWebSocketResponse]
