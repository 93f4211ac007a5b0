"""Search for inputs without atheris: mutate the seeds at random until the time is over.

Run in a process of its own: `python -m tools.fuzz.blind target seconds seed-number last-input folder...`. The
input being tried stands in the file `last-input`, so that whoever watches knows what killed the process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from time import monotonic

from tools.fuzz.targets import TARGETS, WORDS, Target

__all__ = ["main", "mutate"]

_MAX_BYTES = 4096
_SPECIAL = b'\r\n \t\x00\x0b\x7f:;,=|/\\"0\xff'


def main(arguments: list[str]) -> None:
    """Try every seed once, then mutations of them."""
    name, seconds, number, last_input, *folders = arguments
    seeds = [file.read_bytes() for folder in folders for file in sorted(Path(folder).iterdir())]
    with Path(last_input).open("r+b", buffering=0) as black_box:

        def attempt(data: bytes) -> None:
            black_box.seek(0)
            black_box.write(data)
            black_box.truncate()
            TARGETS[name](data)

        tried = _search(attempt, seeds or [b"\n"], Random(int(number)), float(seconds))
    print(f"{tried} inputs")


def _search(attempt: Target, seeds: Sequence[bytes], random: Random, seconds: float) -> int:
    end = monotonic() + seconds
    for seed in seeds:
        attempt(seed)
    tried = len(seeds)
    while monotonic() < end:
        attempt(mutate(random.choice(seeds), seeds, random))
        tried += 1
    return tried


def mutate(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Return `data` after one to eight changes; `others` lend their parts."""
    for _ in range(random.choice((1, 1, 2, 3, 5, 8))):
        data = random.choice(_MUTATIONS)(data, others, random)
    return data[:_MAX_BYTES]


def _flip(data: bytes, _others: Sequence[bytes], random: Random) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


def _replace(data: bytes, _others: Sequence[bytes], random: Random) -> bytes:
    """Put one octet that means something to somebody in the place of another such octet."""
    places = [index for index, octet in enumerate(data) if octet in _SPECIAL]
    if not places:
        return data
    at = random.choice(places)
    return data[:at] + bytes([random.choice(_SPECIAL)]) + data[at + 1 :]


def _set(data: bytes, _others: Sequence[bytes], random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + bytes([random.randrange(256)]) + data[at + random.randrange(2) :]


def _insert_word(data: bytes, _others: Sequence[bytes], random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(WORDS) + data[at:]


def _delete(data: bytes, _others: Sequence[bytes], random: Random) -> bytes:
    first, last = _range(data, random)
    return data[:first] + data[last:]


def _repeat(data: bytes, _others: Sequence[bytes], random: Random) -> bytes:
    first, last = _range(data, random)
    return data[:last] + data[first:last] * random.choice((1, 1, 2, 20)) + data[last:]


def _splice(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    other = random.choice(others)
    first, last = _range(other, random)
    at = random.randrange(len(data) + 1)
    return data[:at] + other[first:last] + data[at:]


def _range(data: bytes, random: Random) -> tuple[int, int]:
    first = random.randrange(len(data) + 1)
    return first, min(len(data), first + random.choice((1, 2, 4, 16, 64)))


_MUTATIONS: tuple[Callable[[bytes, Sequence[bytes], Random], bytes], ...] = (
    _flip,
    _replace,
    _set,
    _insert_word,
    _delete,
    _repeat,
    _splice,
)

if __name__ == "__main__":
    main(sys.argv[1:])
