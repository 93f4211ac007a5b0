"""Where a parser stands, as data."""

from __future__ import annotations

from enum import Enum

__all__ = ["Awaiting"]


class Awaiting(Enum):
    """What a parser must see next."""

    START_LINE = "the first byte of a message"
    HEAD = "the rest of a head"
    BODY = "the rest of a body whose length is known"
    CHUNKS = "the rest of a chunked body, or its trailers"
    CLOSE = "the end of the connection, which ends the body"
    DECISION = "whether the upgrade that was asked for is accepted"
    NOTHING = "nothing: the connection ended, changed its protocol, must close, or failed"
