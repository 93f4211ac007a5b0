"""What a transport is opened for: a protocol that can be told to give it up."""

import asyncio
from typing import cast

__all__ = ["Dialled", "as_transport"]


class Dialled(asyncio.Protocol):
    """A protocol that a connection is dialled for."""

    __slots__ = ()

    def abort(self) -> None:
        """Close the transport at once, if there is one yet."""
        raise NotImplementedError


def as_transport(transport: asyncio.BaseTransport) -> asyncio.Transport:
    """Return what a protocol was given as what it is."""
    # uvloop's transports have all of `asyncio.Transport`, but are not derived from it.
    return cast("asyncio.Transport", transport)
