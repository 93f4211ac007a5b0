"""What a transport is opened for: a protocol that can be told to give it up."""

import asyncio
from typing import cast

__all__ = ["Dialled", "Receiver", "as_transport"]


class Dialled(asyncio.Protocol):
    """A protocol that a connection is dialled for."""

    __slots__ = ()

    def abort(self) -> None:
        """Close the transport at once, if there is one yet."""
        raise NotImplementedError


class Receiver(Dialled, asyncio.BufferedProtocol):
    """One that asyncio's transports write into, where others, such as uvloop's, bring bytes."""

    __slots__ = ()


def as_transport(transport: asyncio.BaseTransport) -> asyncio.Transport:
    """Return what a protocol was given as what it is."""
    # uvloop's transports have all of `asyncio.Transport`, but are not derived from it.
    return cast("asyncio.Transport", transport)
