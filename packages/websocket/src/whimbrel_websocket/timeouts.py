"""The time limits of an open WebSocket, as one value."""

from dataclasses import dataclass

__all__ = ["ClientWSTimeout"]


@dataclass(frozen=True)
class ClientWSTimeout:
    """Seconds to wait for the peer.

    Attributes:
        ws_receive: How long `receive` waits for a message; None or 0 for ever.
        ws_close: How long `close` waits for the closing handshake before the connection is
            aborted; None for ever.
    """

    ws_receive: float | None = None
    ws_close: float | None = 10.0
