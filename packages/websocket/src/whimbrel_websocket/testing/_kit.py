"""Scenes that every WebSocket client must get right, played over a transport in memory."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar, cast

from whimbrel_websocket.deflate import DeflateParameters
from whimbrel_websocket.handshake import Agreement
from whimbrel_websocket.messages import WSMessage, WSMsgType
from whimbrel_websocket.testing._memory import MemoryTransport
from whimbrel_websocket.testing._server_side import ServerSide

__all__ = ["Finding", "Shell", "check_websocket"]

_SCENE_SECONDS = 5.0
_LIMIT_BYTES = 1000

Result = TypeVar("Result")


class Shell(Protocol):
    """All that a session asks of an open WebSocket: an asyncio protocol with aiohttp's methods."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over an open transport."""

    def data_received(self, data: bytes) -> None:
        """Take bytes from it."""

    def eof_received(self) -> bool | None:
        """Note the end of the stream."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is gone."""

    def pause_writing(self) -> None:
        """Hold senders back."""

    def resume_writing(self) -> None:
        """Let them go on."""

    @property
    def closed(self) -> bool:
        """Whether it was closed."""

    @property
    def close_code(self) -> int | None:
        """Why."""

    async def send_str(self, data: str) -> None:
        """Send TEXT."""

    async def send_bytes(self, data: bytes) -> None:
        """Send BINARY."""

    async def ping(self, message: bytes = b"") -> None:
        """Send PING."""

    async def receive(self, timeout: float | None = None) -> WSMessage:
        """Return the next message."""

    async def close(self, *, code: int = 1000, message: bytes = b"") -> bool:
        """Close and wait for the end."""


class Make(Protocol):
    """How a session makes one; the class itself, as a rule."""

    def __call__(self, agreement: Agreement, *, max_msg_size: int) -> Shell:
        """Return a WebSocket for what was agreed on."""


class Finding(NamedTuple):
    """One thing an implementation gets wrong.

    Attributes:
        scene: What was played.
        what: What went otherwise than it must.
    """

    scene: str
    what: str


class _Wrong(Exception):
    """The implementation did something else than it must."""


class _Stage:
    """One WebSocket on a transport in memory."""

    def __init__(self, make: Make, agreement: Agreement = Agreement()) -> None:  # noqa: B008 -- frozen
        self.shell = make(agreement, max_msg_size=_LIMIT_BYTES)
        self.wire = MemoryTransport(cast(asyncio.Protocol, self.shell))
        self.shell.connection_made(self.wire)

    async def receive(self) -> WSMessage:
        return await _soon(self.shell.receive(), "receive() to return")

    async def end(self) -> None:
        """Close from this side, with a peer that behaves."""
        closing = asyncio.ensure_future(self.shell.close())
        await _turns()
        if not self.wire.is_closing():
            self.wire.peer_sends(ServerSide.close_frame())
            self.wire.peer_ends()
        await _soon(closing, "close() to return")

    def sent(self, opcode: int) -> list[bytes]:
        return [frame.payload for frame in self.wire.frames if frame.opcode == opcode]


async def check_websocket(make: Make) -> Sequence[Finding]:
    """Play all scenes with WebSockets that `make` returns.

    Args:
        make: Usually the class itself; called as `make(agreement, max_msg_size=1000)`.

    Returns:
        What went wrong; nothing if the implementation may be trusted.
    """
    findings: list[Finding] = []
    for scene in _SCENES:
        name = scene.__name__.lstrip("_").replace("_", " ")
        try:
            await scene(make)
        except _Wrong as wrong:
            findings.append(Finding(name, str(wrong)))
        except Exception as fault:  # noqa: BLE001 -- whatever a stranger's class raises is a finding
            findings.append(Finding(name, f"raised {fault!r}"))
    return findings


async def _data_goes_both_ways(make: Make) -> None:
    stage = _Stage(make)
    stage.wire.peer_sends(ServerSide.frame(1, "schön".encode()), ServerSide.frame(2, b"\x00\xff"))
    _expect("TEXT is delivered as str", (await stage.receive())[:2], (WSMsgType.TEXT, "schön"))
    _expect("BINARY is delivered as bytes", (await stage.receive())[:2], (WSMsgType.BINARY, b"\x00\xff"))
    await stage.shell.send_str("zurück")
    await stage.shell.send_bytes(b"\xfe")
    _expect("TEXT is sent in UTF-8", stage.sent(1), ["zurück".encode()])
    _expect("BINARY is sent as it is", stage.sent(2), [b"\xfe"])
    await stage.end()


async def _every_frame_is_masked_with_a_new_key(make: Make) -> None:
    stage = _Stage(make)
    for _ in range(100):
        await stage.shell.send_str("x")
    keys = [frame.key for frame in stage.wire.frames]
    _expect("every frame has a key (RFC 6455 5.1)", None in keys, wanted=False)
    _expect("keys are not repeated (RFC 6455 5.3)", len(set(keys)), 100)
    await stage.end()


