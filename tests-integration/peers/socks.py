"""A small SOCKS server that remembers what it was asked: versions 4, 4a and 5 (RFC 1928, RFC 1929).

It shares no code with the client, nor with the library that speaks SOCKS for the client.
"""

import asyncio
import ipaddress
import struct
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from peers.counting import ConnectionCount
from peers.scripted import Peer, ScriptedServer

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["SocksAsked", "SocksServer"]


@dataclass(frozen=True, slots=True)
class SocksAsked:
    """What one client wanted.

    Attributes:
        version: 4 or 5.
        host: The name, or the address in its usual form.
        port: The port.
        by_name: Whether the host came as a name, for the server to look up.
        user: The user name (version 5), or the user id (version 4); empty without one.
        password: The password; empty without one.
    """

    version: int
    host: str
    port: int
    by_name: bool
    user: str = ""
    password: str = ""


class SocksServer:
    """Connects to the loopback, whatever host it is told.

    Args:
        ports: What stands in for a port; others are themselves.
        credentials: User and password without which version 5 refuses, or None.
        refusal: The code of version 5 or 4 to answer every request with, or None.
        silent_after: How many bytes it reads before it falls silent, or None.

    Attributes:
        asked: What clients wanted, in order.
        heard: Every byte that came from clients once they were connected.
    """

    def __init__(
        self,
        ports: dict[int, int] | None = None,
        *,
        credentials: tuple[str, str] | None = None,
        refusal: int | None = None,
        silent_after: int | None = None,
    ) -> None:
        self.asked: list[SocksAsked] = []
        self.heard = bytearray()
        self._ports = ports or {}
        self._credentials = credentials
        self._refusal = refusal
        self._silent_after = silent_after
        self._server = ScriptedServer(self._script)

    @property
    def port(self) -> int:
        """Its port."""
        return self._server.port

    @property
    def connections(self) -> ConnectionCount:
        """The count of its connections."""
        return self._server.connections

    def url(self, scheme: str = "socks5h", userinfo: str = "") -> str:
        """Return its URL, with the user information that is given."""
        return f"{scheme}://{userinfo}{'@' if userinfo else ''}127.0.0.1:{self.port}"

    async def __aenter__(self) -> "Self":
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.__aexit__(kind, fault, trace)

    async def _script(self, peer: Peer) -> None:
        if self._silent_after is not None:
            with suppress(asyncio.IncompleteReadError):
                await peer.reader.readexactly(self._silent_after)
            self.connections.note()
            await peer.until_gone()
            return
        version = (await peer.reader.readexactly(1))[0]
        asked = await (self._read_4(peer) if version == 4 else self._read_5(peer))
        if asked is None:
            return
        self.asked.append(asked)
        self.connections.note()
        if self._refusal is not None:
            await peer.send(_answer(asked, self._refusal))
            return
        try:
            there = await asyncio.open_connection("127.0.0.1", self._ports.get(asked.port, asked.port))
        except OSError:
            await peer.send(_answer(asked, 91 if version == 4 else 5))
            return
        try:
            await peer.send(_answer(asked, 90 if version == 4 else 0))
            await self._relay(peer, *there)
        finally:
            there[1].transport.abort()

    async def _read_4(self, peer: Peer) -> SocksAsked:
        _command, port, address = struct.unpack("!BH4s", await peer.reader.readexactly(7))
        user = (await peer.reader.readuntil(b"\0"))[:-1].decode()
        if address[:3] == b"\0\0\0" and address[3]:
            name = (await peer.reader.readuntil(b"\0"))[:-1].decode()
            return SocksAsked(4, name, port, by_name=True, user=user)
        return SocksAsked(4, str(ipaddress.IPv4Address(address)), port, by_name=False, user=user)

    async def _read_5(self, peer: Peer) -> SocksAsked | None:
        methods = await peer.reader.readexactly((await peer.reader.readexactly(1))[0])
        user = password = ""
        if self._credentials is not None:
            if 2 not in methods:
                await peer.send(b"\x05\xff")
                return None
            await peer.send(b"\x05\x02")
            await peer.reader.readexactly(1)
            user = await _counted(peer.reader)
            password = await _counted(peer.reader)
            accepted = (user, password) == self._credentials
            await peer.send(b"\x01\x00" if accepted else b"\x01\x01")
            if not accepted:
                return None
        else:
            await peer.send(b"\x05\x00")
        _version, _command, _reserved, kind = await peer.reader.readexactly(4)
        if kind == 3:
            host = await _counted(peer.reader)
        else:
            host = str(ipaddress.ip_address(await peer.reader.readexactly(4 if kind == 1 else 16)))
        port = int.from_bytes(await peer.reader.readexactly(2), "big")
        return SocksAsked(5, host, port, by_name=kind == 3, user=user, password=password)

    async def _relay(self, peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = asyncio.create_task(_pump(peer.reader, writer, self.heard))
        back = asyncio.create_task(_pump(reader, peer.writer, bytearray()))
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        finally:
            there.cancel()
            back.cancel()
            await asyncio.gather(there, back, return_exceptions=True)


async def _counted(reader: asyncio.StreamReader) -> str:
    return (await reader.readexactly((await reader.readexactly(1))[0])).decode()


def _answer(asked: SocksAsked, code: int) -> bytes:
    if asked.version == 4:
        return bytes((0, code)) + bytes(6)
    return bytes((5, code, 0, 1)) + bytes(6)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: bytearray) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            heard += data
            writer.write(data)
            await writer.drain()
