"""The connector for named pipes of Windows."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from whimbrel_connector._connection import Http1Connection
from whimbrel_connector.connector import KEEPALIVE_SECONDS, BaseConnector
from whimbrel_connector.errors import ConnectFailed, TlsFailed, UnsupportedProxy
from whimbrel_connector.observer import limit_of
from whimbrel_connector.route import Route
from whimbrel_connector.timeout_errors import PhaseTimeout, TcpTimeout

__all__ = ["NamedPipeConnector"]

_P = TypeVar("_P", bound=asyncio.BaseProtocol)
_ConnectPipe = Callable[[Callable[[], _P], str], Awaitable[tuple[asyncio.BaseTransport, _P]]]


class NamedPipeConnector(BaseConnector):
    r"""Connections to one named pipe, whatever host the URL names; in plain text only.

    It needs an event loop with `create_pipe_connection`, which is Windows' ProactorEventLoop alone.

    Args:
        path: Path of the pipe, such as `\\.\pipe\shore`.
        force_close: As for `BaseConnector`.
        keepalive_timeout: As for `BaseConnector`.
        limit: As for `BaseConnector`.
        limit_per_host: As for `BaseConnector`.
        loop: Must have named pipes if given; else not used: the loop of the first use is taken.

    Raises:
        RuntimeError: `loop`, or the loop that runs now, has no named pipes. Where none is known yet, the
            first request raises it.
    """

    reaches_proxies = False
    allowed_protocol_schema_set = BaseConnector.allowed_protocol_schema_set | {"npipe"}

    def __init__(
        self,
        path: str,
        force_close: bool = False,
        keepalive_timeout: float | None = KEEPALIVE_SECONDS,
        limit: int | None = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(
            force_close=force_close,
            keepalive_timeout=keepalive_timeout,
            limit=limit,
            limit_per_host=limit_per_host,
            loop=loop,
        )
        self._path = path
        known = loop or _running_loop()
        if known is not None:
            _pipes_of(known)

    @property
    def path(self) -> str:
        """Path of the pipe."""
        return self._path

    async def dial(self, route: Route) -> Http1Connection:
        """Connect to the pipe; see `BaseConnector.dial`.

        Raises:
            RuntimeError: The event loop has no named pipes.
            TlsFailed: The route wants TLS, which no event loop has over a pipe.
            UnsupportedProxy: The route has a proxy.
        """
        loop = asyncio.get_running_loop()
        connect = _pipes_of(loop)
        if route.proxy is not None:
            raise UnsupportedProxy(route.proxy.url.scheme, "a named pipe is reached without a proxy")
        if route.tls is not None:
            raise TlsFailed(self._path, None, "there is no TLS over a named pipe")
        try:
            with limit_of(TcpTimeout):
                transport, made = await connect(lambda: Http1Connection(loop), self._path)
        except PhaseTimeout:  # an OSError, like all of its kind
            raise
        except OSError as fault:
            raise ConnectFailed(self._path, None, fault.strerror or str(fault), fault.errno) from fault
        try:
            await asyncio.sleep(0)  # the loop tells the protocol of its transport one turn later
        except BaseException:
            transport.close()
            raise
        return made


def _pipes_of(loop: asyncio.AbstractEventLoop) -> "_ConnectPipe[Http1Connection]":
    connect: _ConnectPipe[Http1Connection] | None = getattr(loop, "create_pipe_connection", None)
    if connect is None:
        msg = "Named Pipes only available in proactor loop under windows"
        raise RuntimeError(msg)
    return connect


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
