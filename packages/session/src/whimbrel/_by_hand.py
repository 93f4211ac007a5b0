"""What stands behind a response that somebody made by hand, as libraries for tests do: no connection."""

import asyncio

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from whimbrel.request_info import RequestInfo
from whimbrel_connector import StreamReader
from whimbrel_http1 import ResponseHead

__all__ = ["NO_HEAD", "NO_REQUEST", "NoExchange"]

NO_HEAD = ResponseHead(0)
NO_REQUEST = RequestInfo(URL(), "", CIMultiDictProxy(CIMultiDict()))


class NoExchange:
    """In the place of a `whimbrel_connector.Exchange`: it is over before it began."""

    is_over = True

    def __init__(self) -> None:
        self.content = StreamReader()

    def take_whole(self, most: int | None) -> bytes | None:
        """Return the whole body, if it was put there."""
        return self.content.take_whole(most)

    def release(self) -> None:
        """Do nothing: there is no connection to give back."""

    def close(self) -> None:
        """Do nothing: there is no connection to close."""

    def abandon(self, forgotten: object) -> None:
        """Do nothing: there is no connection to give up."""

    def fail(self, fault: BaseException) -> None:
        """Do nothing: nobody waits."""

    def upgrade(self, protocol: asyncio.Protocol) -> None:
        """Refuse.

        Raises:
            RuntimeError: Always.
        """
        del protocol
        msg = "a response that was made by hand has no connection to hand over"
        raise RuntimeError(msg)
