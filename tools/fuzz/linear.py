"""A target for work that grows faster than its input (RFC 9112 leaves many loops to an attacker).

The wire is `begin|unit|end`: the unit is repeated, once as often and once eight times as often, and the
processor time is compared. A search through all that came before shows as sixty-four times the time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random
from time import thread_time

from tools.fuzz.choices import Choices
from tools.fuzz.finding import require
from tools.fuzz.reading import UNBOUNDED
from whimbrel_http1 import (
    ContentDecoder,
    ContentEncoder,
    Http1Error,
    RequestHead,
    RequestParser,
    ResponseHead,
    ResponseParser,
    parse_fields,
    split_list,
    supported_codings,
    unquote,
)

__all__ = ["linear"]

# The larger one shows what is copied again and again: memory is copied so fast that little hides it.
_SMALL_BYTES = (16 * 1024, 64 * 1024)
_GROWTH = 8
_MOST = 1.6 * _GROWTH  # between linear and quadratic; a busy machine seldom disturbs a best of four
_WORTH_SECONDS = 0.01
_ATTEMPTS = 4
_PIECE_BYTES = (0, 1, 16, 1000)


def linear(data: bytes) -> None:
    """Measure. Options: what reads, bytes in a piece, size."""
    choices = Choices(data)
    work = choices.one_of(_WORK)
    piece = choices.one_of(_PIECE_BYTES)
    small = choices.one_of(_SMALL_BYTES)
    begin, _, rest = choices.wire.partition(b"|")
    unit, _, end = rest.partition(b"|")
    if not unit:
        return
    count = small // len(unit) + 1

    def inputs(times: int) -> tuple[bytes, int]:
        wire = begin + unit * (count * times) + end
        return wire, piece or len(wire)

    slow = [_seconds(work, *inputs(_GROWTH))]
    if slow[0] < _WORTH_SECONDS:
        return
    fast = [_seconds(work, *inputs(1))]
    for _ in range(_ATTEMPTS - 1):
        if min(slow) <= _MOST * min(fast):
            return
        slow.append(_seconds(work, *inputs(_GROWTH)))
        fast.append(_seconds(work, *inputs(1)))
    require(min(slow) <= _MOST * min(fast), "work grows faster than its input", fast, slow)


def _seconds(work: Callable[[bytes, int], None], wire: bytes, piece: int) -> float:
    begun = thread_time()
    with suppress(Http1Error):  # work until a refusal is work as well
        work(wire, piece)
    return thread_time() - begun


def _responses(wire: bytes, piece: int) -> None:
    parser = ResponseParser(limits=UNBOUNDED)
    for start in range(0, len(wire), piece):
        parser.feed(wire[start : start + piece])


def _requests(wire: bytes, piece: int) -> None:
    parser = RequestParser(limits=UNBOUNDED)
    for start in range(0, len(wire), piece):
        parser.feed(wire[start : start + piece])


def _chunks(wire: bytes, piece: int) -> None:
    _responses(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + wire, piece)


def _block(wire: bytes, _piece: int) -> None:
    parse_fields(wire, UNBOUNDED)


def _values(wire: bytes, _piece: int) -> None:
    split_list(wire)
    unquote(wire.decode("latin-1"))


def _fields_of_head(wire: bytes, piece: int) -> None:
    parser = ResponseParser(limits=UNBOUNDED)
    wire = b"HTTP/1.1 204 No Content\r\n" + wire + b"\r\n"
    for start in range(0, len(wire), piece):
        for event in parser.feed(wire[start : start + piece]):
            if isinstance(event, RequestHead | ResponseHead):
                event.get_all(b"connection")


def _members(coding: str) -> Callable[[bytes, int], None]:
    def decode(wire: bytes, piece: int) -> None:
        decoder = ContentDecoder(coding, max_members=1 << 30)
        for start in range(0, len(wire), piece):
            for _ in decoder.decode(wire[start : start + piece]):
                pass

    def encode_and_decode(wire: bytes, piece: int) -> None:
        if coding not in supported_codings():
            return
        # One member of 32 bytes for each 32 of the wire: the bytes to decode grow alike.
        members = []
        for start in range(0, len(wire), 32):
            encoder = ContentEncoder(coding)
            members.append(encoder.encode(wire[start : start + 32]) + encoder.finish())
        decode(b"".join(members), piece)

    return encode_and_decode


def _body(coding: str) -> Callable[[bytes, int], None]:
    """Decode one body that does not compress, of a size that the wire only sets."""

    def decode(wire: bytes, piece: int) -> None:
        if coding not in supported_codings():
            return
        encoder = ContentEncoder(coding)
        body = encoder.encode(Random(0).randbytes(len(wire) * 16)) + encoder.finish()
        decoder = ContentDecoder(coding)
        for start in range(0, len(body), piece * 16):
            for _ in decoder.decode(body[start : start + piece * 16]):
                pass

    return decode


# br is slow to encode, and its decoder is fed as zstd's is. The order is what seeds count on.
_CODINGS = ("gzip", "deflate", "zstd")
_WORK: tuple[Callable[[bytes, int], None], ...] = (
    _responses,
    _requests,
    _chunks,
    _block,
    _values,
    _fields_of_head,
    *(_members(coding) for coding in _CODINGS),
    *(_body(coding) for coding in _CODINGS),
)
