"""aiohttp.tracing: who is told of the life of requests."""

from whimbrel.tracing import *  # noqa: F403  all of it
