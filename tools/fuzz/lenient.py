"""Target that reads responses with leniencies: what is sound when nothing is overlooked stays what it is."""

from __future__ import annotations

from tools.fuzz.choices import Choices
from tools.fuzz.dialogue import read, require_same, require_sound
from tools.fuzz.finding import require
from tools.fuzz.reading import METHODS, read_every_way
from whimbrel_http1 import DEFAULT_LIMITS, Leniency, ResponseParser

__all__ = ["lenient"]

_EACH = tuple(leniency for leniency in Leniency if leniency)


def lenient(data: bytes) -> None:
    """Read responses. Options: leniencies as bits, request method, buffer, then lengths of pieces."""
    choices = Choices(data)
    bits = choices.number()
    leniencies = Leniency.STRICT
    for place, leniency in enumerate(_EACH):
        if bits >> place & 1:
            leniencies |= leniency
    method = choices.one_of(METHODS)
    wire = choices.wire
    whole = read_every_way(lambda: ResponseParser(request_method=method, leniencies=leniencies), choices)
    require_sound(whole, method)
    strict = read(ResponseParser(request_method=method, limits=DEFAULT_LIMITS), [wire])
    if strict.fault is None:
        require_same(strict, whole, "with leniencies")
    else:
        seen = max(len(strict.events) - 1, 0)  # the last may be a piece of body that goes on
        require(whole.events[:seen] == strict.events[:seen], "other events before a fault", strict, whole)
