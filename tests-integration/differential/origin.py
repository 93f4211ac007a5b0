"""A server that says what the scene says, and remembers what it heard, byte for byte.

It shares no code with either client.
"""

import asyncio
import re
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Act", "Answered", "Close", "Early", "Hang", "Heard", "Origin", "Reset", "Script", "text"]

_LONGEST_LINE = 1 << 20
_PROBE = b"\x01"


def text(body: bytes | str = b"", *fields: str, status: str = "200 OK") -> bytes:
    """Return a whole response whose length is declared."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(content)}"]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + content


@dataclass(frozen=True)
class Heard:
    """A request as it came."""

    connection: int
    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    body: bytes

    def get(self, name: str) -> str:
        """Return the first value of a field, "" without one."""
        return next((value for key, value in self.fields if key == name), "")


@dataclass(frozen=True)
class Close:
    """Say `wire`, then close in order."""

    wire: bytes = b""


@dataclass(frozen=True)
class Reset:
    """Say `wire`, then reset the connection."""

    wire: bytes = b""


@dataclass(frozen=True)
class Hang:
    """Say `wire`, then nothing until the client leaves."""

    wire: bytes = b""


@dataclass(frozen=True)
class Answered:
    """Say `wire`, and close when the client has said something more."""

    wire: bytes = b""


@dataclass(frozen=True)
class Echo:
    """Say `wire`, then send every WebSocket message back, a ping as a pong, and close when the client does."""

    wire: bytes = b""


@dataclass(frozen=True)
class Early:
    """Say `wire` as soon as the head has come, without `100 Continue`, then close when the client has left."""

    wire: bytes


Act = bytes | Close | Reset | Hang | Early | Answered | Echo
Script = Act | Sequence[Act] | Callable[[Heard], Act]


@dataclass
class Origin:
    """One server on the loopback interface, or on a UNIX socket.

    Attributes:
        scripts: By path, what is said; "*" for every other path.
        names: What stands for `{name}` in a script.
        heard: Every request.
        frames: Every WebSocket frame, as opcode and unmasked payload.
        accepted: How many connections there were.
    """

    scripts: Mapping[str, Script]
    names: dict[str, str]
    path: str | None = None
    heard: list[Heard] = field(default_factory=list)
    frames: list[tuple[int, bytes]] = field(default_factory=list)
    accepted: int = 0
    port: int = 0

    async def __aenter__(self) -> "Self":
        self.has_heard = asyncio.Event()
        self._turns: dict[str, int] = {}
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        if self.path is not None:
            self._server: asyncio.Server = await asyncio.start_unix_server(self._serve, self.path)
        else:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_LONGEST_LINE)
            self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        open_now = dict(self._open)
        for task, writer in open_now.items():
            writer.transport.abort()
            task.cancel()
        if open_now:
            await asyncio.wait(open_now)

    def forget(self) -> None:
        """Begin anew, for the other client."""
        self.heard, self.frames, self.accepted = [], [], 0
        self.has_heard.clear()
        self._turns.clear()

    async def all_left(self) -> None:
        """Wait until every connection that clients have made was accepted, and closed by them."""
        if self.path is None:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(_PROBE)
            await reader.read()  # connections are accepted in order: those before it have been
            writer.close()
            self.accepted -= 1
        if self._open:
            await asyncio.wait(dict(self._open))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.accepted += 1
        self._open[task] = writer
        try:
            await self._talk(self.accepted, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            del self._open[task]
            writer.close()

    async def _talk(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            first = await reader.readexactly(1)
            if first == _PROBE:
                return
            if first == b"\x16":  # TLS: there is nobody here who speaks it
                writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
            head = first + await reader.readuntil(b"\r\n\r\n")
            heard = _parse(number, head)
            act = self._act_for(heard)
            if not isinstance(act, Early):
                if heard.get("expect").lower() == "100-continue":
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                heard = Heard(
                    number, heard.method, heard.target, heard.fields, await _read_body(heard, reader)
                )
            self.heard.append(heard)
            self.has_heard.set()
            act = self._act_for(heard, counts=True)
            if not await self._perform(act, heard, reader, writer):
                return

    def _act_for(self, heard: Heard, *, counts: bool = False) -> Act:
        path = heard.target.partition("?")[0]
        key = path if path in self.scripts else "*"
        script = self.scripts.get(key, text("ok", "Content-Type: text/plain"))
        if callable(script):
            return script(heard)
        if isinstance(script, bytes | Close | Reset | Hang | Early | Answered | Echo):
            return script
        turn = self._turns.get(key, 0)
        if counts:
            self._turns[key] = turn + 1
        return script[min(turn, len(script) - 1)]

    async def _echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opcode = 0
        while opcode != 8:
            first, payload, frame = await _read_frame(reader)
            opcode = first & 0x0F
            self.frames.append((first, payload))
            if opcode == 9:
                frame = bytes((0x8A, *frame[1:]))
            if opcode != 10:
                writer.write(frame)
            await writer.drain()

    async def _perform(
        self, act: Act, heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Do it, and tell whether the connection stays."""
        wire = act if isinstance(act, bytes) else act.wire
        if heard.method == "HEAD":  # RFC 9110 section 9.3.2
            wire = wire[: wire.find(b"\r\n\r\n") + 4]
        for name, value in self.names.items():
            wire = wire.replace(f"{{{name}}}".encode(), value.encode())
        writer.write(wire)
        match act:
            case bytes():
                return True
            case Hang() | Early():
                while await reader.read(65536):
                    pass
            case Reset():
                await writer.drain()
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                writer.transport.abort()
            case Close():
                await writer.drain()
            case Answered():
                await reader.read(1)
            case Echo():
                await self._echo(reader, writer)
        return False


async def _read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes, bytes]:
    """Return the first byte of a client's frame, its payload unmasked, and the same frame unmasked."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    extended = await reader.readexactly({126: 2, 127: 8}.get(size, 0))
    key = await reader.readexactly(4)
    masked = await reader.readexactly(int.from_bytes(extended, "big") if extended else size)
    payload = bytes(octet ^ key[position % 4] for position, octet in enumerate(masked))
    return first, payload, bytes((first, size)) + extended + payload


def _parse(number: int, head: bytes) -> Heard:
    start, *lines = head.decode("utf-8", "surrogateescape")[:-4].split("\r\n")
    if start.count(" ") != 2:
        return Heard(number, "(no request)", repr(head), (), b"")
    method, target, _ = start.split(" ")
    fields = tuple(
        (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    return Heard(number, method, target, fields, b"")


async def _read_body(heard: Heard, reader: asyncio.StreamReader) -> bytes:
    if re.search("chunked", heard.get("transfer-encoding"), re.IGNORECASE):
        body = bytearray()
        while size := await _chunk_size(reader):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
        return bytes(body)
    return await reader.readexactly(int(heard.get("content-length") or 0))


async def _chunk_size(reader: asyncio.StreamReader) -> int:
    """Return the size of the next chunk; a line that cannot become one ends the connection at once."""
    line = b""
    while not line.endswith(b"\r\n"):
        line += await reader.readexactly(1)
        if not re.fullmatch(rb"[0-9A-Fa-f]+(;[^\r]*)?\r?\n?", line):
            raise ConnectionAbortedError
    return int(line.split(b";")[0], 16)
