"""The connector for UNIX sockets."""

import asyncio
import os

from whimbrel_connector._connection import Http1Connection
from whimbrel_connector._dial import dial_unix
from whimbrel_connector.connector import KEEPALIVE_SECONDS, BaseConnector
from whimbrel_connector.errors import UnsupportedProxy
from whimbrel_connector.route import Route
from whimbrel_connector.transports import LOOP_TRANSPORTS, Transports

__all__ = ["UnixConnector"]


class UnixConnector(BaseConnector):
    """Connections to one UNIX socket, whatever host the URL names.

    A proxy that the environment names is none of its business: a session does not ask for one.

    Args:
        path: Path of the socket, `str`, `bytes` or `os.PathLike`; one that begins with NUL is abstract
            (Linux).
        force_close: As for `BaseConnector`.
        keepalive_timeout: As for `BaseConnector`.
        limit: As for `BaseConnector`.
        limit_per_host: As for `BaseConnector`.
        max_connection_seconds: As for `BaseConnector`.
        max_connection_requests: As for `BaseConnector`.
        loop: Accepted for compatibility and not used: the loop of the first use is taken.
        transports: As for `TCPConnector`.

    Raises:
        ValueError: The path is empty, or holds a NUL elsewhere than in front.
    """

    reaches_proxies = False
    allowed_protocol_schema_set = BaseConnector.allowed_protocol_schema_set | {"unix"}

    def __init__(
        self,
        path: str | bytes | os.PathLike[str] | os.PathLike[bytes],
        force_close: bool = False,
        keepalive_timeout: float | None = KEEPALIVE_SECONDS,
        limit: int | None = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        max_connection_seconds: float | None = None,
        max_connection_requests: int | None = None,
        transports: Transports = LOOP_TRANSPORTS,
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
        self._path = os.fspath(path)
        self._transports = transports
        encoded = os.fsencode(self._path)
        is_abstract = encoded[:1] == b"\0"
        if not encoded or (b"\0" in encoded and not is_abstract):  # the system would read up to the NUL
            msg = f"not the path of a socket: {self._path!r}"
            raise ValueError(msg)

    @property
    def path(self) -> str | bytes:
        """Path of the socket, as it was given."""
        return self._path

    async def dial(self, route: Route) -> Http1Connection:
        """Connect to the socket; see `BaseConnector.dial`.

        Raises:
            UnsupportedProxy: The route has a proxy.
        """
        if route.proxy is not None:
            raise UnsupportedProxy(route.proxy.url.scheme, "a UNIX socket is reached without a proxy")
        loop = asyncio.get_running_loop()
        return await dial_unix(route, lambda: Http1Connection(loop), self._path, self._transports)
