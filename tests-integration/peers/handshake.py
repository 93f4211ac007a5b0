"""The server's half of a WebSocket handshake, by hand (RFC 6455 section 4.2.2)."""

import base64
import hashlib

from peers.scripted import Peer

__all__ = ["accept_websocket", "agreement_with"]

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def agreement_with(key: str) -> str:
    """Return the value of Sec-WebSocket-Accept for a Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()


async def accept_websocket(peer: Peer, key: str, frames: bytes = b"") -> None:
    """Switch protocols, and send `frames` in the same breath."""
    head = (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        f"Sec-WebSocket-Accept: {agreement_with(key)}\r\n\r\n"
    )
    await peer.send(head.encode() + frames)
