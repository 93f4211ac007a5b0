"""`AsgiConnector`: every request is answered by an ASGI 3 application."""

import asyncio
from typing import Literal

from whimbrel.testing._asgi import ApplicationServer, AsgiApplication
from whimbrel.testing._lifespan import Lifespan
from whimbrel.testing._pool import InMemoryConnector
from whimbrel_connector import Http1Connection, Route

__all__ = ["AsgiConnector"]


class AsgiConnector(InMemoryConnector):
    """Connections in memory, whatever the URL names; each request is answered by an ASGI 3 application.

    Bodies stream both ways, a client that leaves is a `http.disconnect`, and a WebSocket is one. What
    the application raises, the client's request raises; where no client is left to be told, closing the
    connector, or the session that has it, raises it.

    Args:
        app: The application.
        lifespan: "auto" starts the application before the first request and stops it in the end, if it
            understands that; "on" insists; "off" leaves it out.
        root_path: Of the scope.
        kept_bytes: As for `MemoryConnector`.
        keepalive_timeout: As for `BaseConnector`.
        force_close: As for `BaseConnector`.
        limit: As for `BaseConnector`.
        limit_per_host: As for `BaseConnector`.
    """

    def __init__(
        self,
        app: AsgiApplication,
        *,
        lifespan: Literal["auto", "on", "off"] = "auto",
        root_path: str = "",
        kept_bytes: int = 1 << 20,
        keepalive_timeout: float | None = None,
        force_close: bool = False,
        limit: int | None = 100,
        limit_per_host: int = 0,
    ) -> None:
        self._lifespan = None if lifespan == "off" else Lifespan(app, insists=lifespan == "on")
        state = {} if self._lifespan is None else self._lifespan.state
        super().__init__(
            ApplicationServer(app, root_path, state),
            kept_bytes=kept_bytes,
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
        )
        self._starting: asyncio.Task[None] | None = None

    async def dial(self, route: Route) -> Http1Connection:
        """Open a connection in memory, once the application has started.

        Raises:
            LifespanFailed: It has not.
        """
        if self._lifespan is not None:
            if self._starting is None:
                self._starting = asyncio.get_running_loop().create_task(self._lifespan.start())
            await asyncio.shield(self._starting)
        return await super().dial(route)

    async def _after_the_last(self) -> None:
        if self._lifespan is not None and self._starting is not None:
            await asyncio.wait({self._starting})
            await self._lifespan.stop()
