"""Decode ten GiB of zeros in each coding and print what memory it took: `python benches/bombs.py [GiB]`.

Each bomb comes in pieces of at most 64 KiB, as from a socket. The guard on the ratio, which would refuse
such content after 16 MiB, is off. Codings whose library is not installed are left out.
"""

from __future__ import annotations

import importlib
import resource
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from whimbrel_http1 import ContentDecoder, supported_codings

MIB = 1 << 20
ZEROS = bytes(MIB)
MOST_MIB = 64


def gzip_members(mebibytes: int) -> Iterator[bytes]:
    """Yield members of a MiB each; a stream has at most 10,000, so longer ones hold more."""
    each = max(1, mebibytes // 5000)
    coder = zlib.compressobj(9, zlib.DEFLATED, 31)
    member = b"".join(coder.compress(ZEROS) for _ in range(each)) + coder.flush()
    for _ in range(0, mebibytes, each):
        yield member


def deflate_blocks(mebibytes: int) -> Iterator[bytes]:
    """Yield one raw stream whose blocks do not refer to each other, so that one can be repeated."""
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = coder.compress(ZEROS) + coder.flush(zlib.Z_FULL_FLUSH)
    for _ in range(mebibytes):
        yield block
    yield coder.flush()


def zlib_blocks(mebibytes: int) -> Iterator[bytes]:
    """Yield the same stream in zlib's wrapper; the sum of zeros behind it needs no reckoning."""
    yield b"\x78\xda"
    yield from deflate_blocks(mebibytes)
    yield (mebibytes * MIB % 65521 << 16 | 1).to_bytes(4, "big")


def brotli_stream(mebibytes: int) -> Iterator[bytes]:
    """Yield one brotli stream."""
    module: Any = importlib.import_module("brotli")
    coder = module.Compressor(quality=5)
    for _ in range(mebibytes):
        yield coder.process(ZEROS)
    yield coder.finish()


def zstd_frames(mebibytes: int) -> Iterator[bytes]:
    """Yield frames of some MiB each; a stream has at most 10,000."""
    try:
        module: Any = importlib.import_module("compression.zstd")
    except ImportError:
        module = importlib.import_module("backports.zstd")
    each = max(1, mebibytes // 5000)
    frame = module.compress(ZEROS * each)
    for _ in range(0, mebibytes, each):
        yield frame


BOMBS: dict[str, tuple[str, Callable[[int], Iterator[bytes]]]] = {
    "gzip": ("gzip", gzip_members),
    "deflate, raw": ("deflate", deflate_blocks),
    "deflate": ("deflate", zlib_blocks),
    "br": ("br", brotli_stream),
    "zstd": ("zstd", zstd_frames),
}


def cut(pieces: Iterator[bytes], most: int = 65536) -> Iterator[bytes]:
    """Cut pieces to what a socket hands over at once."""
    for piece in pieces:
        for start in range(0, len(piece), most):
            yield piece[start : start + most]


def decode(coding: str, bomb: Iterator[bytes]) -> tuple[int, int]:
    """Return the bytes read and the bytes they decode to."""
    decoder = ContentDecoder(coding, max_ratio=None)
    read = decoded = 0
    for piece in cut(bomb):
        read += len(piece)
        for output in decoder.decode(piece):
            decoded += len(output)
    decoder.finish()
    return read, decoded


def main() -> int:
    """Print one line per coding; return 1 where memory or length is not as promised."""
    mebibytes = int(sys.argv[1]) * 1024 if len(sys.argv) > 1 else 10 * 1024
    failed = 0
    for name, (coding, bomb) in BOMBS.items():
        if coding not in supported_codings():
            continue
        began = time.perf_counter()
        read, decoded = decode(coding, bomb(mebibytes))
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        failed |= peak > MOST_MIB or decoded < mebibytes * MIB
        grown = f"{read:>12,} bytes -> {decoded:>15,} in {seconds:5.1f} s"
        print(f"{name:12} {grown}, peak of the process {peak} MiB", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
