"""The server's half of RFC 6455, small and independent of the client's code."""

import base64
import hashlib
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["ClientFrame", "ServerSide", "answer_handshake"]

_SUFFIX = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class ClientFrame(NamedTuple):
    """A frame as a client wrote it, unmasked.

    Attributes:
        opcode: RFC 6455 section 11.8.
        payload: Unmasked; compressed if `reserved` says so.
        key: The masking key, or None for a frame without one.
        is_final: Whether the frame ends its message.
        reserved: The three reserved bits as a number: 4 for a compressed message.
    """

    opcode: int
    payload: bytes
    key: bytes | None
    is_final: bool
    reserved: int


class ServerSide:
    """Read a client's frames and write a server's, wrong ones included."""

    def __init__(self) -> None:
        self._received = b""

    def feed(self, data: bytes) -> list[ClientFrame]:
        """Return the frames that `data` completes."""
        self._received += data
        frames: list[ClientFrame] = []
        while (found := _read_frame(self._received)) is not None:
            frame, end = found
            self._received = self._received[end:]
            frames.append(frame)
        return frames

    @staticmethod
    def frame(
        opcode: int,
        payload: bytes = b"",
        *,
        is_final: bool = True,
        reserved: int = 0,
        key: bytes | None = None,
    ) -> bytes:
        """Return one frame; `key` masks it, which a server must not do."""
        size = len(payload)
        first = (is_final << 7) | (reserved << 4) | opcode
        masked = 0 if key is None else 0x80
        if size < 126:
            head = bytes((first, masked | size))
        elif size < 1 << 16:
            head = bytes((first, masked | 126)) + size.to_bytes(2, "big")
        else:
            head = bytes((first, masked | 127)) + size.to_bytes(8, "big")
        return head + payload if key is None else head + key + _xor(payload, key)

    @classmethod
    def close_frame(cls, code: int = 1000, reason: bytes = b"") -> bytes:
        """Return a close frame with any code whatever."""
        return cls.frame(8, code.to_bytes(2, "big") + reason)


def answer_handshake(request: bytes, *fields: tuple[str, str]) -> bytes:
    """Return the 101 response that accepts `request`, with more `fields`."""
    key = b""
    for line in request.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"sec-websocket-key":
            key = value.strip()
    # SHA-1 is what RFC 6455 section 4.2.2 asks for.
    proof = base64.b64encode(hashlib.sha1(key + _SUFFIX, usedforsecurity=False).digest()).decode()
    return _head(
        [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", proof),
            *fields,
        ]
    )


def _head(fields: Iterable[tuple[str, str]]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"HTTP/1.1 101 Switching Protocols\r\n{lines}\r\n".encode()


def _read_frame(data: bytes) -> tuple[ClientFrame, int] | None:
    if len(data) < 2:
        return None
    first, second = data[0], data[1]
    size, start = second & 0x7F, 2
    if size >= 126:
        start += 2 if size == 126 else 8
        size = int.from_bytes(data[2:start], "big")
    key = None
    if second & 0x80:
        key = data[start : start + 4]
        start += 4
    end = start + size
    if len(data) < end or start > len(data):
        return None
    payload = data[start:end] if key is None else _xor(data[start:end], key)
    return ClientFrame(first & 0x0F, payload, key, first >= 0x80, (first >> 4) & 7), end


def _xor(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    stretched = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stretched, "big")).to_bytes(size, "big")
