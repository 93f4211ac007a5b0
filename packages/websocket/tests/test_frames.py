"""Frames: what a client writes and what it accepts from a server."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_websocket import WebSocketError
from whimbrel_websocket._frames import BINARY, CLOSE, TEXT, FrameReader, encode_frame
from whimbrel_websocket.testing import ClientFrame, ServerSide

KEY = b"\x01\x02\x03\x04"
SIZES = [0, 1, 125, 126, 127, 65535, 65536, 70000]


@pytest.mark.parametrize("size", SIZES)
def test_a_written_frame_is_read_by_a_server(size: int) -> None:
    payload = bytes(range(256)) * (size // 256 + 1)
    wire = encode_frame(BINARY, payload[:size], KEY)
    expected = ClientFrame(BINARY, payload[:size], KEY, is_final=True, reserved=0)
    assert ServerSide().feed(wire) == [expected]


@pytest.mark.parametrize(("size", "head"), [(125, 2), (126, 4), (65535, 4), (65536, 10)])
def test_sizes_are_written_in_their_shortest_form(size: int, head: int) -> None:
    assert len(encode_frame(TEXT, bytes(size), KEY)) == head + 4 + size


def test_a_compressed_frame_sets_the_first_reserved_bit() -> None:
    assert encode_frame(TEXT, b"x", KEY, compressed=True)[0] == 0b1100_0001


def read_all(pieces: list[bytes]) -> list[tuple[int, bool, bool, bytes]]:
    reader = FrameReader(may_compress=True)
    frames: list[tuple[int, bool, bool, bytes]] = []
    payload = b""
    for piece in pieces:
        reader.push(piece)
        while reader.is_open or reader.read_head():
            payload += reader.take()
            if reader.is_open:
                break
            frames.append((reader.opcode, reader.is_final, reader.is_compressed, payload))
            payload = b""
    return frames


@pytest.mark.parametrize("size", SIZES)
def test_a_servers_frame_is_read(size: int) -> None:
    wire = ServerSide.frame(TEXT, bytes(size), is_final=False, reserved=4)
    assert read_all([wire]) == [(TEXT, False, True, bytes(size))]


WIRE = b"".join(
    (
        ServerSide.frame(TEXT, b"sho", is_final=False),
        ServerSide.frame(9, b"ping"),
        ServerSide.frame(0, b"re" * 100),
        ServerSide.frame(BINARY, bytes(70000)),
        ServerSide.frame(CLOSE),
    )
)
FRAMES = read_all([WIRE])


@given(st.lists(st.integers(min_value=0, max_value=len(WIRE)), max_size=12))
def test_any_cut_gives_the_same_frames(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(WIRE)]
    assert read_all([WIRE[a:b] for a, b in pairwise(places)]) == FRAMES


def test_byte_by_byte_gives_the_same_frames() -> None:
    wire = WIRE[:300]
    assert read_all([wire[i : i + 1] for i in range(len(wire))]) == read_all([wire])


def test_a_whole_read_inside_a_frame_is_not_copied() -> None:
    reader = FrameReader(may_compress=False)
    reader.push(ServerSide.frame(BINARY, bytes(1000))[:4])
    assert reader.read_head()
    piece = bytes(600)
    reader.push(piece)
    assert reader.take() is piece
    assert reader.left == 400


REFUSED = [
    pytest.param(b"\x81\x80", "RFC 6455 5.1", id="5.1 a masked frame"),
    pytest.param(b"\x91\x00", "RFC 6455 5.2", id="5.2 third reserved bit"),
    pytest.param(b"\xa1\x00", "RFC 6455 5.2", id="5.2 second reserved bit"),
    pytest.param(b"\xf1\x00", "RFC 6455 5.2", id="5.2 all reserved bits"),
    *(
        pytest.param(bytes((0x80 | opcode, 0)), "RFC 6455 5.2", id=f"5.2 reserved opcode {opcode}")
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    ),
    pytest.param(b"\x82\x7e\x00\x7d", "RFC 6455 5.2", id="5.2 125 in 16 bits"),
    pytest.param(b"\x82\x7f" + (65535).to_bytes(8, "big"), "RFC 6455 5.2", id="5.2 65535 in 64 bits"),
    pytest.param(b"\x82\x7f" + (1 << 63).to_bytes(8, "big"), "RFC 6455 5.2", id="5.2 most significant bit"),
    pytest.param(b"\x82\x7f" + b"\xff" * 8, "RFC 6455 5.2", id="5.2 all 64 bits"),
    *(
        pytest.param(bytes((opcode, 0)), "RFC 6455 5.5", id=f"5.5 fragmented control {opcode}")
        for opcode in (8, 9, 10)
    ),
    *(
        pytest.param(bytes((0x80 | opcode, size)), "RFC 6455 5.5", id=f"5.5 long control {opcode} {size}")
        for opcode in (8, 9, 10)
        for size in (126, 127)
    ),
]


@pytest.mark.parametrize(("wire", "rule"), REFUSED)
def test_a_head_that_breaks_a_rule_is_refused(wire: bytes, rule: str) -> None:
    reader = FrameReader(may_compress=True)
    reader.push(wire)
    with pytest.raises(WebSocketError) as caught:
        reader.read_head()
    assert (caught.value.code, caught.value.rule) == (1002, rule)


@pytest.mark.parametrize("first", [0xC0, 0xC8, 0xC9, 0xCA], ids=["continuation", "close", "ping", "pong"])
def test_the_compression_bit_stands_only_where_a_message_begins(first: int) -> None:
    reader = FrameReader(may_compress=True)
    reader.push(bytes((first, 0)))
    with pytest.raises(WebSocketError, match=r"RFC 7692 6\.1"):
        reader.read_head()


def test_the_compression_bit_needs_an_agreement() -> None:
    reader = FrameReader(may_compress=False)
    reader.push(b"\xc1\x00")
    with pytest.raises(WebSocketError, match=r"not negotiated.*RFC 6455 5\.2"):
        reader.read_head()
