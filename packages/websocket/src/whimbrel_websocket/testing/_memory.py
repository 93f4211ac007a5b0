"""A transport without a socket, whose other end is the test."""

import asyncio
from collections.abc import Mapping

from whimbrel_websocket.testing._server_side import ClientFrame, ServerSide

__all__ = ["MemoryTransport"]


class MemoryTransport(asyncio.Transport):
    """Keep what a protocol writes, and play the peer.

    Attributes:
        frames: What the client wrote, frame by frame.
        was_aborted: Whether the protocol aborted it.
        high_bytes: What the protocol asked `set_write_buffer_limits` for.
    """

    def __init__(self, protocol: asyncio.Protocol, extra: Mapping[str, object] | None = None) -> None:
        super().__init__(extra)
        self._protocol = protocol
        self._server = ServerSide()
        self._is_closing = False
        self.frames: list[ClientFrame] = []
        self._is_reading = True
        self.was_aborted = False
        self.high_bytes: int | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the protocol."""
        self.frames += self._server.feed(bytes(data))

    def is_closing(self) -> bool:
        """Tell whether `close` or `abort` was called."""
        return self._is_closing

    def close(self) -> None:
        """End the connection in the next turn of the loop."""
        if not self._is_closing:
            self._is_closing = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        """End the connection in the next turn of the loop."""
        self.was_aborted = True
        self.close()

    def is_reading(self) -> bool:
        """Tell whether the protocol wants more."""
        return self._is_reading

    def pause_reading(self) -> None:
        """Note that the protocol wants no more for now."""
        self._is_reading = False

    def resume_reading(self) -> None:
        """Note that the protocol wants more."""
        self._is_reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:  # noqa: ARG002 -- asyncio's signature
        """Note the limit; the test itself decides when writing pauses."""
        self.high_bytes = high

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand over to another protocol."""
        if isinstance(protocol, asyncio.Protocol):
            self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who receives."""
        return self._protocol

    def peer_sends(self, *frames: bytes) -> None:
        """Deliver bytes in one piece."""
        self._protocol.data_received(b"".join(frames))

    def peer_ends(self) -> None:
        """Deliver the end of the stream, as TCP does when the peer closes."""
        if not self._is_closing and not self._protocol.eof_received():
            self.close()

    def peer_resets(self) -> None:
        """Break the connection."""
        self._is_closing = True
        self._protocol.connection_lost(ConnectionResetError("the peer reset the connection"))
