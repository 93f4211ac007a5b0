"""The handshake: what is asked, and which answers are an agreement."""

import base64

import pytest

from whimbrel_websocket import (
    Agreement,
    DeflateOffer,
    DeflateParameters,
    Handshake,
    HandshakeError,
    NotAllowed,
)
from whimbrel_websocket.handshake import accept_value

Fields = list[tuple[bytes, bytes]]


def good_answer(handshake: Handshake, *more: tuple[bytes, bytes]) -> Fields:
    key = dict(handshake.headers)["Sec-WebSocket-Key"].encode()
    return [
        (b"Upgrade", b"websocket"),
        (b"Connection", b"Upgrade"),
        (b"Sec-WebSocket-Accept", accept_value(key)),
        *more,
    ]


def replaced(fields: Fields, name: bytes, *values: bytes) -> Fields:
    kept = [field for field in fields if field[0].lower() != name.lower()]
    return [*kept, *((name, value) for value in values)]


def test_the_fields_of_a_plain_request() -> None:
    fields = dict(Handshake().headers)
    key = fields.pop("Sec-WebSocket-Key")
    assert fields == {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    assert len(base64.b64decode(key, validate=True)) == 16


def test_the_fields_of_a_request_with_everything() -> None:
    fields = dict(Handshake(protocols=["a", "b"], compress=12, origin="https://shore.example").headers)
    assert fields["Sec-WebSocket-Protocol"] == "a, b"
    assert fields["Sec-WebSocket-Extensions"] == (
        "permessage-deflate; client_max_window_bits=12; server_max_window_bits=12"
    )
    assert fields["Origin"] == "https://shore.example"


def test_the_key_is_kept_within_a_handshake_and_new_for_the_next() -> None:
    first, second = Handshake(), Handshake()
    assert first.headers == first.headers
    assert first.headers != second.headers


@pytest.mark.parametrize("protocols", [["a b"], [""], ["a,b"], ["ü"], ["a\r\nb"], ["a", "a"]])
def test_subprotocols_must_be_distinct_tokens(protocols: list[str]) -> None:
    with pytest.raises(NotAllowed, match=r"RFC 6455 4\.1"):
        Handshake(protocols=protocols)


@pytest.mark.parametrize("bits", [-1, 1, 8, 16])
def test_windows_out_of_range_are_not_offered(bits: int) -> None:
    with pytest.raises(NotAllowed):
        Handshake(compress=bits)


def test_the_proof_of_rfc_6455_1_3() -> None:
    assert accept_value(b"dGhlIHNhbXBsZSBub25jZQ==") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


ACCEPTED: list[tuple[Handshake, Fields, Agreement]] = [
    (Handshake(), [], Agreement()),
    (Handshake(protocols=["a", "b"]), [], Agreement()),
    (Handshake(protocols=["a", "b"]), [(b"Sec-WebSocket-Protocol", b"b")], Agreement(subprotocol="b")),
    (Handshake(compress=15), [], Agreement()),
    (
        Handshake(compress=15),
        [(b"sec-websocket-extensions", b"permessage-deflate")],
        Agreement(deflate=DeflateParameters()),
    ),
    (
        Handshake(compress=DeflateOffer(server_no_context_takeover=True)),
        [(b"Sec-WebSocket-Extensions", b"permessage-deflate; server_no_context_takeover")],
        Agreement(deflate=DeflateParameters(server_no_context_takeover=True)),
    ),
]


@pytest.mark.parametrize(("handshake", "more", "agreement"), ACCEPTED)
def test_a_good_answer_is_an_agreement(handshake: Handshake, more: Fields, agreement: Agreement) -> None:
    assert handshake.accept(101, good_answer(handshake, *more)) == agreement


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"UPGRADE", b"WebSocket"),
        (b"connection", b"upgrade"),
        (b"Connection", b"keep-alive, Upgrade"),
        (b"Connection", b"\tUPGRADE "),
    ],
)
def test_letter_case_and_lists_are_accepted(name: bytes, value: bytes) -> None:
    handshake = Handshake()
    assert handshake.accept(101, replaced(good_answer(handshake), name, value)) == Agreement()


