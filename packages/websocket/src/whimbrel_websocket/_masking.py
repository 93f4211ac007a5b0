"""Mask what a client sends (RFC 6455 section 5.3).

Keys come from the operating system's generator, fetched in batches and used once each. There is no
way to choose or to see them.
"""

import os

__all__ = ["MaskKeys", "mask"]

_KEY_BYTES = 4
_BATCH_BYTES = 128 * _KEY_BYTES
# Below this size one XOR of two long integers is the fastest, above it four translated stripes.
_INTEGER_XOR_BYTES = 8192
_ALL_OCTETS = int.from_bytes(bytes(range(256)), "little")


class MaskKeys:
    """An endless supply of masking keys of four bytes."""

    __slots__ = ("_batch", "_position")

    def __init__(self) -> None:
        self._batch = b""
        self._position = 0

    def take(self) -> bytes:
        """Return a key that was never returned before."""
        start = self._position
        if start == len(self._batch):
            self._batch = os.urandom(_BATCH_BYTES)
            start = 0
        self._position = start + _KEY_BYTES
        return self._batch[start : start + _KEY_BYTES]


def mask(payload: bytes | bytearray, key: bytes) -> bytes | bytearray:
    """Return `payload` XORed with `key`, repeated; the same call unmasks."""
    size = len(payload)
    if size > _INTEGER_XOR_BYTES:
        return _mask_by_stripes(payload, key)
    repeated = (key * (size // _KEY_BYTES + 1))[:size]
    number = int.from_bytes(payload, "little") ^ int.from_bytes(repeated, "little")
    return number.to_bytes(size, "little")


def _mask_by_stripes(payload: bytes | bytearray, key: bytes) -> bytearray:
    masked = bytearray(len(payload))
    for offset, octet in enumerate(key):
        table = (_ALL_OCTETS ^ int.from_bytes(bytes((octet,)) * 256, "little")).to_bytes(256, "little")
        masked[offset::_KEY_BYTES] = payload[offset::_KEY_BYTES].translate(table)
    return masked
