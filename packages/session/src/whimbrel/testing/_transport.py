"""Two asyncio transports joined in memory: what is written to one is read from the other.

They behave as sockets do where a protocol can tell: bytes arrive in a later turn of the loop and in
pieces, a reader that pauses fills the writer's buffer, and a peer that has gone breaks what is written.
"""

import asyncio
from collections.abc import Mapping

__all__ = ["MemoryTransport", "join"]

_PIECE_BYTES = 65536
_HIGH_BYTES = 65536
_CLIENT = ("127.0.0.1", 123)


class MemoryTransport(asyncio.Transport):
    """One end of the pair; `join` makes both.

    Args:
        loop: The loop on which bytes travel.
        extra: What `get_extra_info` knows.

    Attributes:
        protocol: Who has this end.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, extra: Mapping[str, object]) -> None:
        super().__init__(dict(extra))
        self._loop = loop
        self.protocol: asyncio.Protocol = asyncio.Protocol()
        self._peer: MemoryTransport | None = None
        self._pending = bytearray()
        self._high_bytes, self._low_bytes = _HIGH_BYTES, _HIGH_BYTES // 4
        self._writer_is_held = False
        self._is_reading = True
        self._is_scheduled = False
        self._ends = False
        self._is_closing = False
        self._is_lost = False

    def begin(self, protocol: asyncio.Protocol, peer: "MemoryTransport") -> None:
        """Be connected: `protocol` has this end, `peer` is the other."""
        self.protocol, self._peer = protocol, peer

    # Writing.

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Let `data` travel; it is held while the other end does not read."""
        if self._is_closing or self._ends or not data:
            return
        self._pending += data
        self.carry_on()
        if not self._writer_is_held and len(self._pending) > self._high_bytes:
            self._writer_is_held = True
            self.protocol.pause_writing()

    def can_write_eof(self) -> bool:
        """Tell that one direction can end alone."""
        return True

    def write_eof(self) -> None:
        """End this direction after what was written."""
        self._ends = True
        self.carry_on()

    def get_write_buffer_size(self) -> int:
        """Return the bytes that have not arrived."""
        return len(self._pending)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return the low and the high mark."""
        return self._low_bytes, self._high_bytes

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set the marks between which the writer is held, in bytes."""
        if high is None:
            high = _HIGH_BYTES if low is None else 4 * low
        self._high_bytes, self._low_bytes = high, high // 4 if low is None else low

    # Reading.

    def is_reading(self) -> bool:
        """Tell whether what travels may arrive."""
        return self._is_reading and not self._is_closing

    def pause_reading(self) -> None:
        """Let nothing arrive for now."""
        self._is_reading = False

    def resume_reading(self) -> None:
        """Let things arrive again."""
        self._is_reading = True
        if self._peer is not None:
            self._peer.carry_on()

    # The end.

    def is_closing(self) -> bool:
        """Tell whether it is closing or closed."""
        return self._is_closing

    def close(self) -> None:
        """Close after what was written has arrived."""
        if not self._is_closing:
            self._is_closing = self._ends = True
            self.carry_on()

    def abort(self) -> None:
        """Close at once: the other end sees its connection reset."""
        self._is_closing = True
        self._pending.clear()
        self.lose(None)
        if self._peer is not None:
            self._peer.lose(ConnectionResetError("the other end was aborted"))

    # Who has it.

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand this end over."""
        if isinstance(protocol, asyncio.Protocol):
            self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who has this end."""
        return self.protocol

    # How bytes travel.

    def carry_on(self) -> None:
        """Let what was written travel, in a later turn."""
        if not self._is_scheduled and not self._is_lost:
            self._is_scheduled = True
            self._loop.call_soon(self._carry)

    def _carry(self) -> None:
        """Let one piece arrive, or the end behind the last one."""
        self._is_scheduled = False
        peer = self._peer
        if self._is_lost or peer is None:
            return
        if peer.is_closing():  # it hears nothing any more
            if self._is_closing or self._pending:
                self.lose(None if self._is_closing else BrokenPipeError("the other end has closed"))
        elif peer.is_reading():
            self._deliver(peer)

    def _deliver(self, peer: "MemoryTransport") -> None:
        if self._pending:
            piece = bytes(self._pending[:_PIECE_BYTES])
            del self._pending[:_PIECE_BYTES]
            if self._pending or self._ends:
                self.carry_on()
            peer.protocol.data_received(piece)
            self._let_go()
        elif self._ends:
            if not peer.protocol.eof_received():
                peer.close()
            if self._is_closing:
                self.lose(None)

    def _let_go(self) -> None:
        if self._writer_is_held and len(self._pending) <= self._low_bytes:
            self._writer_is_held = False
            self.protocol.resume_writing()

    def lose(self, fault: Exception | None) -> None:
        """Be gone, and say so in a later turn."""
        if not self._is_lost:
            self._is_lost = self._is_closing = True
            self._loop.call_soon(self.protocol.connection_lost, fault)


def join(
    loop: asyncio.AbstractEventLoop,
    near: asyncio.Protocol,
    far: asyncio.Protocol,
    *,
    server: tuple[str, int],
    extra: Mapping[str, object],
) -> None:
    """Connect two protocols in memory.

    Args:
        loop: The loop on which bytes travel.
        near: The client's end.
        far: The server's end.
        server: Host and port that the client has asked for.
        extra: What the client's end knows besides `sockname` and `peername`.
    """
    near_end = MemoryTransport(loop, {"sockname": _CLIENT, "peername": server, **extra})
    far_end = MemoryTransport(loop, {"sockname": server, "peername": _CLIENT})
    near_end.begin(near, far_end)
    far_end.begin(far, near_end)
    far.connection_made(far_end)
    near.connection_made(near_end)