def test_connection_may_be_spread_over_fields() -> None:
    handshake = Handshake()
    fields = replaced(good_answer(handshake), b"Connection", b"keep-alive", b"Upgrade")
    assert handshake.accept(101, fields) == Agreement()


WRONG: list[tuple[bytes, list[bytes]]] = [
    (b"Upgrade", []),
    (b"Upgrade", [b"h2c"]),
    (b"Upgrade", [b""]),
    (b"Upgrade", [b"websocket, h2c"]),
    (b"Upgrade", [b"websocket", b"websocket"]),
    (b"Connection", []),
    (b"Connection", [b"keep-alive"]),
    (b"Connection", [b"upgraded"]),
    (b"Sec-WebSocket-Accept", []),
    (b"Sec-WebSocket-Accept", [b""]),
    (b"Sec-WebSocket-Accept", [b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]),
    (b"Sec-WebSocket-Accept", [b"\xff\xfe"]),
    (b"Sec-WebSocket-Protocol", [b"chat"]),
    (b"Sec-WebSocket-Protocol", [b""]),
    (b"Sec-WebSocket-Extensions", [b"permessage-deflate"]),
    (b"Sec-WebSocket-Extensions", [b""]),
]


@pytest.mark.parametrize(("name", "values"), WRONG)
def test_a_wrong_field_is_refused_with_its_facts(name: bytes, values: list[bytes]) -> None:
    handshake = Handshake()
    fields = replaced(good_answer(handshake), name, *values)
    with pytest.raises(HandshakeError) as caught:
        handshake.accept(101, fields)
    error = caught.value
    assert (error.status, error.header, error.headers) == (101, name.decode(), tuple(fields))
    assert error.expected is not None
    assert (error.got is None) == (not values)


@pytest.mark.parametrize("value", [b"A", b"a, b", b"c", b"", b"a b"])
def test_a_subprotocol_must_be_one_that_was_asked_for(value: bytes) -> None:
    handshake = Handshake(protocols=["a", "b"])
    with pytest.raises(HandshakeError, match="Sec-WebSocket-Protocol"):
        handshake.accept(101, good_answer(handshake, (b"Sec-WebSocket-Protocol", value)))


def test_two_subprotocols_are_refused() -> None:
    handshake = Handshake(protocols=["a", "b"])
    more = [(b"Sec-WebSocket-Protocol", b"a"), (b"Sec-WebSocket-Protocol", b"b")]
    with pytest.raises(HandshakeError, match="repeated"):
        handshake.accept(101, good_answer(handshake, *more))


@pytest.mark.parametrize(
    "values",
    [
        [b"permessage-deflate, permessage-deflate"],
        [b"permessage-deflate", b"permessage-deflate"],
        [b"permessage-deflate, x-other"],
        [b"x-other"],
        [b"permessage-deflate; server_max_window_bits=7"],
        [b"permessage-deflate; unknown"],
        [b", ,"],
    ],
)
def test_an_extension_beyond_the_offer_is_refused(values: list[bytes]) -> None:
    handshake = Handshake(compress=15)
    more = [(b"Sec-WebSocket-Extensions", value) for value in values]
    with pytest.raises(HandshakeError, match="Sec-WebSocket-Extensions"):
        handshake.accept(101, good_answer(handshake, *more))


@pytest.mark.parametrize("status", [100, 200, 301, 400, 401, 403, 426, 500])
def test_another_status_is_a_refusal_even_with_all_fields(status: int) -> None:
    handshake = Handshake()
    with pytest.raises(HandshakeError, match=f"status {status}") as caught:
        handshake.accept(status, good_answer(handshake))
    assert caught.value.status == status


def test_what_the_server_said_is_shown_short() -> None:
    handshake = Handshake()
    with pytest.raises(HandshakeError) as caught:
        handshake.accept(101, replaced(good_answer(handshake), b"Upgrade", b"\x1b[31m" * 1000))
    assert caught.value.got is not None
    assert len(caught.value.got) < 500
    assert "\x1b" not in str(caught.value)
