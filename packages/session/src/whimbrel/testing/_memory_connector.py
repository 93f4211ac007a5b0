"""`MemoryConnector`: every request is answered by a function."""

from whimbrel.testing._answers import FunctionServer, Handler
from whimbrel.testing._pool import InMemoryConnector

__all__ = ["MemoryConnector"]


class MemoryConnector(InMemoryConnector):
    """Connections in memory, whatever the URL names; each request is answered by a function.

    All above the wire is as it ever is: the pool, both ends' HTTP/1.1, `100 Continue`, time limits.
    TLS is left out: https is plain bytes in memory, and what TLS must satisfy is not asked.

    What the function raises, the client's request raises. Where no client is left to be told, closing
    the connector, or the session that has it, raises it.

    Args:
        handler: Returns an `Answer`, a `HangUp` or `Verbatim` bytes. An `async def` is called with the
            head and may `await request.read()`; a `def` is called when the body has come whole.
        kept_bytes: Bytes of each request's body that are remembered.
        keepalive_timeout: As for `BaseConnector`.
        force_close: As for `BaseConnector`.
        limit: As for `BaseConnector`.
        limit_per_host: As for `BaseConnector`.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        kept_bytes: int = 1 << 20,
        keepalive_timeout: float | None = None,
        force_close: bool = False,
        limit: int | None = 100,
        limit_per_host: int = 0,
    ) -> None:
        super().__init__(
            FunctionServer(handler),
            kept_bytes=kept_bytes,
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
        )
