"""`NameServer`: DNS on the loopback, from a table, as small as can be (RFC 1035 section 4)."""

import asyncio
import struct
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["NameServer"]

_NO_ERROR, _SERVER_FAILURE, _NO_SUCH_NAME = 0, 2, 3
_IS_ANSWER = 0x8180  # a response, with recursion
_HEAD_BYTES = 12
_VERSIONS = {1: 4, 28: 6}  # the types A and AAAA
_SECONDS_TO_LIVE = 60


class NameServer(asyncio.DatagramProtocol):
    """Answers questions for A and AAAA over UDP; an asynchronous context manager.

    Args:
        table: Names, in lower case, with their addresses. One without any fails (SERVFAIL); one that is
            not in the table does not exist (NXDOMAIN).

    Attributes:
        asked: The names, in the order of the questions.
        host: Its address.
        port: Its port: `AsyncResolver(nameservers=[server.host], udp_port=server.port)` asks it.
    """

    def __init__(self, table: Mapping[str, Sequence[str]]) -> None:
        self.asked: list[str] = []
        self.host = "127.0.0.1"
        self.port = 0
        self._table = {name: [ip_address(text) for text in texts] for name, texts in table.items()}
        self._transport: asyncio.DatagramTransport | None = None
        self._closed: asyncio.Future[None] | None = None

    async def __aenter__(self) -> "Self":
        """Begin to listen."""
        loop = asyncio.get_running_loop()
        self._closed = loop.create_future()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.host, 0))
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the socket, and wait until it is closed."""
        if self._transport is not None and self._closed is not None:
            self._transport.close()
            await self._closed

    def connection_lost(self, _exc: Exception | None) -> None:
        """Note that the socket is closed."""
        if self._closed is not None:
            self._closed.set_result(None)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        labels, place = [], _HEAD_BYTES
        while size := data[place]:
            labels.append(data[place + 1 : place + 1 + size].decode("ascii").lower())
            place += 1 + size
        name, question = ".".join(labels), data[_HEAD_BYTES : place + 5]
        (kind,) = struct.unpack("!H", question[-4:-2])
        self.asked.append(name)
        code, records = self._records(name, kind)
        head = data[:2] + struct.pack("!HHHHH", _IS_ANSWER | code, 1, len(records), 0, 0)
        if self._transport is not None:
            self._transport.sendto(head + question + b"".join(records), addr)

    def _records(self, name: str, kind: int) -> tuple[int, list[bytes]]:
        addresses = self._table.get(name)
        if addresses is None:
            return _NO_SUCH_NAME, []
        if not addresses:
            return _SERVER_FAILURE, []
        pointer = struct.pack("!H", 0xC000 | _HEAD_BYTES)  # to the name in the question
        return _NO_ERROR, [
            pointer + struct.pack("!HHIH", kind, 1, _SECONDS_TO_LIVE, len(address.packed)) + address.packed
            for address in addresses
            if address.version == _VERSIONS.get(kind)
        ]
