"""`Connection`: what a response shows of the connection that it comes over."""

import asyncio

from whimbrel_connector import Exchange

__all__ = ["Connection"]


class Connection:
    """A response's hold on its connection; `ClientResponse.connection` makes it.

    It is for looking: at the peer's address or certificate by `transport.get_extra_info`. What is
    written to the transport breaks the exchange.
    """

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport, or None once the connection is no longer the response's."""
        return None if self._exchange.is_over else self._exchange.transport

    @property
    def protocol(self) -> asyncio.Protocol | None:
        """What receives from the transport, or None once the connection is no longer the response's."""
        return self._exchange.protocol

    @property
    def closed(self) -> bool:
        """Whether the connection is no longer the response's."""
        return self._exchange.is_over

    def close(self) -> None:
        """Close the connection."""
        self._exchange.close()

    def release(self) -> None:
        """Give the connection back if the body has come whole or nearly, else close it."""
        self._exchange.release()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self.closed else 'open'}>"
