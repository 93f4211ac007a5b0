"""Take decisions from a fuzz input: its first line makes them, the rest is the wire.

Each octet of the line is one decision, counted from the digit 0, so that `3` chooses the fourth option.
A line that has run out chooses the first. So every input means something, and a small change of it
changes little.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import TypeVar

__all__ = ["Choices"]

Option = TypeVar("Option")

_MAX_LENGTHS = 16


class Choices:
    """The decisions of one input.

    Attributes:
        wire: What follows the first line.
    """

    def __init__(self, data: bytes) -> None:
        line, _, self.wire = data.partition(b"\n")
        self._octets = iter(line)

    def number(self) -> int:
        """Return the next octet, 0 for the digit 0."""
        return (next(self._octets, 0x30) - 0x30) % 256

    def one_of(self, options: Sequence[Option]) -> Option:
        """Return the option that the next octet chooses."""
        return options[self.number() % len(options)]

    def pieces(self, data: bytes) -> list[bytes]:
        """Cut `data` into pieces as long as the remaining octets say, over and over; empty ones too."""
        lengths = [(octet - 0x30) % 256 for octet in self._octets][:_MAX_LENGTHS]
        if not any(lengths):
            return [data]
        pieces: list[bytes] = []
        position = 0
        for length in cycle(lengths):
            if position >= len(data):
                break
            pieces.append(data[position : position + length])
            position += length
        return pieces
