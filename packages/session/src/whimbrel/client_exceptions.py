"""The errors that aiohttp documents for clients, with their names, attributes and ancestry: all in one place.

`ClientError` is the root.
"""

from whimbrel import errors
from whimbrel.errors import *  # noqa: F403  all of it
from whimbrel.response import (
    ClientHttpProxyError,
    ClientResponseError,
    ContentTypeError,
    TooManyRedirects,
    WSServerHandshakeError,
)

__all__ = [
    "ClientHttpProxyError",
    "ClientResponseError",
    "ContentTypeError",
    "TooManyRedirects",
    "WSServerHandshakeError",
]
__all__ += errors.__all__
