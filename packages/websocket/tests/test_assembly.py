"""Messages from fragments: limits over all of them, text checked as it comes."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_websocket import DeflateParameters, WebSocketError, WSMessage, WSMsgType
from whimbrel_websocket._assembly import Assembler, _Binary
from whimbrel_websocket._frames import BINARY, CONTINUATION, TEXT
from whimbrel_websocket.deflate import Deflater, Inflater


def make(limit: int = 0, *, fragments: int = 200_000, decode_text: bool = True) -> Assembler:
    return Assembler(
        max_message_bytes=limit,
        max_fragments=fragments,
        inflater=Inflater(DeflateParameters()),
        decode_text=decode_text,
    )


def assemble(assembler: Assembler, opcode: int, pieces: list[bytes], *, packed: bool) -> WSMessage | None:
    """Give each piece as a frame of its own."""
    message = None
    for number, piece in enumerate(pieces):
        assembler.begin_frame(CONTINUATION if number else opcode, len(piece), is_compressed=packed)
        message = assembler.add(piece, is_last=number == len(pieces) - 1)
    return message


def cut(data: bytes, count: int) -> list[bytes]:
    """Cut into `count` pieces, the later ones empty when there is too little."""
    step = max(1, -(-len(data) // count))
    pieces = [data[i : i + step] for i in range(0, len(data), step)]
    return pieces + [b""] * (count - len(pieces))


LIMIT = 100_000


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "compressed"])
@pytest.mark.parametrize("count", [1, 2, 100_000])
@pytest.mark.parametrize("excess", [-1, 0, 1, 2])
@pytest.mark.parametrize("opcode", [TEXT, BINARY], ids=["text", "binary"])
def test_the_limit_holds_over_all_fragments(opcode: int, excess: int, count: int, packed: bool) -> None:
    data = b"x" * (LIMIT + excess)
    wire = Deflater(DeflateParameters()).deflate(data) if packed else data
    assembler = make(LIMIT)
    if excess > 0:
        with pytest.raises(WebSocketError, match="limit of 100000 bytes") as caught:
            assemble(assembler, opcode, cut(wire, count), packed=packed)
        assert (caught.value.code, caught.value.limit) == (1009, LIMIT)
    else:
        message = assemble(assembler, opcode, cut(wire, count), packed=packed)
        assert message is not None
        assert len(message.data) == LIMIT + excess


def test_a_claim_above_the_limit_is_refused_before_any_payload() -> None:
    with pytest.raises(WebSocketError) as caught:
        make(10).begin_frame(BINARY, 11, is_compressed=False)
    assert caught.value.code == 1009
    with pytest.raises(WebSocketError) as caught:
        make(10).begin_frame(BINARY, 1 << 40, is_compressed=True)
    assert caught.value.code == 1009


def test_compressed_bytes_that_expand_to_nothing_are_bounded_too() -> None:
    assembler = make(10)
    nothing = b"\x00\x00\x00\xff\xff" * 100  # the wire may carry 1044 bytes
    assembler.begin_frame(BINARY, len(nothing), is_compressed=True)
    assembler.add(nothing, is_last=False)
    assembler.begin_frame(CONTINUATION, len(nothing), is_compressed=False)
    assembler.add(nothing, is_last=False)
    with pytest.raises(WebSocketError, match="limit of 10 bytes"):
        assembler.begin_frame(CONTINUATION, len(nothing), is_compressed=False)


def test_fragments_are_counted() -> None:
    assert assemble(make(fragments=3), BINARY, [b"", b"", b"x"], packed=False) is not None
    with pytest.raises(WebSocketError, match="limit of 3 fragments") as caught:
        assemble(make(fragments=3), BINARY, [b"", b"", b"", b"x"], packed=False)
    assert caught.value.code == 1009


def test_without_a_limit_any_size_passes() -> None:
    message = assemble(make(), BINARY, [bytes(5_000_000), bytes(1)], packed=False)
    assert message is not None
    assert len(message.data) == 5_000_001


def test_the_next_message_starts_from_nothing() -> None:
    assembler = make(5)
    for _ in range(3):
        assert assemble(assembler, TEXT, [b"sho", b"re"], packed=False) == (WSMsgType.TEXT, "shore", "")


def test_a_whole_binary_message_is_not_copied() -> None:
    payload = bytes(1000)
    message = assemble(make(), BINARY, [payload], packed=False)
    assert message is not None
    assert message.data is payload


def test_single_octets_do_not_cost_an_object_each() -> None:
    assembler = make()
    assembler.begin_frame(BINARY, 100_001, is_compressed=False)
    for _ in range(100_000):
        assembler.add(b"x", is_last=False)
    gathered = assembler._gathered
    assert isinstance(gathered, _Binary)
    assert len(gathered._pieces) < 10
    assert sum(map(sys.getsizeof, (*gathered._pieces, gathered._small))) < 250_000
    message = assembler.add(b"x", is_last=True)
    assert message is not None
    assert message.data == b"x" * 100_001


DISORDER = [
    pytest.param([], CONTINUATION, id="continuation first"),
    pytest.param([(TEXT, True)], CONTINUATION, id="continuation after the end"),
    pytest.param([(TEXT, False)], TEXT, id="text in text"),
    pytest.param([(BINARY, False), (CONTINUATION, False)], BINARY, id="binary in binary"),
]


@pytest.mark.parametrize(("before", "wrong"), DISORDER)
def test_fragments_out_of_order_are_refused(before: list[tuple[int, bool]], wrong: int) -> None:
    assembler = make()
    for opcode, is_final in before:
        assembler.begin_frame(opcode, 1, is_compressed=False)
        assembler.add(b"x", is_last=is_final)
    with pytest.raises(WebSocketError, match=r"RFC 6455 5\.4") as caught:
        assembler.begin_frame(wrong, 1, is_compressed=False)
    assert caught.value.code == 1002


TEXTS = ["", "shore", "κόσμε", "\U0010ffff€ä", "\ufeffmark", "a\r\nb\rc"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("decode_text", [True, False])
def test_text_cut_anywhere_is_the_same_text(text: str, decode_text: bool) -> None:
    data = text.encode()
    for place in range(len(data) + 1):
        message = assemble(make(decode_text=decode_text), TEXT, [data[:place], data[place:]], packed=False)
        assert message == (WSMsgType.TEXT, text if decode_text else data, "")


NOT_TEXT = [
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xe2\x82",
    b"ok\x80",
    b"\xf8\x88\x80\x80\x80",
]


@pytest.mark.parametrize("data", NOT_TEXT)
@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("decode_text", [True, False])
def test_what_is_not_utf_8_is_refused(data: bytes, count: int, decode_text: bool) -> None:
    with pytest.raises(WebSocketError, match="not UTF-8") as caught:
        assemble(make(decode_text=decode_text), TEXT, cut(data, count), packed=False)
    assert caught.value.code == 1007


def test_a_fault_in_text_is_seen_before_the_message_ends() -> None:
    assembler = make()
    assembler.begin_frame(TEXT, 1000, is_compressed=False)
    with pytest.raises(WebSocketError, match="not UTF-8"):
        assembler.add(b"fine \xff", is_last=False)


@given(st.binary(max_size=20_000), st.integers(1, 30), st.booleans())
def test_any_fragments_give_the_same_message(data: bytes, count: int, packed: bool) -> None:
    wire = Deflater(DeflateParameters()).deflate(data) if packed else data
    message = assemble(make(20_000), BINARY, cut(wire, count), packed=packed)
    assert message == (WSMsgType.BINARY, data, "")
