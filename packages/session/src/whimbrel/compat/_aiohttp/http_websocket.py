"""aiohttp.http_websocket: messages of WebSockets."""

from whimbrel_websocket import WebSocketError, WSCloseCode, WSMessage, WSMsgType

__all__ = [
    "WS_CLOSED_MESSAGE",
    "WS_CLOSING_MESSAGE",
    "WS_KEY",
    "WSCloseCode",
    "WSMessage",
    "WSMessageDecodeText",
    "WSMessageNoDecodeText",
    "WSMessageTextBytes",
    "WSMsgType",
    "WebSocketError",
]

WS_CLOSED_MESSAGE = WSMessage(WSMsgType.CLOSED, None, None)
WS_CLOSING_MESSAGE = WSMessage(WSMsgType.CLOSING, None, None)
WS_KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
# For annotations: whatever a message holds, it is of one class.
WSMessageDecodeText = WSMessageNoDecodeText = WSMessageTextBytes = WSMessage
