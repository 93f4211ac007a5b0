"""The core: dialogues in bytes, whatever the cuts."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_websocket import (
    Agreement,
    ClientProtocol,
    ConnectionClosed,
    DeflateParameters,
    NotAllowed,
    WebSocketError,
    WSMessage,
    WSMsgType,
)
from whimbrel_websocket.deflate import Deflater
from whimbrel_websocket.testing import ServerSide

PACKED = Agreement(deflate=DeflateParameters())
frame = ServerSide.frame


def kinds(messages: list[WSMessage]) -> list[str]:
    return [message.type.name for message in messages]


def sent(data: bytes) -> tuple[int, bytes]:
    """Return opcode and payload of the one frame that was sent."""
    (only,) = ServerSide().feed(data)
    assert only.key is not None
    assert only.is_final
    return only.opcode, only.payload


def test_a_plain_dialogue() -> None:
    core = ClientProtocol()
    assert core.feed(frame(1, b"hello")) == [(WSMsgType.TEXT, "hello", "")]
    assert core.feed(frame(2, b"\x00") + frame(1, b"")) == [
        (WSMsgType.BINARY, b"\x00", ""),
        (WSMsgType.TEXT, "", ""),
    ]
    assert sent(core.send_text("schön")) == (1, "schön".encode())
    assert sent(core.send_binary(bytearray(b"\xff"))) == (2, b"\xff")
    assert sent(core.send_encoded_text("schön".encode())) == (1, "schön".encode())
    assert (core.close_code, core.close_sent, core.close_received) == (None, False, False)


def test_control_frames_come_between_fragments() -> None:
    core = ClientProtocol()
    wire = frame(1, b"a", is_final=False) + frame(9, b"p") + frame(0, b"b", is_final=False) + frame(10, b"q")
    messages = core.feed(wire + frame(0, b"c"))
    assert messages == [(WSMsgType.PING, b"p", ""), (WSMsgType.PONG, b"q", ""), (WSMsgType.TEXT, "abc", "")]


def test_a_ping_is_answered_with_its_payload() -> None:
    core = ClientProtocol()
    (ping,) = core.feed(frame(9, b"x" * 125))
    assert sent(core.answer(ping)) == (10, b"x" * 125)


@pytest.mark.parametrize("kind", [1, 2, 10])
def test_other_messages_need_no_answer(kind: int) -> None:
    core = ClientProtocol()
    (message,) = core.feed(frame(kind, b"x"))
    assert core.answer(message) == b""


@pytest.mark.parametrize(
    ("wire", "expected", "echoed"),
    [
        (frame(8), (WSMsgType.CLOSE, 1005, ""), b""),
        (ServerSide.close_frame(1000, b"bye"), (WSMsgType.CLOSE, 1000, "bye"), b"\x03\xe8"),
        (ServerSide.close_frame(4999), (WSMsgType.CLOSE, 4999, ""), b"\x13\x87"),
    ],
)
def test_a_close_frame_is_echoed(wire: bytes, expected: tuple[WSMsgType, int, str], echoed: bytes) -> None:
    core = ClientProtocol()
    (message,) = core.feed(wire)
    assert tuple(message) == expected
    assert sent(core.answer(message)) == (8, echoed)
    assert core.answer(message) == b""
    assert core.close_code == expected[1]
    assert core.close_received
    assert core.close_sent


def test_nothing_is_read_after_a_close_frame() -> None:
    core = ClientProtocol()
    assert kinds(core.feed(ServerSide.close_frame() + frame(1, b"late"))) == ["CLOSE"]
    assert core.feed(frame(1, b"later")) == []
    assert core.feed_eof() == []


def test_data_still_arrives_after_this_side_said_goodbye() -> None:
    core = ClientProtocol()
    assert sent(core.send_close(1000, b"done")) == (8, b"\x03\xe8done")
    messages = core.feed(frame(1, b"on its way") + frame(9) + ServerSide.close_frame(1001))
    assert kinds(messages) == ["TEXT", "PING", "CLOSE"]
    assert [core.answer(message) for message in messages] == [b"", b"", b""]
    assert core.close_code == 1001


@pytest.mark.parametrize("verb", ["send_text", "send_binary", "send_ping", "send_pong", "send_close"])
def test_nothing_is_sent_after_a_close_frame(verb: str) -> None:
    core = ClientProtocol()
    core.send_close()
    with pytest.raises(ConnectionClosed):
        getattr(core, verb)(*([""] if verb == "send_text" else [b""] if verb == "send_binary" else []))


def test_the_end_without_a_close_frame_is_1006() -> None:
    core = ClientProtocol()
    core.feed(frame(1, b"half")[:3])
    assert core.feed_eof() == [(WSMsgType.CLOSED, None, None)]
    assert core.close_code == 1006
    assert core.feed_eof() == []


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        pytest.param(frame(1, b"x", key=b"abcd"), 1002, id="masked"),
        pytest.param(frame(1, b"x", reserved=4), 1002, id="compressed without agreement"),
        pytest.param(frame(0), 1002, id="stray continuation"),
        pytest.param(frame(1, b"\xff"), 1007, id="not UTF-8"),
        pytest.param(frame(8, b"\x03\xe8\xff"), 1007, id="reason not UTF-8"),
        pytest.param(frame(8, b"\x03"), 1002, id="close frame of one byte"),
        pytest.param(frame(2, bytes(101)), 1009, id="too big"),
    ],
)
def test_a_fault_comes_last_and_its_code_is_sent(wire: bytes, code: int) -> None:
    core = ClientProtocol(max_message_bytes=100)
    first, last = core.feed(frame(1, b"before") + wire + frame(1, b"after"))
    assert first.data == "before"
    assert last.type is WSMsgType.ERROR
    assert isinstance(last.data, WebSocketError)
    assert sent(core.answer(last)) == (8, code.to_bytes(2, "big"))
    assert core.close_code == code
    assert core.feed(frame(1, b"injected")) == []


def test_after_a_fault_nothing_is_kept() -> None:
    core = ClientProtocol()
    core.feed(frame(2, bytes(100_000), is_final=False))
    core.feed(b"\xff\xff")
    for _ in range(10):
        core.feed(bytes(100_000))
    assert core._frames.unread == 0
    assert core._assembler._gathered is None


@pytest.mark.parametrize("size", [126, 1000])
def test_long_control_frames_are_not_sent(size: int) -> None:
    core = ClientProtocol()
    for send in (core.send_ping, core.send_pong):
        with pytest.raises(NotAllowed, match=r"RFC 6455 5\.5"):
            send(bytes(size))


def test_what_may_not_be_sent_leaves_the_state_alone() -> None:
    core = ClientProtocol()
    with pytest.raises(NotAllowed):
        core.send_close(1006)
    with pytest.raises(NotAllowed):
        core.send_close(None, b"reason")
    with pytest.raises(NotAllowed):
        core.send_encoded_text(b"\xff")
    with pytest.raises(UnicodeEncodeError):
        core.send_text("\ud800")
    assert not core.close_sent


def test_compression_is_used_when_agreed() -> None:
    core = ClientProtocol(PACKED)
    (packed,) = ServerSide().feed(core.send_text("shore" * 100))
    assert packed.reserved == 4
    assert len(packed.payload) < 50
    deflater = Deflater(DeflateParameters())
    wire = frame(1, deflater.deflate(b"shore" * 100), reserved=4) + frame(1, b"plain")
    assert [message.data for message in core.feed(wire)] == ["shore" * 100, "plain"]


@pytest.mark.parametrize(
    ("agreement", "text", "compress"),
    [
        (Agreement(), "shore", True),
        (PACKED, "shore", False),
        (PACKED, "", True),
        (Agreement(deflate=DeflateParameters(client_window_bits=8)), "shore", True),
    ],
    ids=["not agreed", "not wanted", "empty", "window too small for zlib"],
)
def test_a_message_may_travel_as_it_is(agreement: Agreement, text: str, compress: bool) -> None:
    wire = ClientProtocol(agreement).send_text(text, compress=compress)
    (plain,) = ServerSide().feed(wire)
    assert (plain.reserved, plain.payload) == (0, text.encode())


def test_batches_bound_what_one_read_can_become() -> None:
    core = ClientProtocol(PACKED, batch_bytes=100_000)
    deflater = Deflater(DeflateParameters(client_no_context_takeover=True))
    bomb = frame(2, deflater.deflate(bytes(50_000)), reserved=4)
    messages = core.feed(bomb * 20)
    assert len(messages) == 2
    rounds = 1
    while core.has_backlog:
        more = core.feed(b"")
        assert len(more) <= 2
        messages += more
        rounds += 1
    assert (len(messages), rounds) == (20, 10)


def test_empty_messages_count_in_a_batch_too() -> None:
    core = ClientProtocol(batch_bytes=128 * 10)
    assert len(core.feed(frame(1) * 1000)) == 10
    assert core.has_backlog
    assert len(core.feed(frame(1))) == 10


def test_text_may_stay_bytes() -> None:
    core = ClientProtocol(decode_text=False)
    assert core.feed(frame(1, "ä".encode())) == [(WSMsgType.TEXT, "ä".encode(), "")]
    assert kinds(core.feed(frame(1, b"\xff"))) == ["ERROR"]


def _packed_wire() -> bytes:
    deflater = Deflater(DeflateParameters())
    first, second = deflater.deflate(b"shore " * 50), deflater.deflate("küste ".encode() * 300)
    return b"".join(
        (
            frame(1, first[:5], is_final=False, reserved=4),
            frame(9, b"ping"),
            frame(0, first[5:]),
            frame(2, bytes(300)),
            frame(1, "ebbe und flut: ≈".encode()),
            frame(1, second, reserved=4),
            frame(10, b"pong"),
            ServerSide.close_frame(1001, "ciào".encode()),
        )
    )


WIRE = _packed_wire()
MESSAGES = ClientProtocol(PACKED).feed(WIRE)


def test_the_wire_of_the_cuts_is_understood() -> None:
    assert kinds(MESSAGES) == ["PING", "TEXT", "BINARY", "TEXT", "TEXT", "PONG", "CLOSE"]


def test_byte_by_byte_gives_the_same_messages() -> None:
    core = ClientProtocol(PACKED)
    assert [message for octet in WIRE for message in core.feed(bytes((octet,)))] == MESSAGES


@given(st.lists(st.integers(0, len(WIRE)), max_size=10), st.sampled_from([0, 1, 300]))
def test_any_cut_and_any_batch_gives_the_same_messages(cuts: list[int], batch: int) -> None:
    core = ClientProtocol(PACKED, batch_bytes=batch)
    places = [0, *sorted(cuts), len(WIRE)]
    messages: list[WSMessage] = []
    for start, end in pairwise(places):
        messages += core.feed(WIRE[start:end])
        while core.has_backlog:
            messages += core.feed(b"")
    assert messages == MESSAGES


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes_give_messages_or_one_error_and_cuts_do_not_matter(pieces: list[bytes]) -> None:
    whole, cut = ClientProtocol(PACKED, max_message_bytes=500), ClientProtocol(PACKED, max_message_bytes=500)
    expected = whole.feed(b"".join(pieces))
    messages = [message for piece in pieces for message in cut.feed(piece)]
    assert kinds(messages) == kinds(expected)
    assert kinds(messages).count("ERROR") <= 1
    # Of two faults in one frame the one that is seen first may depend on the cuts.
    assert (whole.close_code is None) == (cut.close_code is None)


@given(st.text(max_size=300), st.booleans())
def test_what_is_sent_is_what_a_server_reads(text: str, compress: bool) -> None:
    core = ClientProtocol(PACKED)
    (only,) = ServerSide().feed(core.send_text(text, compress=compress))
    reader = ClientProtocol(PACKED)
    wire = frame(only.opcode, only.payload, reserved=only.reserved)
    assert reader.feed(wire) == [(WSMsgType.TEXT, text, "")]
