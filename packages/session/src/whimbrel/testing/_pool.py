"""The connector whose connections are all in memory, and the end of what answers behind them."""

import asyncio
from collections.abc import Generator, Sequence

from yarl import URL

from whimbrel.testing._conversation import Conversation, House, Server
from whimbrel.testing._far_side import FarSide
from whimbrel.testing._received import ReceivedRequest
from whimbrel.testing._transport import join
from whimbrel_connector import (
    BaseConnector,
    Closing,
    Exchange,
    ExchangeOptions,
    Http1Connection,
    Proxy,
    Request,
    Route,
    Timeouts,
    TlsPolicy,
    UnsupportedProxy,
)

__all__ = ["InMemoryConnector"]

_TURNS = 20
_LAST_SECONDS = 5.0
_CONVERSATION = "whimbrel.testing"
_NO_LIMITS = Timeouts()
_DEFAULT_OPTIONS = ExchangeOptions()


class InMemoryConnector(BaseConnector):
    """Connections in memory, whatever the URL names.

    All above the wire is as it ever is: the pool, both ends' HTTP/1.1, upgrades, `100 Continue`, time
    limits. TLS is left out: https is plain bytes in memory, and what TLS must satisfy is not asked.

    Args:
        server: Who answers.
        kept_bytes: Bytes of each request's body that are remembered.
        keepalive_timeout: As for `BaseConnector`.
        force_close: As for `BaseConnector`.
        limit: As for `BaseConnector`.
        limit_per_host: As for `BaseConnector`.
    """

    # Those of every connector that it may stand in for.
    allowed_protocol_schema_set = BaseConnector.allowed_protocol_schema_set | {"npipe", "tcp", "unix"}

    def __init__(
        self,
        server: Server,
        *,
        kept_bytes: int,
        keepalive_timeout: float | None,
        force_close: bool,
        limit: int | None,
        limit_per_host: int,
    ) -> None:
        super().__init__(
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
        )
        self._house = House(server, kept_bytes=kept_bytes)
        self._ending: asyncio.Task[None] | None = None

    @property
    def requests(self) -> Sequence[ReceivedRequest]:
        """All requests, in order of arrival."""
        return self._house.requests

    async def connect(
        self,
        url: URL | str,
        *,
        tls: TlsPolicy | None = None,
        proxy: Proxy | None = None,
        timeouts: Timeouts = _NO_LIMITS,
        options: ExchangeOptions = _DEFAULT_OPTIONS,
        request: Request | None = None,  # noqa: ARG002  the conversation is to know the exchange first
    ) -> Exchange:
        """Lease a connection; see `BaseConnector.connect`."""
        exchange = await super().connect(url, tls=tls, proxy=proxy, timeouts=timeouts, options=options)
        conversation: Conversation = exchange.get_extra_info(_CONVERSATION)
        conversation.exchange = exchange
        return exchange

    async def dial(self, route: Route) -> Http1Connection:
        """Open a connection in memory.

        Raises:
            UnsupportedProxy: The route needs a tunnel through a proxy.
        """
        if route.proxy is not None and not route.forwarded:
            raise UnsupportedProxy(route.proxy.url.scheme, "there are no tunnels in memory")
        loop = asyncio.get_running_loop()
        conversation = Conversation(self._house, "http" if route.tls is None else "https")
        near, far = Http1Connection(loop), FarSide(loop, conversation.begin)
        join(loop, near, far, server=(route.host, route.port), extra={_CONVERSATION: conversation})
        return near

    def close(self, *, abort_ssl: bool = False) -> Closing:
        """Close every connection and end what answers; await the result to see the end.

        Who answers a client that has left is cancelled; who goes on behind a complete response may take
        a few seconds. What was raised when no client was left to be told is raised by the `await`.
        """
        closing = super().close(abort_ssl=abort_ssl)
        if self._loop is None or self._loop.is_closed():
            return closing
        if self._ending is None:
            self._ending = self._loop.create_task(self._end(closing))
        return _Ending(self._ending)

    async def _end(self, closing: Closing) -> None:
        await closing
        await self._end_visits()
        await self._after_the_last()
        if self._house.faults:
            raise self._house.faults[0]

    async def _end_visits(self) -> None:
        house = self._house
        for _ in range(_TURNS):  # whoever has just seen the client leave may end by itself
            if house.visits:
                await asyncio.sleep(0)
        visits = dict(house.visits)
        if not visits:
            return
        for task, visit in visits.items():
            if not visit.reply.is_complete:
                task.cancel()
        _, late = await asyncio.wait(visits, timeout=_LAST_SECONDS)
        for task in late:
            task.cancel()
            what = f"answering {visits[task].request!r} went on for {_LAST_SECONDS:g} s after the end"
            house.faults.append(TimeoutError(what))

    async def _after_the_last(self) -> None:
        """End what lasts longer than every request."""


class _Ending(Closing):
    """The end of a connector in memory, which may raise."""

    __slots__ = ("_task",)

    def __init__(self, task: "asyncio.Task[None]") -> None:
        super().__init__()
        self._task = task

    def __await__(self) -> Generator[object, None, None]:
        return asyncio.shield(self._task).__await__()
