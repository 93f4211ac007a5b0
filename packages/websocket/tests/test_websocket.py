"""The asyncio shell, over a transport in memory."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from whimbrel_websocket import (
    Agreement,
    ClientWSTimeout,
    ConnectionClosed,
    DeflateParameters,
    HeartbeatTimeout,
    MessageTypeError,
    NotAllowed,
    WebSocket,
    WebSocketError,
    WSMessage,
    WSMsgType,
)
from whimbrel_websocket.testing import MemoryTransport, ServerSide

frame = ServerSide.frame
close_frame = ServerSide.close_frame


def make(agreement: Agreement = Agreement(), **options: Any) -> tuple[WebSocket, MemoryTransport]:  # noqa: B008 -- frozen
    ws = WebSocket(agreement, **options)
    wire = MemoryTransport(ws, {"peername": ("192.0.2.1", 80)})
    ws.connection_made(wire)
    return ws, wire


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def end(ws: WebSocket, wire: MemoryTransport) -> None:
    closing = asyncio.ensure_future(ws.close())
    await turns()
    if not wire.is_closing():
        wire.peer_sends(close_frame())
        wire.peer_ends()
    await closing


def sent(wire: MemoryTransport, opcode: int) -> list[bytes]:
    return [frame.payload for frame in wire.frames if frame.opcode == opcode]


def test_no_loop_is_needed_to_build() -> None:
    ws = WebSocket(Agreement(subprotocol="chat"))
    assert (ws.protocol, ws.closed, ws.close_code, ws.exception()) == ("chat", False, None, None)
    assert ws.get_extra_info("peername", "nobody") == "nobody"


def test_what_was_agreed_on_can_be_asked() -> None:
    assert (WebSocket(Agreement()).compress, WebSocket(Agreement()).client_notakeover) == (0, False)
    packed = WebSocket(Agreement(deflate=DeflateParameters(15, 12, client_no_context_takeover=True)))
    assert (packed.compress, packed.client_notakeover) == (12, True)


async def test_a_websocket_without_a_transport_neither_sends_nor_receives() -> None:
    ws = WebSocket(Agreement())
    with pytest.raises(ConnectionClosed):
        await ws.send_str("x")
    with pytest.raises(ConnectionClosed):
        await ws.receive()
    assert await ws.close()
    assert ws.closed
    assert (await ws.receive()).type is WSMsgType.CLOSED


async def test_all_that_can_be_sent() -> None:
    ws, wire = make()
    await ws.send_str("ä")
    await ws.send_bytes(b"b")
    await ws.send_bytes(bytearray(b"c"))
    await ws.send_bytes(memoryview(b"d"))
    await ws.send_json({"e": 1})
    await ws.send_json([2], dumps=repr)
    await ws.send_json_bytes([3], dumps=lambda data: repr(data).encode())
    await ws.send_frame(b"f", WSMsgType.TEXT)
    await ws.ping(b"g")
    await ws.pong()
    assert [(frame.opcode, frame.payload) for frame in wire.frames] == [
        (1, "ä".encode()),
        (2, b"b"),
        (2, b"c"),
        (2, b"d"),
        (1, b'{"e": 1}'),
        (1, b"[2]"),
        (2, b"[3]"),
        (1, b"f"),
        (9, b"g"),
        (10, b""),
    ]
    await end(ws, wire)


async def test_what_cannot_be_sent() -> None:
    ws, wire = make()
    wrong: Any = b"bytes"
    with pytest.raises(TypeError, match="must be str"):
        await ws.send_str(wrong)
    wrong = "text"
    with pytest.raises(TypeError, match="bytes-like"):
        await ws.send_bytes(wrong)
    with pytest.raises(NotAllowed):
        await ws.ping(bytes(126))
    for opcode in (WSMsgType.CLOSE, WSMsgType.CONTINUATION, WSMsgType.CLOSED):
        with pytest.raises(NotAllowed):
            await ws.send_frame(b"", opcode)
    assert wire.frames == []
    await end(ws, wire)


@pytest.mark.parametrize(("compress", "reserved"), [(None, 4), (15, 4), (0, 0)])
async def test_one_message_may_go_uncompressed(compress: int | None, reserved: int) -> None:
    ws, wire = make(Agreement(deflate=DeflateParameters()))
    await ws.send_str("shore", compress=compress)
    await ws.send_bytes(b"shore", compress=compress)
    assert [frame.reserved for frame in wire.frames] == [reserved, reserved]
    await end(ws, wire)


async def test_asking_for_compression_that_was_not_agreed_on_sends_plain() -> None:
    ws, wire = make()
    await ws.send_str("shore", compress=15)
    assert [(frame.reserved, frame.payload) for frame in wire.frames] == [(0, b"shore")]
    await end(ws, wire)


async def test_typed_receiving() -> None:
    ws, wire = make()
    wire.peer_sends(frame(1, b"a"), frame(2, b"b"), frame(1, b"[1]"), frame(2, b"c"), frame(1, b"d"))
    assert await ws.receive_str() == "a"
    assert await ws.receive_bytes() == b"b"
    assert await ws.receive_json() == [1]
    with pytest.raises(MessageTypeError, match="BINARY, not TEXT"):
        await ws.receive_str()
    with pytest.raises(MessageTypeError, match="TEXT, not BINARY"):
        await ws.receive_bytes()
    wire.peer_sends(close_frame(1001))
    wire.peer_ends()
    with pytest.raises(MessageTypeError, match=r"CLOSE \(1001\), not TEXT"):
        await ws.receive_json()


async def test_iteration_stops_where_the_peer_closes() -> None:
    ws, wire = make()
    wire.peer_sends(frame(1, b"a"), frame(1, b"b"), close_frame(1001, b"bye"))
    wire.peer_ends()
    assert [message.data async for message in ws] == ["a", "b"]
    assert (ws.closed, ws.close_code) == (True, 1001)
    assert await ws.close() is False


async def test_iteration_delivers_an_error_and_stops() -> None:
    ws, wire = make()
    wire.peer_sends(frame(1, b"a"), frame(3), frame(1, b"injected"))
    wire.peer_ends()
    messages = [message async for message in ws]
    assert [message.type for message in messages] == [WSMsgType.TEXT, WSMsgType.ERROR]
    assert isinstance(messages[1].data, WebSocketError)
    assert ws.exception() is messages[1].data
    assert ws.close_code == 1002
    assert sent(wire, 8) == [b"\x03\xea"]


async def test_leaving_the_block_closes() -> None:
    ws, wire = make()
    asyncio.get_running_loop().call_soon(wire.peer_sends, close_frame())
    asyncio.get_running_loop().call_soon(wire.peer_ends)
    async with ws as entered:
        assert entered is ws
    assert ws.closed
    assert wire.is_closing()


async def test_receiving_is_limited_in_time_and_goes_on() -> None:
    ws, wire = make(timeout=ClientWSTimeout(ws_receive=0.001))
    with pytest.raises(asyncio.TimeoutError):
        await ws.receive()
    with pytest.raises(asyncio.TimeoutError):
        await ws.receive(timeout=0.001)
    assert (ws.closed, ws.close_code) == (False, None)
    wire.peer_sends(frame(1, b"late"))
    assert await ws.receive_str(timeout=0.001) == "late"
    await end(ws, wire)


async def test_pings_and_pongs_are_hidden_or_shown() -> None:
    ws, wire = make()
    wire.peer_sends(frame(9, b"a"), frame(10, b"b"), frame(1, b"c"))
    assert (await ws.receive()).data == "c"
    assert sent(wire, 10) == [b"a"]
    await end(ws, wire)
    ws, wire = make(autoping=False)
    wire.peer_sends(frame(9, b"a"), frame(10, b"b"))
    assert [(await ws.receive())[:2] for _ in range(2)] == [(WSMsgType.PING, b"a"), (WSMsgType.PONG, b"b")]
    assert sent(wire, 10) == []
    await end(ws, wire)


async def test_a_ping_is_answered_though_nobody_receives() -> None:
    ws, wire = make()
    wire.peer_sends(frame(9, b"?"))
    assert sent(wire, 10) == [b"?"]
    await end(ws, wire)


async def test_a_close_frame_is_answered_though_nobody_receives() -> None:
    ws, wire = make()
    wire.peer_sends(frame(1, b"last"), close_frame(1001))
    wire.peer_ends()
    await turns()
    assert sent(wire, 8) == [b"\x03\xe9"]
    assert wire.is_closing()
    # Not closed while there is something to receive; the message of the end is nothing.
    assert [ws.closed, await ws.receive_str(), ws.closed] == [False, "last", True]
    assert (await ws.receive()).type is WSMsgType.CLOSE


async def test_without_autoclose_the_application_answers() -> None:
    ws, wire = make(autoclose=False)
    wire.peer_sends(close_frame(1001))
    assert (await ws.receive())[:2] == (WSMsgType.CLOSE, 1001)
    assert (ws.closed, ws.close_code, sent(wire, 8)) == (False, 1001, [])
    await ws.send_str("one last word")
    closing = asyncio.ensure_future(ws.close(code=4000))
    await turns()
    assert sent(wire, 8) == [b"\x0f\xa0"]
    wire.peer_ends()
    assert await closing
    assert (await ws.receive()).type is WSMsgType.CLOSED


async def test_without_autoclose_receiving_once_more_closes() -> None:
    ws, wire = make(autoclose=False)
    wire.peer_sends(close_frame(1001))
    assert (await ws.receive()).type is WSMsgType.CLOSE
    receiving = asyncio.ensure_future(ws.receive())
    await turns()
    assert sent(wire, 8) == [b"\x03\xe8"]
    wire.peer_ends()
    assert (await receiving).type is WSMsgType.CLOSED


async def test_closing_wakes_the_task_that_receives() -> None:
    ws, wire = make()
    receiving = asyncio.ensure_future(ws.receive())
    await turns()
    closing = asyncio.ensure_future(ws.close())
    assert (await receiving).type is WSMsgType.CLOSING
    wire.peer_sends(frame(1, b"too late"), close_frame())
    wire.peer_ends()
    assert await closing
    assert (await ws.receive()).type is WSMsgType.CLOSED


async def test_all_who_close_wait_for_the_end() -> None:
    ws, wire = make()
    first, second = asyncio.ensure_future(ws.close()), asyncio.ensure_future(ws.close())
    await turns()
    assert not first.done()
    assert not second.done()
    wire.peer_sends(close_frame())
    wire.peer_ends()
    assert [await first, await second] == [True, False]
    assert len(sent(wire, 8)) == 1


@pytest.mark.parametrize(("code", "message"), [(1006, b""), (0, b""), (1000, b"x" * 124)])
async def test_a_close_that_may_not_be_sent_leaves_the_websocket_open(code: int, message: bytes) -> None:
    ws, wire = make()
    with pytest.raises(NotAllowed):
        await ws.close(code=code, message=message)
    assert not ws.closed
    await ws.send_str("still here")
    await end(ws, wire)


async def test_a_reason_may_be_text() -> None:
    ws, wire = make()
    closing = asyncio.ensure_future(ws.close(message="tschüß"))
    await turns()
    assert sent(wire, 8) == [b"\x03\xe8" + "tschüß".encode()]
    wire.peer_ends()
    await closing


async def test_a_peer_that_never_answers_the_close_is_aborted() -> None:
    ws, wire = make(timeout=ClientWSTimeout(ws_close=0.001))
    assert await ws.close()
    assert wire.was_aborted
    assert ws.close_code == 1006


async def test_a_cancelled_close_aborts() -> None:
    ws, wire = make()
    closing = asyncio.ensure_future(ws.close())
    await turns()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert wire.was_aborted
    assert (ws.closed, ws.close_code) == (True, 1006)
    assert await ws.close() is False


async def test_cancelling_one_who_only_waits_aborts_nothing() -> None:
    ws, wire = make()
    first, second = asyncio.ensure_future(ws.close()), asyncio.ensure_future(ws.close())
    await turns()
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert not wire.was_aborted
    wire.peer_sends(close_frame())
    wire.peer_ends()
    assert await first


async def test_aborting_ends_everything_at_once() -> None:
    ws, wire = make()
    receiving = asyncio.ensure_future(ws.receive())
    await turns()
    ws.abort()
    assert (await receiving).type is WSMsgType.CLOSED
    assert wire.was_aborted
    assert (ws.closed, ws.close_code) == (True, 1006)
    assert await ws.close() is False


async def test_a_broken_connection_ends_the_reader_after_what_was_received() -> None:
    ws, wire = make()
    wire.peer_sends(frame(1, b"last"))
    wire.peer_resets()
    assert not ws.closed
    assert await ws.receive_str() == "last"
    assert (await ws.receive()).type is WSMsgType.CLOSED
    assert isinstance(ws.exception(), ConnectionResetError)
    assert (ws.closed, ws.close_code) == (True, 1006)


async def test_a_broken_connection_is_closed_for_one_who_only_sends() -> None:
    ws, wire = make()
    wire.peer_resets()
    assert ws.closed
    with pytest.raises(ConnectionResetError):
        await ws.send_str("x")


async def test_the_end_of_the_stream_ends_the_reader() -> None:
    ws, wire = make()
    receiving = asyncio.ensure_future(ws.receive())
    await turns()
    wire.peer_ends()
    assert (await receiving).type is WSMsgType.CLOSED
    assert ws.close_code == 1006


SENDS: list[Callable[[WebSocket], Awaitable[None]]] = [
    lambda ws: ws.send_str("x"),
    lambda ws: ws.send_bytes(b"x"),
    lambda ws: ws.ping(),
    lambda ws: ws.pong(),
]


@pytest.mark.parametrize("send", SENDS)
async def test_nothing_is_sent_once_closing_has_begun(send: Callable[[WebSocket], Awaitable[None]]) -> None:
    ws, wire = make()
    closing = asyncio.ensure_future(ws.close())
    await turns()
    with pytest.raises(ConnectionClosed):
        await send(ws)
    wire.peer_ends()
    await closing


async def test_one_task_receives_at_a_time() -> None:
    ws, wire = make()
    first = asyncio.ensure_future(ws.receive())
    await turns()
    with pytest.raises(RuntimeError, match="another task"):
        await ws.receive()
    wire.peer_sends(frame(1, b"a"))
    assert (await first).data == "a"
    await end(ws, wire)


async def test_a_cancelled_receive_loses_no_message() -> None:
    ws, wire = make()
    receiving = asyncio.ensure_future(ws.receive())
    await turns()
    wire.peer_sends(frame(1, b"kept"))
    receiving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await receiving
    assert await ws.receive_str() == "kept"
    await end(ws, wire)


async def test_a_hundred_senders_never_interleave() -> None:
    ws, wire = make()
    ws.pause_writing()
    senders = [asyncio.ensure_future(ws.send_str(f"{number} " * 1000)) for number in range(100)]
    await turns()
    assert wire.frames == []
    ws.resume_writing()
    await asyncio.gather(*senders)
    assert sorted(sent(wire, 1)) == sorted(f"{number} ".encode() * 1000 for number in range(100))
    await end(ws, wire)


async def test_a_sender_cancelled_while_it_waits_has_sent_nothing() -> None:
    ws, wire = make()
    ws.pause_writing()
    sender = asyncio.ensure_future(ws.send_str("x"))
    await turns()
    sender.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sender
    ws.resume_writing()
    assert wire.frames == []
    await end(ws, wire)


async def test_closing_frees_senders_that_wait() -> None:
    ws, wire = make()
    ws.pause_writing()
    sender = asyncio.ensure_future(ws.send_str("x"))
    await turns()
    closing = asyncio.ensure_future(ws.close())
    with pytest.raises(ConnectionClosed):
        await sender
    wire.peer_ends()
    await closing


async def test_a_lost_connection_frees_senders_that_wait() -> None:
    ws, wire = make()
    ws.pause_writing()
    sender = asyncio.ensure_future(ws.send_str("x"))
    await turns()
    wire.peer_resets()
    with pytest.raises(ConnectionClosed):
        await sender


async def test_the_writer_limit_is_given_to_the_transport() -> None:
    ws, wire = make(writer_limit=777)
    assert wire.high_bytes == 777
    await end(ws, wire)


async def test_pings_of_a_peer_that_does_not_read_are_answered_once() -> None:
    ws, wire = make()
    ws.pause_writing()
    for number in range(10_000):
        wire.peer_sends(frame(9, str(number).encode()))
    assert wire.frames == []
    ws.resume_writing()
    assert sent(wire, 10) == [b"9999"]
    await end(ws, wire)


@pytest.mark.parametrize("payload", [b"", bytes(1000)], ids=["empty", "1000 bytes"])
async def test_unread_messages_stop_the_reading_and_none_is_lost(payload: bytes) -> None:
    ws, wire = make()
    rounds = 0
    while wire.is_reading():
        wire.peer_sends(*[frame(2, payload)] * 100)
        rounds += 1
    assert rounds <= 11
    for _ in range(rounds * 100):
        assert await ws.receive_bytes() == payload
    assert wire.is_reading()
    await end(ws, wire)


async def test_one_read_full_of_messages_is_decoded_only_as_far_as_there_is_room() -> None:
    ws, wire = make()
    wire.peer_sends(frame(2) * 20_000)
    assert not wire.is_reading()
    assert len(ws._inflow) < 2000
    for _ in range(20_000):
        await ws.receive_bytes()
    assert wire.is_reading()
    await end(ws, wire)


async def test_messages_still_undecoded_when_the_connection_ends_are_delivered() -> None:
    ws, wire = make()
    wire.peer_sends(frame(2) * 5000)
    wire.peer_ends()
    await turns()
    assert not ws.closed
    count = 0
    async for _ in ws:
        count += 1
    assert count == 5000
    assert ws.close_code == 1006


async def test_closing_reads_past_everything_unread_to_the_answer() -> None:
    ws, wire = make()
    wire.peer_sends(frame(2) * 5000, close_frame(1001))
    assert not wire.is_reading()
    closing = asyncio.ensure_future(ws.close())
    await turns()
    wire.peer_ends()
    assert await closing
    assert ws.close_code == 1001


async def test_a_flood_of_pings_in_one_read_is_followed_by_the_data() -> None:
    ws, wire = make()
    wire.peer_sends(frame(9) * 5000, frame(1, b"data"))
    assert await ws.receive_str(timeout=1) == "data"
    await end(ws, wire)


@pytest.mark.parametrize("excess", [-1, 0, 1, 2])
async def test_the_message_limit(excess: int) -> None:
    ws, wire = make(max_msg_size=1000)
    wire.peer_sends(frame(2, bytes(1000 + excess)))
    wire.peer_ends()
    message = await ws.receive()
    assert message.type is (WSMsgType.ERROR if excess > 0 else WSMsgType.BINARY)
    if excess > 0:
        assert ws.close_code == 1009
        assert sent(wire, 8) == [b"\x03\xf1"]


async def test_zero_is_no_message_limit() -> None:
    ws, wire = make(max_msg_size=0)
    wire.peer_sends(frame(2, bytes(5_000_000)))
    assert len(await ws.receive_bytes()) == 5_000_000
    await end(ws, wire)


async def test_text_may_stay_bytes() -> None:
    ws, wire = make(decode_text=False)
    wire.peer_sends(frame(1, b"[1]"))
    message = await ws.receive()
    assert (message.data, message.json()) == (b"[1]", [1])
    await end(ws, wire)


async def test_a_silent_peer_is_pinged_and_given_up_though_nobody_receives() -> None:
    ws, wire = make(heartbeat=0.02)
    gone = asyncio.ensure_future(ws._farewell.wait()) if ws._farewell else None
    assert gone is not None
    await gone
    assert sent(wire, 9) == [b""]
    assert wire.was_aborted
    assert isinstance(ws.exception(), HeartbeatTimeout)
    message = await ws.receive()
    assert (message.type, message.data) == (WSMsgType.ERROR, ws.exception())
    assert (ws.closed, ws.close_code) == (True, 1006)


async def test_a_silent_peer_ends_the_reader() -> None:
    ws, _ = make(heartbeat=0.02)
    messages = [message async for message in ws]
    assert [message.type for message in messages] == [WSMsgType.ERROR]
    assert isinstance(messages[0].data, HeartbeatTimeout)
    assert messages[0].data.seconds == 0.01


class Ponging(MemoryTransport):
    """A peer that answers each ping, and tells after the third."""

    pings = 0
    done: "asyncio.Future[None]"

    def write(self, data: bytes | bytearray | memoryview) -> None:
        super().write(data)
        if self.frames[-1].opcode == 9:
            self.pings += 1
            self.peer_sends(frame(10))
            if self.pings == 3:
                self.done.set_result(None)


async def test_a_peer_that_answers_is_kept() -> None:
    ws = WebSocket(Agreement(), heartbeat=0.01)
    wire = Ponging(ws)
    wire.done = asyncio.get_running_loop().create_future()
    ws.connection_made(wire)
    await wire.done
    assert not ws.closed
    await end(ws, wire)


async def test_the_heartbeat_does_not_judge_while_this_side_does_not_read() -> None:
    ws, wire = make(heartbeat=0.01)
    wire.peer_sends(frame(2) * 5000)
    assert not wire.is_reading()
    heartbeat = ws._heartbeat
    assert heartbeat is not None
    loop = asyncio.get_running_loop()
    for _ in range(10):  # as many beats as it likes
        heartbeat.due = loop.time()
        ws._on_heartbeat(loop)
    assert not wire.was_aborted
    assert sent(wire, 9) == []
    await end(ws, wire)


async def test_a_subclass_may_close_in_its_own_way() -> None:
    class Own(WebSocket):
        async def close(self, *, code: int = 4000, message: bytes | str = b"") -> bool:
            return await super().close(code=code, message=message)

        def closed_fault(self) -> Exception:
            return LookupError("gone")

    ws = Own(Agreement())
    wire = MemoryTransport(ws)
    ws.connection_made(wire)
    closing = asyncio.ensure_future(ws.close())
    await turns()
    assert sent(wire, 8) == [b"\x0f\xa0"]
    with pytest.raises(LookupError):
        await ws.send_str("x")
    wire.peer_ends()
    await closing


async def test_what_the_transport_knows() -> None:
    ws, wire = make()
    assert ws.get_extra_info("peername") == ("192.0.2.1", 80)
    assert ws.get_extra_info("nothing", 5) == 5
    await end(ws, wire)


async def test_nothing_is_left_behind() -> None:
    ws, wire = make(heartbeat=1000.0)
    await end(ws, wire)
    assert ws._heartbeat_timer is None
    assert ws._farewell is not None
    assert ws._farewell._timers == []
    del ws, wire
    gc.collect()
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


CANCEL_SCRIPTS: list[Callable[[WebSocket], Awaitable[object]]] = [
    lambda ws: ws.receive(),
    lambda ws: ws.receive(timeout=5),
    lambda ws: ws.close(),
    lambda ws: ws.send_str("x" * 100),
]


@pytest.mark.parametrize("script", CANCEL_SCRIPTS)
@pytest.mark.parametrize("after", range(4))
async def test_cancelled_anywhere_it_can_still_be_closed(
    script: Callable[[WebSocket], Awaitable[object]], after: int
) -> None:
    ws, wire = make()
    ws.pause_writing()
    task = asyncio.ensure_future(script(ws))
    for _ in range(after):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    await end(ws, wire)
    assert ws.closed
    assert wire.is_closing()
    assert (await ws.receive()) == WSMessage(WSMsgType.CLOSED, None, None)
