"""aiohttp.client_ws: WebSockets of a client."""

from whimbrel.client_ws import ClientWebSocketResponse
from whimbrel_websocket import ClientWSTimeout

__all__ = ["DEFAULT_WS_CLIENT_TIMEOUT", "ClientWSTimeout", "ClientWebSocketResponse"]

DEFAULT_WS_CLIENT_TIMEOUT = ClientWSTimeout()