async def _fragments_are_joined_around_a_ping(make: Make) -> None:
    stage = _Stage(make)
    stage.wire.peer_sends(
        ServerSide.frame(1, b"sho", is_final=False), ServerSide.frame(9, b"?"), ServerSide.frame(0, b"re")
    )
    _expect("fragments are one message (RFC 6455 5.4)", (await stage.receive()).data, "shore")
    _expect("a ping is answered with its payload (RFC 6455 5.5.3)", stage.sent(10), [b"?"])
    await stage.end()


async def _the_peer_closes(make: Make) -> None:
    stage = _Stage(make)
    stage.wire.peer_sends(ServerSide.close_frame(3001, b"bye"))
    stage.wire.peer_ends()
    _expect("CLOSE is delivered with its code", (await stage.receive())[:2], (WSMsgType.CLOSE, 3001))
    _expect("the close frame is answered (RFC 6455 5.5.1)", stage.sent(8), [(3001).to_bytes(2, "big")])
    _expect("close_code is the peer's", stage.shell.close_code, 3001)
    _expect("CLOSED ever after", (await stage.receive()).type, WSMsgType.CLOSED)
    _expect("closed", stage.shell.closed, wanted=True)


async def _this_side_closes(make: Make) -> None:
    stage = _Stage(make)
    closing = asyncio.ensure_future(stage.shell.close(code=4000, message=b"done"))
    await _turns()
    _expect("a close frame is sent", stage.sent(8), [(4000).to_bytes(2, "big") + b"done"])
    _expect("close() waits for the peer", closing.done(), wanted=False)
    stage.wire.peer_sends(ServerSide.close_frame(4000))
    stage.wire.peer_ends()
    _expect("close() returns True", await _soon(closing, "close() to return"), wanted=True)
    _expect("the transport is closed", stage.wire.is_closing(), wanted=True)
    _expect("a second close() returns False", await stage.shell.close(), wanted=False)
    _expect("CLOSED ever after", (await stage.receive()).type, WSMsgType.CLOSED)
    await _must_raise(OSError, stage.shell.send_str("late"), "sending after the close")


async def _the_connection_breaks(make: Make) -> None:
    stage = _Stage(make)
    stage.wire.peer_sends(ServerSide.frame(1, b"last"))
    stage.wire.peer_resets()
    _expect("what came before is delivered", (await stage.receive()).data, "last")
    _expect("then CLOSED", (await stage.receive()).type, WSMsgType.CLOSED)
    _expect("close_code is 1006", stage.shell.close_code, 1006)
    await _must_raise(OSError, stage.shell.send_str("late"), "sending on a broken connection")


_FAULTS: Sequence[tuple[str, bytes, int]] = (
    ("a masked frame (RFC 6455 5.1)", ServerSide.frame(1, b"x", key=b"1234"), 1002),
    ("a reserved bit (RFC 6455 5.2)", ServerSide.frame(1, b"x", reserved=4), 1002),
    ("a reserved opcode (RFC 6455 5.2)", ServerSide.frame(3), 1002),
    ("a size of 2^63 (RFC 6455 5.2)", b"\x82\x7f\x80" + bytes(7), 1002),
    ("a fragmented ping (RFC 6455 5.5)", ServerSide.frame(9, is_final=False), 1002),
    ("a long ping (RFC 6455 5.5)", ServerSide.frame(9, bytes(126)), 1002),
    ("a stray continuation (RFC 6455 5.4)", ServerSide.frame(0, b"x"), 1002),
    (
        "a message inside a message (RFC 6455 5.4)",
        ServerSide.frame(1, b"x", is_final=False) + ServerSide.frame(1, b"y"),
        1002,
    ),
    ("text that is not UTF-8 (RFC 6455 8.1)", ServerSide.frame(1, b"\xff"), 1007),
    ("close code 1005 (RFC 6455 7.4.1)", ServerSide.close_frame(1005), 1002),
    ("one byte too many", ServerSide.frame(2, bytes(_LIMIT_BYTES + 1)), 1009),
    (
        "one byte too many in fragments",
        ServerSide.frame(2, bytes(_LIMIT_BYTES), is_final=False) + ServerSide.frame(0, b"x"),
        1009,
    ),
)


async def _broken_rules_are_answered(make: Make) -> None:
    for name, wire_bytes, code in _FAULTS:
        stage = _Stage(make)
        stage.wire.peer_sends(wire_bytes, ServerSide.frame(1, b"injected"))
        receiving = asyncio.ensure_future(stage.shell.receive())
        await _turns()
        stage.wire.peer_ends()
        message = await _soon(receiving, f"receive() to return after {name}")
        _expect(f"{name}: ERROR is delivered", message.type, WSMsgType.ERROR)
        codes = [int.from_bytes(payload[:2], "big") for payload in stage.sent(8)]
        _expect(f"{name}: the close frame says why", codes, [code])
        _expect(f"{name}: nothing follows", (await stage.receive()).type, WSMsgType.CLOSED)


