"""Compression: which answers of a server are an agreement, and what expands to what."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_websocket import DeflateOffer, DeflateParameters, NotAllowed, WebSocketError
from whimbrel_websocket.deflate import Deflater, ExtensionRefused, Inflater, agree

PLAIN = DeflateOffer()
NARROW = DeflateOffer(server_window_bits=10, client_window_bits=11)
FORGETFUL = DeflateOffer(server_no_context_takeover=True, client_no_context_takeover=True)


@pytest.mark.parametrize(
    ("offer", "value"),
    [
        (PLAIN, "permessage-deflate; client_max_window_bits"),
        (NARROW, "permessage-deflate; client_max_window_bits=11; server_max_window_bits=10"),
        (
            FORGETFUL,
            (
                "permessage-deflate; client_max_window_bits; "
                "server_no_context_takeover; client_no_context_takeover"
            ),
        ),
    ],
)
def test_an_offer_is_written(offer: DeflateOffer, value: str) -> None:
    assert offer.field_value() == value


@pytest.mark.parametrize("bits", [-1, 0, 8, 16])
def test_windows_that_zlib_cannot_write_are_not_offered(bits: int) -> None:
    with pytest.raises(NotAllowed, match="between 9 and 15"):
        DeflateOffer(client_window_bits=bits)
    with pytest.raises(NotAllowed, match="between 9 and 15"):
        DeflateOffer(server_window_bits=bits)


P = DeflateParameters
AGREED = [
    (PLAIN, b"permessage-deflate", P()),
    (PLAIN, b"Permessage-Deflate", P()),
    (PLAIN, b"permessage-deflate ; server_max_window_bits = 12", P(server_window_bits=12)),
    (PLAIN, b"permessage-deflate; server_max_window_bits=8", P(server_window_bits=8)),
    (PLAIN, b'permessage-deflate; server_max_window_bits="9"', P(server_window_bits=9)),
    (PLAIN, b"permessage-deflate; client_max_window_bits=8", P(client_window_bits=8)),
    (PLAIN, b"permessage-deflate; client_max_window_bits=15", P()),
    (PLAIN, b"permessage-deflate; server_no_context_takeover", P(server_no_context_takeover=True)),
    (PLAIN, b"permessage-deflate; client_no_context_takeover", P(client_no_context_takeover=True)),
    (PLAIN, b"permessage-deflate; CLIENT_No_Context_Takeover", P(client_no_context_takeover=True)),
    (
        PLAIN,
        (
            b"permessage-deflate; client_max_window_bits=9; server_max_window_bits=10; "
            b"server_no_context_takeover; client_no_context_takeover"
        ),
        P(10, 9, server_no_context_takeover=True, client_no_context_takeover=True),
    ),
    (NARROW, b"permessage-deflate; server_max_window_bits=10", P(10, 11)),
    (NARROW, b"permessage-deflate; server_max_window_bits=9; client_max_window_bits=10", P(9, 10)),
    (
        FORGETFUL,
        b"permessage-deflate; server_no_context_takeover",
        P(server_no_context_takeover=True, client_no_context_takeover=True),
    ),
]


@pytest.mark.parametrize(("offer", "answer", "parameters"), AGREED)
def test_an_answer_within_the_offer_is_accepted(
    offer: DeflateOffer, answer: bytes, parameters: DeflateParameters
) -> None:
    assert agree(offer, answer) == parameters


REFUSED = [
    (PLAIN, b""),
    (PLAIN, b"x-webkit-deflate-frame"),
    (PLAIN, b"permessage-deflate;"),
    (PLAIN, b"permessage-deflate;;"),
    (PLAIN, b"permessage-deflate; unknown"),
    (PLAIN, b"permessage-deflate; unknown=1"),
    (PLAIN, b"permessage-deflate; server_max_window_bits"),
    (PLAIN, b"permessage-deflate; server_max_window_bits="),
    (PLAIN, b'permessage-deflate; server_max_window_bits=""'),
    (PLAIN, b'permessage-deflate; server_max_window_bits="'),
    (PLAIN, b"permessage-deflate; server_max_window_bits=7"),
    (PLAIN, b"permessage-deflate; server_max_window_bits=16"),
    (PLAIN, b"permessage-deflate; server_max_window_bits=0"),
    (PLAIN, b"permessage-deflate; server_max_window_bits=-9"),
    (PLAIN, b"permessage-deflate; server_max_window_bits=+9"),
    (PLAIN, b"permessage-deflate; server_max_window_bits=09"),
    (PLAIN, b"permessage-deflate; server_max_window_bits=1_0"),
    (PLAIN, b"permessage-deflate; server_max_window_bits=1 0"),
    (PLAIN, b"permessage-deflate; server_max_window_bits=10.0"),
    (PLAIN, "permessage-deflate; server_max_window_bits=\u0661\u0660".encode()),
    (PLAIN, b"permessage-deflate; server_max_window_bits=99999999999999999999"),
    (PLAIN, b"permessage-deflate; client_max_window_bits"),
    (PLAIN, b"permessage-deflate; client_max_window_bits=7"),
    (PLAIN, b"permessage-deflate; client_max_window_bits=16"),
    (PLAIN, b"permessage-deflate; server_no_context_takeover=1"),
    (PLAIN, b"permessage-deflate; client_no_context_takeover="),
    (PLAIN, b"permessage-deflate; server_no_context_takeover; server_no_context_takeover"),
    (PLAIN, b"permessage-deflate; server_max_window_bits=10; server_max_window_bits=10"),
    (NARROW, b"permessage-deflate"),
    (NARROW, b"permessage-deflate; server_max_window_bits=11"),
    (NARROW, b"permessage-deflate; server_max_window_bits=10; client_max_window_bits=12"),
    (FORGETFUL, b"permessage-deflate; client_no_context_takeover"),
]


@pytest.mark.parametrize(("offer", "answer"), REFUSED)
def test_any_other_answer_is_refused(offer: DeflateOffer, answer: bytes) -> None:
    with pytest.raises(ExtensionRefused):
        agree(offer, answer)


def test_the_example_of_rfc_7692_7_2_3_1() -> None:
    wire = bytes.fromhex("f248cdc9c90700")
    assert Deflater(P()).deflate(b"Hello") == wire
    assert Inflater(P()).inflate(wire, is_last=True, room=None) == b"Hello"


def test_the_example_with_context_takeover_of_rfc_7692_7_2_3_2() -> None:
    deflater, inflater = Deflater(P()), Inflater(P())
    first, second = deflater.deflate(b"Hello"), deflater.deflate(b"Hello")
    assert second == bytes.fromhex("f200110000")
    assert [inflater.inflate(wire, is_last=True, room=5) for wire in (first, second)] == [b"Hello"] * 2


def test_a_stored_block_is_read_rfc_7692_7_2_3_3() -> None:
    wire = bytes.fromhex("000500faff48656c6c6f00")
    assert Inflater(P()).inflate(wire, is_last=True, room=5) == b"Hello"


def test_a_final_block_is_read_rfc_7692_7_2_3_4() -> None:
    inflater = Inflater(P())
    wire = bytes.fromhex("f348cdc9c9070000")
    for _ in range(3):
        assert inflater.inflate(wire, is_last=True, room=5) == b"Hello"


def test_two_blocks_in_one_message_are_read_rfc_7692_7_2_3_5() -> None:
    wire = bytes.fromhex("f24805000000ffffcac9c90700")
    assert Inflater(P()).inflate(wire, is_last=True, room=5) == b"Hello"


def test_the_shortest_empty_message_is_read_rfc_7692_7_2_3_6() -> None:
    assert Inflater(P()).inflate(b"\x00", is_last=True, room=0) == b""


def test_without_takeover_each_message_stands_alone() -> None:
    forgetful = P(client_no_context_takeover=True, server_no_context_takeover=True)
    deflater, inflater = Deflater(forgetful), Inflater(forgetful)
    first, second = deflater.deflate(b"shore" * 20), deflater.deflate(b"shore" * 20)
    assert first == second
    assert inflater.inflate(first, is_last=True, room=None) == b"shore" * 20
    # A later message must not reach back into an earlier one.
    remembering = Deflater(P())
    remembering.deflate(b"shore" * 20)
    with pytest.raises(WebSocketError):
        inflater.inflate(remembering.deflate(b"shore" * 20), is_last=True, room=None)


def test_a_window_of_eight_bits_sends_plain_messages() -> None:
    assert not Deflater(P(client_window_bits=8)).is_able
    assert Deflater(P(client_window_bits=9)).is_able


def test_a_server_that_exceeds_its_window_is_refused() -> None:
    noise = os.urandom(1000)
    server, inflater = Deflater(P(client_window_bits=15)), Inflater(P(server_window_bits=9))
    assert inflater.inflate(server.deflate(noise), is_last=True, room=None) == noise
    with pytest.raises(WebSocketError, match="not a deflate stream"):
        inflater.inflate(server.deflate(noise), is_last=True, room=None)


@given(
    st.lists(st.binary(max_size=3000), max_size=5),
    st.integers(min_value=9, max_value=15),
    st.booleans(),
    st.integers(min_value=1, max_value=50),
)
def test_what_is_deflated_inflates_in_any_pieces(
    messages: list[bytes], bits: int, forgets: bool, step: int
) -> None:
    deflater = Deflater(P(client_window_bits=bits, client_no_context_takeover=forgets))
    inflater = Inflater(P(server_window_bits=bits, server_no_context_takeover=forgets))
    for message in filter(None, messages):
        wire = deflater.deflate(message)
        pieces = [wire[i : i + step] for i in range(0, len(wire), step)]
        expanded = b""
        for number, piece in enumerate(pieces, 1):
            room = len(message) - len(expanded)
            expanded += inflater.inflate(piece, is_last=number == len(pieces), room=room)
        assert expanded == message


@pytest.mark.parametrize("excess", [-1, 0, 1, 2])
def test_at_most_one_byte_more_than_the_room_is_made(excess: int) -> None:
    wire = Deflater(P()).deflate(bytes(1000 + excess))
    expanded = Inflater(P()).inflate(wire, is_last=True, room=1000)
    assert len(expanded) == min(1000 + excess, 1001)


def test_a_bomb_is_not_expanded() -> None:
    wire = Deflater(P()).deflate(bytes(50_000_000))
    assert len(wire) < 50_000
    assert len(Inflater(P()).inflate(wire, is_last=True, room=100)) == 101


def test_final_blocks_are_counted() -> None:
    with pytest.raises(WebSocketError, match="16 final blocks") as caught:
        Inflater(P()).inflate(b"\x03\x00" * 1000, is_last=True, room=None)
    assert caught.value.limit == 16


def test_noise_is_not_a_deflate_stream() -> None:
    with pytest.raises(WebSocketError, match=r"RFC 7692 7\.2\.2"):
        Inflater(P()).inflate(b"\xff" * 10, is_last=True, room=None)
