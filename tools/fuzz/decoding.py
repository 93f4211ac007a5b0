"""A target for content codings: hostile content ends, in bounded pieces, with content or one fault.

Half of the inputs are decoded as they are; for the other half the wire is encoded first and then damaged
by a flipped bit or a cut, which gets deeper into the decoders than chance would.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from tools.fuzz.choices import Choices
from tools.fuzz.finding import require
from whimbrel_http1 import ContentDecoder, ContentDecodingError, ContentEncoder

__all__ = ["content"]

# Where no library for one of them is installed it is refused, and that is all.
_CHAINS = (
    "gzip",
    "deflate",
    "br",
    "zstd",
    "gzip, deflate",
    "deflate, gzip",
    "identity",
    "",
    "gzip, identity, gzip",
)
_ODD_NAMES = ("x-gzip", "GZIP", "compress", "gzip,,deflate", "nest", "gzip;q=1", "gzip," * 6)
_STEPS = (65536, 1, 7, 100, 1024)
_MAX_DECODED_BYTES = 1 << 22
_RATIO = 50.0
_RATIO_FROM = 1 << 20


def content(data: bytes) -> None:
    """Decode. Options: codings, step, what is damaged, where (2), then lengths of pieces."""
    choices = Choices(data)
    codings = choices.one_of((*_CHAINS, *_ODD_NAMES))
    step = choices.one_of(_STEPS)
    damage = choices.one_of(("as is", "none", "flip", "cut", "append"))
    place = choices.number() * 256 + choices.number()
    try:
        decoder = _decoder(codings, step)
    except ContentDecodingError:
        return
    wire = choices.wire if damage == "as is" else _damaged(_encoded(codings, choices.wire), damage, place)
    pieces = choices.pieces(wire)
    whole, fault = _decode(decoder, pieces, step)
    if damage == "none":
        require(fault is None, "what was encoded does not decode", codings, fault)
        require(whole == choices.wire, "what was encoded decodes to something else", codings, whole)
    _require_same_when_stopped(codings, step, pieces, whole, fault)


def _decoder(codings: str, step: int) -> ContentDecoder:
    return ContentDecoder(
        codings, max_step_bytes=step, max_members=40, max_ratio=_RATIO, ratio_from_bytes=_RATIO_FROM
    )


def _encoded(codings: str, plain: bytes) -> bytes:
    encoder = ContentEncoder(codings)
    return encoder.encode(plain) + encoder.finish()


def _damaged(wire: bytes, damage: str, place: int) -> bytes:
    at = place % max(1, len(wire))
    if damage == "cut":
        return wire[:at]
    if damage == "append":
        return wire + wire[:at]
    if damage == "flip" and wire:
        return wire[:at] + bytes([wire[at] ^ 1 << place % 8]) + wire[at + 1 :]
    return wire


def _decode(
    decoder: ContentDecoder, pieces: Iterable[bytes], step: int
) -> tuple[bytes, ContentDecodingError | None]:
    """Return the content and the fault, both also where the codings end too early."""
    taken: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            for plain in decoder.decode(piece):
                require(0 < len(plain) <= step, "a piece is empty or longer than a step", len(plain), step)
                taken.append(plain)
                size += len(plain)
                require(size <= _MAX_DECODED_BYTES, "the ratio is no bound", size)
        decoder.finish()
    except ContentDecodingError as fault:
        _require_final(decoder, fault)
        return b"".join(taken), fault
    return b"".join(taken), None


def _require_final(decoder: ContentDecoder, fault: ContentDecodingError) -> None:
    text = str(fault)
    require(text.isascii() and text.isprintable() and len(text) < 400, "a fault shows too much", text)
    if fault.what == "cut short":
        return
    try:
        list(decoder.decode(b"more"))
    except ContentDecodingError as again:
        require(again.args == fault.args, "a fault changed", fault, again)
    else:
        require(holds=False, what="a fault was forgotten")


def _require_same_when_stopped(
    codings: str, step: int, pieces: list[bytes], whole: bytes, fault: ContentDecodingError | None
) -> None:
    """Taking one piece at a time, each from a new iterator, gives the same content and fault."""
    decoder = _decoder(codings, step)
    taken: list[bytes] = []
    again: ContentDecodingError | None = None
    try:
        for piece in pieces:
            fresh = list(islice(decoder.decode(piece), 1))
            while fresh:
                taken += fresh
                fresh = list(islice(decoder.decode(b""), 1))
        decoder.finish()
    except ContentDecodingError as error:
        again = error
    content = b"".join(taken)
    require(content == whole, "an iteration that stopped lost content", codings, step, content, whole)
    require(str(again) == str(fault), "another fault when stopped", again, fault)
