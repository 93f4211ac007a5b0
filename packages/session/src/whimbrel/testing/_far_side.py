"""The answering end of a connection in memory: its bytes, read as requests until another protocol begins."""

import asyncio
from collections import deque
from collections.abc import Callable

from whimbrel_http1 import Awaiting, Event, RequestParser

__all__ = ["ClientGone", "FarSide"]

_READ_BYTES = 65536


class ClientGone(ConnectionError):
    """The client closed the connection."""


class FarSide(asyncio.StreamReaderProtocol):
    """Receives what the client writes; nothing is read ahead of who asks for it.

    Args:
        loop: The loop of the connection.
        begin: Called with this object once it is connected.

    Attributes:
        is_gone: Whether the client has left.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, begin: "Callable[[FarSide], None]") -> None:
        self._reader = asyncio.StreamReader(_READ_BYTES, loop=loop)
        super().__init__(self._reader, self._connected, loop=loop)
        self._writer: asyncio.StreamWriter | None = None
        self._begin = begin
        self._parser = RequestParser()
        self._events: deque[Event] = deque()
        self.is_gone = False
        self._on_gone: Callable[[], None] | None = None

    @property
    def writer(self) -> asyncio.StreamWriter:
        """Where the answers go."""
        if self._writer is None:
            msg = "not connected"
            raise RuntimeError(msg)
        return self._writer

    @property
    def client(self) -> tuple[str, int]:
        """The client's name and port."""
        name: tuple[str, int] = self.writer.get_extra_info("peername")
        return name

    @property
    def server(self) -> tuple[str, int]:
        """Host and port that the client has connected to."""
        name: tuple[str, int] = self.writer.get_extra_info("sockname")
        return name

    async def read(self) -> bytes:
        """Return the bytes that have come, b"" when the client has left."""
        try:
            return await self._reader.read(_READ_BYTES)
        except ConnectionError:  # it left in the middle of what was written to it
            return b""

    async def write(self, data: bytes) -> None:
        """Write, and wait while the client reads slowly.

        Raises:
            ClientGone: It has left.
        """
        self.check_client()
        self.writer.write(data)
        try:
            await self.writer.drain()
        except ConnectionError as fault:
            raise ClientGone("the client has left") from fault

    def check_client(self) -> None:
        """Raise `ClientGone` if there is no client any more."""
        if self.is_gone:
            raise ClientGone("the client has left")

    async def next_event(self) -> Event | None:
        """Return the next event of the requests; None when the client has left.

        Raises:
            ParseError: What came is no request.
        """
        while not self._events:
            data = await self.read()
            if not data:
                return None
            self._events.extend(self._parser.feed(data))
        return self._events.popleft()

    def on_gone(self, tell: Callable[[], None]) -> None:
        """Call `tell` when the client leaves, and nobody else who has asked before."""
        self._on_gone = tell

    def stay_with_http(self) -> None:
        """Refuse the upgrade that the last request has offered, if it has."""
        if self._parser.state is Awaiting.DECISION:
            self._events.extend(self._parser.refuse_upgrade())

    def leave_http(self) -> bytes:
        """Accept the upgrade, and return the bytes that have come behind the request."""
        return self._parser.accept_upgrade()

    def eof_received(self) -> bool:
        """Close with the client."""
        super().eof_received()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the client has left."""
        super().connection_lost(exc)
        self.is_gone = True
        if self._on_gone is not None:
            self._on_gone()

    def _connected(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._begin(self)
