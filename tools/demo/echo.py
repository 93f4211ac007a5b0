"""The server's side of a WebSocket that says everything twice (RFC 6455), without I/O.

It unmasks and echoes frame by frame, fragments as fragments; it answers a ping and a close.
"""

import base64
import hashlib
from enum import IntEnum
from typing import NamedTuple

__all__ = ["Echo", "accept_key"]

PAYLOAD_LIMIT = 1 << 20
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Opcode(IntEnum):
    """The opcodes that need an answer of their own (RFC 6455 section 5.2)."""

    CLOSE = 8
    PING = 9
    PONG = 10


class Frame(NamedTuple):
    """One frame, unmasked."""

    final: bool
    opcode: int
    payload: bytes


def accept_key(key: bytes) -> str:
    """Return the `Sec-WebSocket-Accept` for a client's `Sec-WebSocket-Key` (RFC 6455 section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key + GUID).digest()).decode("ascii")


class Echo:
    """The conversation after the handshake.

    Attributes:
        closed: Both sides have said goodbye; the connection can be closed.
    """

    def __init__(self) -> None:
        self.closed = False
        self._buffer = b""

    def feed(self, data: bytes) -> bytes:
        """Return what to send in answer to `data`.

        Raises:
            ValueError: The client sent what a client must not send.
        """
        self._buffer += data
        answer = b""
        while not self.closed and (frame := self._take_frame()) is not None:
            answer += self._answer(frame)
        return answer

    def _answer(self, frame: Frame) -> bytes:
        match frame.opcode:
            case Opcode.PING:
                return _encode(frame._replace(opcode=Opcode.PONG))
            case Opcode.PONG:
                return b""
            case Opcode.CLOSE:
                self.closed = True
                return _encode(frame)
            case _:
                return _encode(frame)

    def _take_frame(self) -> Frame | None:
        """Cut one whole frame off the buffer, or return None until more has arrived."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        wide = {126: 2, 127: 8}.get(buffer[1] & 0x7F, 0)
        mask_start = 2 + wide
        size = int.from_bytes(buffer[2:mask_start], "big") if wide else buffer[1] & 0x7F
        end = mask_start + 4 + size
        if not buffer[1] & 0x80 or size > PAYLOAD_LIMIT:
            raise ValueError("a client masks its frames, and this server takes 1 MiB in each")
        if len(buffer) < end:
            return None
        self._buffer = buffer[end:]
        payload = _unmask(buffer[mask_start + 4 : end], buffer[mask_start : mask_start + 4])
        return Frame(bool(buffer[0] & 0x80), buffer[0] & 0x0F, payload)


def _unmask(payload: bytes, mask: bytes) -> bytes:
    return bytes(octet ^ mask[index % 4] for index, octet in enumerate(payload))


def _encode(frame: Frame) -> bytes:
    size = len(frame.payload)
    if size < 126:
        length = bytes([size])
    elif size < 1 << 16:
        length = b"\x7e" + size.to_bytes(2, "big")
    else:
        length = b"\x7f" + size.to_bytes(8, "big")
    return bytes([frame.final << 7 | frame.opcode]) + length + frame.payload
