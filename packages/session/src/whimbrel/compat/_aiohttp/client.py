"""aiohttp.client: the session, and all that its users need beside it."""

from yarl import URL  # noqa: F401  aiobotocore takes it from here

from whimbrel import *  # noqa: F403  whatever belongs to a client
from whimbrel import ClientResponse, ClientWebSocketResponse
from whimbrel._request_context import RequestContext
from whimbrel.client import RequestOptions as _RequestOptions  # noqa: F401  aiohttp-client-cache takes it
from whimbrel.client_timeout import DEFAULT_TIMEOUT  # noqa: F401  as aiohttp has it

_RequestContextManager = RequestContext[ClientResponse]
_WSRequestContextManager = RequestContext[ClientWebSocketResponse]
