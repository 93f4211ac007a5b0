"""Test what speaks WebSocket: a conformance kit, a server's half, a transport in memory.

`check_websocket` tells what an implementation of the client gets wrong. `ServerSide` is the other
end of the wire, which can also break every rule; `MemoryTransport` carries bytes without a socket;
`serve_echo` is a real server on the loopback interface.
"""

from whimbrel_websocket.testing._echo import EchoServer, serve_echo
from whimbrel_websocket.testing._kit import Finding, Shell, check_websocket
from whimbrel_websocket.testing._memory import MemoryTransport
from whimbrel_websocket.testing._server_side import ClientFrame, ServerSide, answer_handshake

__all__ = [
    "ClientFrame",
    "EchoServer",
    "Finding",
    "MemoryTransport",
    "ServerSide",
    "Shell",
    "answer_handshake",
    "check_websocket",
    "serve_echo",
]
