"""The conformance kit for transports: hand it who makes them and it says what they get wrong.

`check_transports` asks of transports what connections and exchanges need of them, over real sockets:
order, back-pressure, and one end, told once.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from whimbrel_connector._dialled import as_transport
from whimbrel_connector.testing._judging import judge
from whimbrel_connector.transports import LOOP_TRANSPORTS, Transports

__all__ = ["TlsPair", "check_transports"]

_LARGE = bytes(range(256)) * 20_000
_TURNS = 8


@dataclass(frozen=True, slots=True)
class TlsPair:
    """What both sides need to play the rules over TLS.

    Attributes:
        client: The context that transports are made with; it trusts the server.
        server: The context of the kit's own server, with a certificate for `name`.
        name: The server's name.
    """

    client: ssl.SSLContext
    server: ssl.SSLContext
    name: str = "127.0.0.1"


async def check_transports(
    transports: Transports = LOOP_TRANSPORTS, *, tls: TlsPair | None = None
) -> list[str]:
    """Return what is wrong with the transports that `transports` makes, one sentence each; empty if nothing.

    Each rule has ten seconds. What one breaks, others may break for the same reason.

    Args:
        transports: As for `TCPConnector(transports=)`; without it, the event loop's own are judged.
        tls: Play the rules over TLS, and not in plain text.
    """
    rules = {title: partial(_play, rule, transports, tls) for title, rule in _RULES.items()}
    return await judge(rules)


class _Ear(asyncio.Protocol):
    """Notes what a transport says, in its order."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.received = bytearray()
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self._changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = as_transport(transport)
        self._note("made")

    def data_received(self, data: bytes) -> None:
        self.received += data
        self._note("data")

    def eof_received(self) -> None:
        self._note("eof")

    def pause_writing(self) -> None:
        self._note("pause")

    def resume_writing(self) -> None:
        self._note("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self._note("lost")
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()  # Python 3.10's TLS transport does not notice that it was closed
        if not self.lost.done():
            self.lost.set_result(exc)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that a call brings about."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def _note(self, call: str) -> None:
        self.calls.append(call)
        self._changed.set()


class _Scene:
    """A transport and its peer: a plain server of asyncio's streams.

    Attributes:
        ear: Hears what the transport says.
        transport: What is judged.
        reader: The peer's.
        writer: The peer's.
        taken: The sockets that became transports, or began to.
    """

    ear: _Ear
    transport: asyncio.Transport
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def __init__(self, transports: Transports, tls: TlsPair | None) -> None:
        self._transports = transports
        self._tls = tls
        self._peers: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._writers: list[asyncio.StreamWriter] = []
        self._is_over = False
        self._address = ("", 0)
        self.taken: list[socket.socket] = []

    @property
    def is_tls(self) -> bool:
        return self._tls is not None

    async def serve(self) -> asyncio.Server:
        """Start the peer's side."""
        context = None if self._tls is None else self._tls.server
        server = await asyncio.start_server(self._take, "127.0.0.1", 0, ssl=context)
        self._address = server.sockets[0].getsockname()[:2]
        return server

    async def make(self, ear: _Ear) -> asyncio.Transport:
        """Make a transport over a socket that is connected."""
        loop = asyncio.get_running_loop()
        sock = socket.socket()
        client = None if self._tls is None else self._tls.client
        name = None if self._tls is None else self._tls.name

        def take() -> _Ear:
            self.taken.append(sock)
            return ear

        try:
            sock.settimeout(0)
            await loop.sock_connect(sock, self._address)
            transport, protocol = await self._transports.create_connection(
                loop, take, sock=sock, ssl=client, server_hostname=name
            )
        finally:
            if sock not in self.taken:
                sock.close()
        if protocol is not ear or ear.transport is None or ear.calls[:1] != ["made"]:
            transport.abort()
            raise AssertionError("the protocol has not received its transport first of all")
        return transport

    async def begin(self) -> None:
        """Make the transport that is judged, and meet its peer."""
        self.ear = _Ear()
        self.transport = await self.make(self.ear)
        self.reader, self.writer = await self._peers.get()

    def end(self) -> None:
        """Break what still stands, and what is accepted from now on."""
        self._is_over = True
        for writer in self._writers:
            writer.transport.abort()

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self._peers.put_nowait((reader, writer))
        if self._is_over:
            writer.transport.abort()


async def _play(rule: "_Rule", transports: Transports, tls: TlsPair | None) -> list[str]:
    before = asyncio.all_tasks()
    scene = _Scene(transports, tls)
    server = await scene.serve()
    try:
        await scene.begin()
        failures = await rule(scene)
        if not scene.ear.lost.done():
            scene.transport.abort()
        await scene.ear.lost
        failures += _wrong_order(scene.ear.calls)
        return failures
    finally:
        server.close()
        scene.end()
        # asyncio's server has tasks that wait for handshakes: they end with their sockets.
        servers = asyncio.all_tasks() - before
        if servers:
            await asyncio.wait(servers, timeout=1)


def _wrong_order(calls: list[str]) -> list[str]:
    wrong = []
    if calls.count("made") != 1 or calls[0] != "made":
        wrong.append(f"connection_made comes once, and first; there came {calls}")
    if calls.count("lost") != 1 or calls[-1] != "lost":
        wrong.append(f"connection_lost comes once, and last; there came {calls}")
    if calls.count("pause") - calls.count("resume") not in {0, 1}:
        wrong.append(f"pause_writing and resume_writing take turns; there came {calls}")
    return wrong


_Rule = Callable[[_Scene], Awaitable[list[str]]]


async def _carries_both_ways(scene: _Scene) -> list[str]:
    scene.transport.write(b"whim")
    scene.transport.write(b"")
    scene.transport.write(b"brel")
    failures = [] if await scene.reader.readexactly(8) == b"whimbrel" else ["writes arrive out of order"]
    scene.writer.write(b"shore")
    await scene.ear.until(lambda: len(scene.ear.received) >= 5)
    return failures if scene.ear.received == b"shore" else [*failures, "what was sent is not what came"]


async def _says_when_it_is_full(scene: _Scene) -> list[str]:
    """A peer that does not read: writes are buffered, and the protocol is told."""
    failures = []
    if scene.transport.get_write_buffer_size():
        failures.append("the write buffer of a new transport is not empty")
    as_transport(scene.writer.transport).pause_reading()
    while "pause" not in scene.ear.calls and scene.transport.get_write_buffer_size() < 1 << 26:
        scene.transport.write(_LARGE)
        await asyncio.sleep(0)
    if "pause" not in scene.ear.calls:
        return ["pause_writing is not called though megabytes wait"]
    if not scene.transport.get_write_buffer_size():
        failures.append("pause_writing is called though the write buffer is empty")
    as_transport(scene.writer.transport).resume_reading()
    reading = asyncio.ensure_future(_drain(scene.reader))
    await scene.ear.until(lambda: "resume" in scene.ear.calls)
    scene.transport.close()
    await scene.ear.lost
    received = await reading
    if received % len(_LARGE):
        failures.append(f"of what was written before close, {received % len(_LARGE)} odd bytes came")
    return failures


async def _drain(reader: asyncio.StreamReader) -> int:
    received = 0
    with suppress(ConnectionError):
        while piece := await reader.read(1 << 20):
            received += len(piece)
    return received


async def _stops_reading(scene: _Scene) -> list[str]:
    """What was deciphered already may still come, but no more than a buffer or two."""
    scene.transport.pause_reading()
    scene.writer.write(_LARGE)
    for _ in range(50):
        await asyncio.sleep(0)
    held = len(scene.ear.received)
    failures = [f"{held} bytes come though reading is paused"] if held > len(_LARGE) // 2 else []
    scene.transport.resume_reading()
    await scene.ear.until(lambda: len(scene.ear.received) >= len(_LARGE))
    return failures if scene.ear.received == _LARGE else [*failures, "what came after the pause is not whole"]


async def _flushes_and_closes(scene: _Scene) -> list[str]:
    failures = []
    scene.transport.write(_LARGE)
    scene.transport.close()
    if not scene.transport.is_closing():
        failures.append("is_closing is False after close")
    scene.transport.close()
    if await scene.reader.read() != _LARGE:
        failures.append("close loses what was written before")
    if (fault := await scene.ear.lost) is not None:
        failures.append(f"close ends with {fault!r}")
    return failures


async def _aborts(scene: _Scene) -> list[str]:
    as_transport(scene.writer.transport).pause_reading()
    scene.transport.write(_LARGE * 4)
    scene.transport.abort()
    failures = [] if scene.transport.is_closing() else ["is_closing is False after abort"]
    scene.transport.abort()
    await scene.ear.lost
    return failures


async def _tells_of_the_peers_end(scene: _Scene) -> list[str]:
    scene.writer.write(b"last words")
    scene.writer.close()
    fault = await scene.ear.lost
    failures = [] if scene.ear.received == b"last words" else ["what came before the end is lost"]
    if "eof" not in scene.ear.calls and not scene.is_tls:  # not every TLS tells both ends apart
        failures.append("eof_received is not called")
    return failures if fault is None else [*failures, f"an end in order is told as {fault!r}"]


async def _tells_of_a_reset(scene: _Scene) -> list[str]:
    sock = scene.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    scene.writer.transport.abort()
    fault = await scene.ear.lost
    if isinstance(fault, OSError) or (scene.is_tls and fault is None):  # asyncio's TLS takes it for an end
        return []
    return [f"a reset is told as {fault!r}, which is no OSError"]


async def _serves_another_protocol(scene: _Scene) -> list[str]:
    """As after a proxy has made its tunnel."""
    other = _Ear()
    scene.transport.set_protocol(other)
    failures = [] if scene.transport.get_protocol() is other else ["get_protocol is not what was set"]
    scene.writer.write(b"shore")
    await other.until(lambda: len(other.received) >= 5)
    if scene.ear.received:
        failures.append("the protocol before is still given data")
    scene.transport.set_protocol(scene.ear)
    return failures


async def _knows_its_socket(scene: _Scene) -> list[str]:
    failures = []
    peer = scene.writer.get_extra_info("sockname")
    if scene.transport.get_extra_info("peername") != peer:
        failures.append(f"peername is not {peer}")
    if scene.transport.get_extra_info("socket") is None:
        failures.append("socket is not known")
    if scene.transport.get_extra_info("no such thing", 1) != 1:
        failures.append("the default is not returned for what is not known")
    if scene.is_tls is not (scene.transport.get_extra_info("ssl_object") is not None):
        failures.append("ssl_object is known with TLS, and only then")
    return failures


async def _lets_go_of_the_socket(scene: _Scene) -> list[str]:
    """Making one is cancelled: the socket is closed by whoever had taken it."""
    failures = []
    for turns in range(_TURNS):
        ear = _Ear()
        making = asyncio.ensure_future(scene.make(ear))
        for _ in range(turns):
            await asyncio.sleep(0)
        was_asked = making.cancel()
        await asyncio.wait([making])
        if was_asked and not making.cancelled():
            failures.append("making one ends otherwise than by its cancellation")
        if not making.cancelled():
            making.result().abort()
        if ear.transport is not None:
            with suppress(Exception):  # it may have ended already, and say so
                ear.transport.abort()
    scene.transport.abort()
    while any(sock.fileno() != -1 for sock in scene.taken):  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    return failures


_RULES: dict[str, _Rule] = {
    "bytes arrive as they were sent": _carries_both_ways,
    "it says when it is full, and when it is not any more": _says_when_it_is_full,
    "reading can be paused": _stops_reading,
    "close sends what was written, and is told once": _flushes_and_closes,
    "abort does not wait for the peer": _aborts,
    "the peer's end is told": _tells_of_the_peers_end,
    "a reset is told": _tells_of_a_reset,
    "another protocol can take over": _serves_another_protocol,
    "it knows its socket": _knows_its_socket,
    "making one can be cancelled": _lets_go_of_the_socket,
}
