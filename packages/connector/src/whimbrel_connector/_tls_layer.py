"""A TLS transport as the ground for another TLS: what asyncio asks of it beyond `asyncio.Transport`.

Early releases of Python 3.11 and 3.12 have TLS transports that fail when they are told to break off,
which hides why a handshake failed.
"""

import asyncio

__all__ = ["TlsLayer"]


class TlsLayer(asyncio.Transport):
    """Passes everything on to the transport beneath."""

    _start_tls_compatible = True  # what `start_tls` looks for

    def __init__(self, beneath: asyncio.Transport) -> None:
        super().__init__()
        self._beneath = beneath

    def _force_close(self, _fault: BaseException | None) -> None:
        """Break off, as asyncio's TLS asks of what is beneath it."""
        self._beneath.abort()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """Pass it on."""
        return self._beneath.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Pass it on."""
        self._beneath.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Pass it on."""
        return self._beneath.get_protocol()

    def is_closing(self) -> bool:
        """Pass it on."""
        return self._beneath.is_closing()

    def close(self) -> None:
        """Pass it on."""
        self._beneath.close()

    def abort(self) -> None:
        """Pass it on."""
        self._beneath.abort()

    def is_reading(self) -> bool:
        """Pass it on."""
        return self._beneath.is_reading()

    def pause_reading(self) -> None:
        """Pass it on."""
        self._beneath.pause_reading()

    def resume_reading(self) -> None:
        """Pass it on."""
        self._beneath.resume_reading()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Pass it on."""
        self._beneath.write(data)

    def get_write_buffer_size(self) -> int:
        """Pass it on."""
        return self._beneath.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Pass it on."""
        return self._beneath.get_write_buffer_limits()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Pass it on."""
        self._beneath.set_write_buffer_limits(high, low)
