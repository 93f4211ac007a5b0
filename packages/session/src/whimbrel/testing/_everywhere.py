"""`in_place_of_network`: sessions that nobody can hand a connector are answered all the same."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import patch

from yarl import URL

from whimbrel.testing._pool import InMemoryConnector
from whimbrel_connector import BaseConnector, Exchange, ExchangeOptions, Proxy, Request, Timeouts, TlsPolicy

__all__ = ["in_place_of_network"]


@asynccontextmanager
async def in_place_of_network(connector: InMemoryConnector) -> AsyncIterator[InMemoryConnector]:
    """Let `connector` answer for every connector of this process, until the block ends and closes it.

    This is for code that makes its own session. What a session is made of stays as it is; only the
    connections are this connector's, with its pool and its limits. Connectors that are not derived from
    `BaseConnector` go on by themselves.

    Args:
        connector: A `MemoryConnector` or an `AsgiConnector`.
    """
    ordinary = BaseConnector.connect

    async def connect(
        asked: BaseConnector,
        url: URL | str,
        *,
        tls: TlsPolicy | None = None,
        proxy: Proxy | None = None,
        timeouts: Timeouts = Timeouts(),  # noqa: B008  an immutable value
        options: ExchangeOptions = ExchangeOptions(),  # noqa: B008  an immutable value
        request: Request | None = None,
    ) -> Exchange:
        if isinstance(asked, InMemoryConnector):
            return await ordinary(asked, url, tls=tls, proxy=proxy, timeouts=timeouts, options=options)
        return await connector.connect(
            url, tls=tls, proxy=proxy, timeouts=timeouts, options=options, request=request
        )

    async with connector:
        with patch.object(BaseConnector, "connect", connect):
            yield connector
