"""aiohttp.client_exceptions: the errors of a client."""

from whimbrel.client_exceptions import *  # noqa: F403  all of it
