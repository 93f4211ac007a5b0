"""The WebSocket client: RFC 6455 and RFC 7692 as a sans-I/O core, and asyncio over any transport."""

from whimbrel_websocket._version import __version__
from whimbrel_websocket.connect import Connecting, connect
from whimbrel_websocket.deflate import DeflateOffer, DeflateParameters
from whimbrel_websocket.errors import (
    ConnectionClosed,
    HandshakeError,
    HandshakeTimeout,
    HeartbeatTimeout,
    LocalFault,
    MessageTypeError,
    NotAllowed,
    RemoteFault,
    WebSocketError,
    WebSocketFault,
)
from whimbrel_websocket.handshake import Agreement, Handshake
from whimbrel_websocket.messages import WSCloseCode, WSMessage, WSMsgType
from whimbrel_websocket.protocol import ClientProtocol
from whimbrel_websocket.timeouts import ClientWSTimeout
from whimbrel_websocket.websocket import WebSocket

__all__ = [
    "Agreement",
    "ClientProtocol",
    "ClientWSTimeout",
    "Connecting",
    "ConnectionClosed",
    "DeflateOffer",
    "DeflateParameters",
    "Handshake",
    "HandshakeError",
    "HandshakeTimeout",
    "HeartbeatTimeout",
    "LocalFault",
    "MessageTypeError",
    "NotAllowed",
    "RemoteFault",
    "WSCloseCode",
    "WSMessage",
    "WSMsgType",
    "WebSocket",
    "WebSocketError",
    "WebSocketFault",
    "__version__",
    "connect",
]
