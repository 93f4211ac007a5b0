"""whimbrel."""

import whimbrel
from tools.bench.clients.like_aiohttp import SessionClient

__all__ = ["open_client"]


def open_client(base: str, authority: str) -> SessionClient:
    """Return a client of `base`."""
    return SessionClient(whimbrel, base, authority)
