"""Test what uses whimbrel, without a socket: answers from a function, a table, or an ASGI application.

A `MemoryConnector` or an `AsgiConnector` takes the place of the session's connector. All above the
wire is real; the wire is a pair of transports in memory, and at its other end the bytes are parsed again.
`whimbrel.testing.fixtures` has a fixture for pytest. Nothing here imports pytest, or is imported
by the client.
"""

from whimbrel.testing._answers import Answer, Handler, HangUp, Reaction, Verbatim
from whimbrel.testing._asgi import AsgiApplication
from whimbrel.testing._asgi_connector import AsgiConnector
from whimbrel.testing._everywhere import in_place_of_network
from whimbrel.testing._lifespan import LifespanFailed
from whimbrel.testing._memory_connector import MemoryConnector
from whimbrel.testing._received import ReceivedRequest
from whimbrel.testing._site import Expected, Place, Site, UnexpectedRequest

__all__ = [
    "Answer",
    "AsgiApplication",
    "AsgiConnector",
    "Expected",
    "Handler",
    "HangUp",
    "LifespanFailed",
    "MemoryConnector",
    "Place",
    "Reaction",
    "ReceivedRequest",
    "Site",
    "UnexpectedRequest",
    "Verbatim",
    "in_place_of_network",
]
