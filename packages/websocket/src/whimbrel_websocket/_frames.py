"""Write a client's frames and read a server's (RFC 6455 section 5).

`encode_frame` makes one whole masked frame. `FrameReader` is a cursor over received bytes: it reads
heads strictly and hands out payload as it arrives, each byte copied once. Whether a payload makes
sense is not asked here.
"""

import struct
from typing import Final

from whimbrel_websocket._masking import mask
from whimbrel_websocket.errors import WebSocketError, excerpt
from whimbrel_websocket.messages import WSCloseCode

__all__ = [
    "BINARY",
    "CLOSE",
    "CONTINUATION",
    "CONTROL_BYTES",
    "PING",
    "PONG",
    "TEXT",
    "FrameReader",
    "encode_frame",
]

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

CONTROL_BYTES: Final = 125
"""The largest payload of a control frame (RFC 6455 section 5.5)."""

_FINAL: Final = 0x80
_RESERVED_BITS: Final = 0x70
_COMPRESSED: Final = 0x40
_OPCODE: Final = 0x0F
_MASKED: Final = 0x80
_SIZE: Final = 0x7F
_SIZE_IN_16_BITS: Final = 126
_SIZE_IN_64_BITS: Final = 127
_KNOWN_OPCODES: Final = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})

_pack_short = struct.Struct("!BB4s").pack
_pack_medium = struct.Struct("!BBH4s").pack
_pack_long = struct.Struct("!BBQ4s").pack
_unpack_16 = struct.Struct("!H").unpack_from
_unpack_64 = struct.Struct("!Q").unpack_from


def encode_frame(opcode: int, payload: bytes | bytearray, key: bytes, *, compressed: bool = False) -> bytes:
    """Return one final frame, masked with `key`.

    Args:
        opcode: One of the opcodes of this module.
        payload: The whole payload, already compressed if `compressed`.
        key: Four bytes that were never used before.
        compressed: Whether the first reserved bit says so (RFC 7692 section 6).
    """
    first = _FINAL | (_COMPRESSED if compressed else 0) | opcode
    size = len(payload)
    if size < _SIZE_IN_16_BITS:
        head = _pack_short(first, _MASKED | size, key)
    elif size < 1 << 16:
        head = _pack_medium(first, _MASKED | _SIZE_IN_16_BITS, size, key)
    else:
        head = _pack_long(first, _MASKED | _SIZE_IN_64_BITS, size, key)
    return b"".join((head, mask(payload, key)))


class FrameReader:
    """A cursor over the bytes that a server sent.

    Call `push` with what was received, `read_head` when no frame is open, and `take` until
    `is_open` is false.

    Attributes:
        opcode: The opcode of the open frame.
        is_final: Whether it is the last frame of its message.
        is_compressed: Whether its first reserved bit is set.
        left: Payload bytes of it that were not taken yet.
        is_open: Whether a head was read whose payload is not complete.
    """

    __slots__ = (
        "_data",
        "_may_compress",
        "_position",
        "is_compressed",
        "is_final",
        "is_open",
        "left",
        "opcode",
    )

    def __init__(self, *, may_compress: bool) -> None:
        self._may_compress = may_compress
        self._data = b""
        self._position = 0
        self.opcode = CONTINUATION
        self.is_final = False
        self.is_compressed = False
        self.left = 0
        self.is_open = False

    def push(self, data: bytes) -> None:
        """Add received bytes."""
        if self._position == len(self._data):
            self._data = data
        elif not data:
            return
        else:
            self._data = self._data[self._position :] + data
        self._position = 0

    def clear(self) -> None:
        """Forget everything received and the open frame."""
        self._data = b""
        self._position = self.left = 0
        self.is_open = False

    @property
    def unread(self) -> int:
        """Bytes received and not yet read."""
        return len(self._data) - self._position

    def read_head(self) -> bool:
        """Open the next frame; return False until its whole head was received.

        Raises:
            WebSocketError: The head breaks RFC 6455 section 5.2, or reserves what was not negotiated.
        """
        data = self._data
        start = self._position
        available = len(data) - start
        if available < 2:
            return False
        first = data[start]
        second = data[start + 1]
        opcode = first & _OPCODE
        if first & _RESERVED_BITS or opcode not in _KNOWN_OPCODES or second & _MASKED:
            self._check_unusual(first, second)
        size = second & _SIZE
        head_bytes = 2
        if opcode >= CLOSE:
            _check_control(first, size)
        elif size == _SIZE_IN_16_BITS:
            if available < 4:
                return False
            (size,) = _unpack_16(data, start + 2)
            head_bytes = 4
            if size < _SIZE_IN_16_BITS:
                raise _broken(f"payload size {size} is not in its shortest form", "RFC 6455 5.2")
        elif size == _SIZE_IN_64_BITS:
            if available < 10:
                return False
            (size,) = _unpack_64(data, start + 2)
            head_bytes = 10
            _check_64_bits(size)
        self.opcode = opcode
        self.is_final = first >= _FINAL
        self.is_compressed = first & _COMPRESSED != 0
        self.left = size
        self.is_open = True
        self._position = start + head_bytes
        return True

    def take(self) -> bytes:
        """Return what was received of the open frame's payload, without copying a whole read."""
        data = self._data
        start = self._position
        end = start + self.left
        if end <= len(data):
            self.left = 0
            self.is_open = False
            self._position = end
            return data[start:end]
        self._position = len(data)
        self.left = end - len(data)
        return data[start:] if start else data

    def _check_unusual(self, first: int, second: int) -> None:
        opcode = first & _OPCODE
        if opcode not in _KNOWN_OPCODES:
            raise _broken(f"reserved opcode {opcode:#x}", "RFC 6455 5.2")
        if second & _MASKED:
            raise _broken("a frame from a server is masked", "RFC 6455 5.1")
        reserved = first & _RESERVED_BITS
        if reserved != _COMPRESSED or not self._may_compress:
            raise _broken(
                f"reserved bits {reserved >> 4:03b} were not negotiated in {excerpt(bytes((first, second)))}",
                "RFC 6455 5.2",
            )
        if opcode not in {TEXT, BINARY}:
            raise _broken(
                f"the compression bit is set on a frame with opcode {opcode:#x}, "
                "which does not begin a message",
                "RFC 7692 6.1",
            )


def _check_control(first: int, size: int) -> None:
    if first < _FINAL:
        raise _broken("a control frame is fragmented", "RFC 6455 5.5")
    if size > CONTROL_BYTES:
        raise _broken(f"a control frame claims more than {CONTROL_BYTES} bytes", "RFC 6455 5.5")


def _check_64_bits(size: int) -> None:
    if size >> 63:
        raise _broken(f"payload size {size} sets the most significant bit", "RFC 6455 5.2")
    if size < 1 << 16:
        raise _broken(f"payload size {size} is not in its shortest form", "RFC 6455 5.2")


def _broken(what: str, rule: str) -> WebSocketError:
    return WebSocketError(WSCloseCode.PROTOCOL_ERROR, what, rule=rule)
