"""Masking: fresh keys from the operating system, and an XOR that undoes itself."""

import os
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_websocket._masking import MaskKeys, mask


def test_the_example_of_rfc_6455_5_7() -> None:
    assert mask(b"Hello", b"\x37\xfa\x21\x3d") == b"\x7f\x9f\x4d\x51\x58"


@given(st.binary(max_size=70), st.binary(min_size=4, max_size=4))
def test_each_octet_is_masked_with_the_key_octet_at_its_place(payload: bytes, key: bytes) -> None:
    assert mask(payload, key) == bytes(octet ^ key[place % 4] for place, octet in enumerate(payload))


@pytest.mark.parametrize("size", [0, 1, 3, 4, 8191, 8192, 8193, 8195, 100_001])
def test_masking_twice_gives_the_payload_at_every_size(size: int) -> None:
    payload = os.urandom(size)
    key = os.urandom(4)
    masked = mask(payload, key)
    assert bytes(mask(masked, key)) == payload
    assert len(masked) == size
    assert bytes(masked[-5:]) == bytes(payload[i] ^ key[i % 4] for i in range(max(0, size - 5), size))


def test_no_key_is_used_twice() -> None:
    keys = MaskKeys()
    taken = [keys.take() for _ in range(100_000)]
    assert all(len(key) == 4 for key in taken)
    # Of so many random 32-bit numbers one or two pairs are alike by chance; a repeated batch is not.
    assert len(set(taken)) > 99_900


def test_seeding_the_random_module_has_no_effect() -> None:
    random.seed(1)
    first = MaskKeys().take()
    random.seed(1)
    assert MaskKeys().take() != first
