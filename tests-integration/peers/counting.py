"""How many connections a server has, counted where they are accepted and where they go."""

import asyncio
from collections.abc import Callable

__all__ = ["ConnectionCount"]


class ConnectionCount:
    """Connections of one server.

    Attributes:
        accepted: All that ever were.
        open: Those that stand now.
        most: The most that stood at once.
    """

    def __init__(self) -> None:
        self.accepted = self.open = self.most = 0
        self._changed: set[asyncio.Event] = set()

    def opened(self) -> None:
        """One was accepted."""
        self.accepted += 1
        self.open += 1
        self.most = max(self.most, self.open)
        self.note()

    def closed(self) -> None:
        """One has gone."""
        self.open -= 1
        self.note()

    def note(self) -> None:
        """Let those who wait look again."""
        for event in self._changed:
            event.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once `condition` holds; it is asked again whenever something was noted."""
        event = asyncio.Event()
        self._changed.add(event)
        try:
            while not condition():
                event.clear()
                await event.wait()
        finally:
            self._changed.remove(event)