async def _the_largest_message_passes(make: Make) -> None:
    stage = _Stage(make)
    stage.wire.peer_sends(ServerSide.frame(2, bytes(_LIMIT_BYTES)))
    _expect("a message as large as the limit", len((await stage.receive()).data), _LIMIT_BYTES)
    await stage.end()


async def _compression_is_bounded(make: Make) -> None:
    for size, wanted in ((_LIMIT_BYTES, WSMsgType.BINARY), (_LIMIT_BYTES + 1, WSMsgType.ERROR)):
        stage = _Stage(make, Agreement(deflate=DeflateParameters()))
        stream = zlib.compressobj(wbits=-15)
        payload = (stream.compress(bytes(size)) + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]
        stage.wire.peer_sends(ServerSide.frame(2, payload, reserved=4))
        receiving = asyncio.ensure_future(stage.shell.receive())
        await _turns()
        stage.wire.peer_ends()
        message = await _soon(receiving, "receive() to return")
        _expect(f"a message that expands to {size} bytes", message.type, wanted)


async def _one_task_receives(make: Make) -> None:
    stage = _Stage(make)
    first = asyncio.ensure_future(stage.shell.receive())
    await _turns()
    await _must_raise(RuntimeError, stage.shell.receive(), "a second receive()")
    first.cancel()
    await asyncio.wait({first})
    stage.wire.peer_sends(ServerSide.frame(1, b"kept"))
    _expect("a cancelled receive() loses nothing", (await stage.receive()).data, "kept")
    await stage.end()


async def _many_tasks_send(make: Make) -> None:
    stage = _Stage(make)
    stage.shell.pause_writing()
    senders = [asyncio.ensure_future(stage.shell.send_str(str(number) * 300)) for number in range(20)]
    await _turns()
    _expect("senders wait for the transport", len(stage.sent(1)) < 20, wanted=True)
    stage.shell.resume_writing()
    await _soon(asyncio.gather(*senders), "all senders to finish")
    _expect("all frames are whole", sorted(stage.sent(1)), sorted(str(n).encode() * 300 for n in range(20)))
    await stage.end()


async def _pings_do_not_pile_up(make: Make) -> None:
    stage = _Stage(make)
    stage.shell.pause_writing()
    for number in range(1000):
        stage.wire.peer_sends(ServerSide.frame(9, str(number).encode()))
    _expect("no pong is written while the transport is full", len(stage.sent(10)) <= 1, wanted=True)
    stage.shell.resume_writing()
    await _turns()
    _expect("the last ping is answered", stage.sent(10)[-1:], [b"999"])
    await stage.end()


async def _unread_messages_stop_the_reading(make: Make) -> None:
    stage = _Stage(make)
    sent = 0
    while stage.wire.is_reading() and sent < 100_000:
        stage.wire.peer_sends(ServerSide.frame(2, bytes(_LIMIT_BYTES)))
        sent += 1
    _expect("reading is paused", stage.wire.is_reading(), wanted=False)
    for _ in range(sent):
        await stage.receive()
    _expect("reading is resumed", stage.wire.is_reading(), wanted=True)
    await stage.end()


_SCENES: Sequence[Callable[[Make], Awaitable[None]]] = (
    _data_goes_both_ways,
    _every_frame_is_masked_with_a_new_key,
    _fragments_are_joined_around_a_ping,
    _the_peer_closes,
    _this_side_closes,
    _the_connection_breaks,
    _broken_rules_are_answered,
    _the_largest_message_passes,
    _compression_is_bounded,
    _one_task_receives,
    _many_tasks_send,
    _pings_do_not_pile_up,
    _unread_messages_stop_the_reading,
)


def _expect(what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        raise _Wrong(f"{what}: expected {wanted!r}, saw {seen!r}")


async def _must_raise(kind: type[BaseException], doing: Awaitable[object], what: str) -> None:
    try:
        await _soon(doing, f"{what} to fail")
    except kind:
        return
    raise _Wrong(f"{what} must raise {kind.__name__}")


async def _soon(doing: Awaitable[Result], what: str) -> Result:
    task = asyncio.ensure_future(doing)
    done, _ = await asyncio.wait({task}, timeout=_SCENE_SECONDS)
    if not done:
        task.cancel()
        raise _Wrong(f"waited {_SCENE_SECONDS:g} s in vain for {what}")
    return task.result()


async def _turns() -> None:
    """Give tasks and callbacks that are ready a few turns of the loop."""
    for _ in range(5):
        await asyncio.sleep(0)
