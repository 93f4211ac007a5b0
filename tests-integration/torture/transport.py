"""What stands between a transport and the client's protocol, and reports what passes."""

import asyncio
from typing import Any

from torture.faults import Fault, Torturer

__all__ = ["Ear", "TorturedTransport", "untortured"]


class TorturedTransport(asyncio.Transport):
    """A transport whose calls are reported, and whose writes may be short.

    Attributes:
        beneath: The transport itself.
    """

    def __init__(self, beneath: Any, ear: "Ear", torturer: Torturer) -> None:
        super().__init__()
        self.beneath = beneath
        self._ear = ear
        self._torturer = torturer
        self._held = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        fault = self._torturer.written()
        data = bytes(data)
        if self._held:
            self._held += data
        elif fault is Fault.NOTHING:
            self.beneath.write(data)
        else:
            half = len(data) // 2
            self.beneath.write(data[:half])
            self._held = data[half:]
            loop = asyncio.get_running_loop()
            loop.call_soon(self._ear.pause_writing)
            loop.call_soon(loop.call_soon, self._write_rest)

    def _write_rest(self) -> None:
        held, self._held = self._held, b""
        if held:
            self.beneath.write(held)
        self._ear.resume_writing()

    def get_write_buffer_size(self) -> int:
        return len(self._held) + int(self.beneath.get_write_buffer_size())

    def close(self) -> None:
        self._torturer.called()
        if self._held:
            self.beneath.write(self._held)
            self._held = b""
        self.beneath.close()

    def abort(self) -> None:
        self._torturer.called()
        self._held = b""
        self.beneath.abort()

    def pause_reading(self) -> None:
        self._torturer.called()
        self.beneath.pause_reading()

    def resume_reading(self) -> None:
        self._torturer.called()
        self.beneath.resume_reading()

    def is_closing(self) -> bool:
        return bool(self.beneath.is_closing())

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.beneath.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._ear.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = self._ear.protocol
        return protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.beneath.set_write_buffer_limits(high, low)


class Ear(asyncio.Protocol):
    """A protocol that reports what its transport says, and passes it on.

    Attributes:
        protocol: The client's.
        transport: What the client was given.
        lost: Whether the transport has gone.
    """

    def __init__(self, protocol: Any, torturer: Torturer) -> None:
        self.protocol = protocol
        self.transport: TorturedTransport | None = None
        self.lost = False
        self._torturer = torturer

    def wrap(self, transport: asyncio.BaseTransport) -> TorturedTransport:
        """Return what the client is to have in the place of `transport`."""
        self.transport = TorturedTransport(transport, self, self._torturer)
        return self.transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._torturer.called()
        self.protocol.connection_made(self.wrap(transport))

    def data_received(self, data: bytes) -> None:
        self._torturer.called()
        self.protocol.data_received(data)

    def eof_received(self) -> Any:
        self._torturer.called()
        return self.protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._torturer.called()
        self.lost = True
        self.protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        if not self.lost:
            self.protocol.pause_writing()

    def resume_writing(self) -> None:
        if not self.lost:
            self.protocol.resume_writing()


def untortured(transport: asyncio.BaseTransport) -> asyncio.Transport:
    """Return the transport itself."""
    beneath: asyncio.Transport = transport.beneath if isinstance(transport, TorturedTransport) else transport  # type: ignore[assignment]  # all have it all
    return beneath
