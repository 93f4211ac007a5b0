"""The connector for UNIX sockets."""

import asyncio

from whimbrel_connector._connection import Http1Connection
from whimbrel_connector._dial import dial_unix
from whimbrel_connector.connector import KEEPALIVE_SECONDS, BaseConnector
from whimbrel_connector.errors import UnsupportedProxy
from whimbrel_connector.route import Route

__all__ = ["UnixConnector"]


class UnixConnector(BaseConnector):
    """Connections to one UNIX socket, whatever host the URL names.

    Args:
        path: Path of the socket; one that begins with NUL is abstract (Linux).
        force_close: As for `BaseConnector`.
        keepalive_timeout: As for `BaseConnector`.
        limit: As for `BaseConnector`.
        limit_per_host: As for `BaseConnector`.
        max_connection_seconds: As for `BaseConnector`.
        max_connection_requests: As for `BaseConnector`.
        loop: Accepted for compatibility and not used: the loop of the first use is taken.
    """

    def __init__(
        self,
        path: str,
        force_close: bool = False,
        keepalive_timeout: float | None = KEEPALIVE_SECONDS,
        limit: int | None = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        max_connection_seconds: float | None = None,
        max_connection_requests: int | None = None,
    ) -> None:
        super().__init__(
            force_close=force_close,
            keepalive_timeout=keepalive_timeout,
            limit=limit,
            limit_per_host=limit_per_host,
            max_connection_seconds=max_connection_seconds,
            max_connection_requests=max_connection_requests,
            loop=loop,
        )
        self._path = path

    @property
    def path(self) -> str:
        """Path of the socket."""
        return self._path

    async def dial(self, route: Route) -> Http1Connection:
        """Connect to the socket; see `BaseConnector.dial`.

        Raises:
            UnsupportedProxy: The route has a proxy.
        """
        if route.proxy is not None:
            raise UnsupportedProxy(route.proxy.url.scheme, "a UNIX socket is reached without a proxy")
        loop = asyncio.get_running_loop()
        return await dial_unix(route, lambda: Http1Connection(loop), self._path)
