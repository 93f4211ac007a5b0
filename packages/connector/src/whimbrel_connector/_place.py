"""Where a request stands while it waits for a connection."""

import asyncio

from whimbrel_connector._connection import Http1Connection
from whimbrel_connector._waiter import Waiter

__all__ = ["Place"]


class Place(Waiter[None]):
    """A place in the pool's row; who has it awaits it, once, and hands it on if that raises.

    Who is given a connection by an answer that came as a whole goes on inside the callback that brought it,
    after the reader of that answer: the next request is on the wire before the loop turns.

    Args:
        loop: The loop of whoever waits.

    Attributes:
        is_given: Whether something has come.
        connection: What has come: a connection, or None for the right to open one.
    """

    __slots__ = ("connection", "is_given")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.is_given = False
        self.connection: Http1Connection | None = None

    def give(self, connection: Http1Connection | None) -> None:
        """Take what has come; it is the last thing done with it, for anything may follow."""
        self.is_given, self.connection = True, connection
        # If it was cancelled its task, which has not run since, hands this on when it does.
        if not self.done():
            self.set_result(None)
            if connection is None:
                self.wake_later()
            else:
                connection.wake_next(self)
