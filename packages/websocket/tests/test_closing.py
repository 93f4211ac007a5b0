"""Close frames: codes that may travel, reasons in UTF-8."""

import pytest

from whimbrel_websocket import NotAllowed, WebSocketError
from whimbrel_websocket._closing import decode_close, encode_close

TRAVELLING = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
STAYING = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]


@pytest.mark.parametrize("code", TRAVELLING)
def test_a_code_that_travels_is_written_and_read(code: int) -> None:
    payload = encode_close(code, "tschüß".encode())
    assert decode_close(payload) == (code, "tschüß")


@pytest.mark.parametrize("code", STAYING)
def test_a_code_that_stays_is_neither_written_nor_read(code: int) -> None:
    with pytest.raises(NotAllowed, match=r"RFC 6455 7\.4"):
        encode_close(code, b"")
    with pytest.raises(WebSocketError, match=r"RFC 6455 7\.4") as caught:
        decode_close(code.to_bytes(2, "big"))
    assert caught.value.code == 1002


@pytest.mark.parametrize("code", [-1, 65536])
def test_a_code_that_does_not_fit_is_not_written(code: int) -> None:
    with pytest.raises(NotAllowed):
        encode_close(code, b"")


def test_an_empty_close_frame_means_1005() -> None:
    assert decode_close(b"") == (1005, "")


def test_one_byte_is_refused() -> None:
    with pytest.raises(WebSocketError) as caught:
        decode_close(b"\x03")
    assert caught.value.code == 1002


def test_a_received_reason_must_be_utf_8() -> None:
    with pytest.raises(WebSocketError) as caught:
        decode_close(b"\x03\xe8\xff")
    assert caught.value.code == 1007


def test_a_reason_of_123_bytes_fits() -> None:
    assert len(encode_close(1000, b"x" * 123)) == 125


@pytest.mark.parametrize("reason", [b"x" * 124, b"\xff"], ids=["too long", "not UTF-8"])
def test_a_reason_that_may_not_be_sent_is_refused(reason: bytes) -> None:
    with pytest.raises(NotAllowed):
        encode_close(1000, reason)
