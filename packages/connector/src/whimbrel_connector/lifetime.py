"""How long a connection may serve: the caller's limits and the server's word, decided without a clock.

A server says in `Keep-Alive: timeout=5, max=100` (RFC 2068 section 19.7.1.1, still what servers send)
how long it keeps an idle connection and how many more requests it takes there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

__all__ = ["SAFETY_SECONDS", "Lifetime", "narrowed"]

SAFETY_SECONDS = 1.0
_LONGEST_NUMBER = 9


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """The limits of a connection.

    Attributes:
        idle_seconds: How long it is kept without a request; `inf` for ever, 0 not at all.
        age_seconds: How long after it was opened a request may still begin on it; `inf` for no limit.
        exchanges: How many exchanges it may serve in all, at least 1; `inf` for no limit.
    """

    idle_seconds: float = 15.0
    age_seconds: float = inf
    exchanges: float = inf

    def __post_init__(self) -> None:
        """Refuse what is no limit."""
        if self.idle_seconds < 0 or self.age_seconds <= 0 or self.exchanges < 1:
            msg = f"a connection lives for some time and serves at least once, not as {self}"
            raise ValueError(msg)

    def usable_until(self, now: float, opened_at: float, exchanges: int) -> float:
        """Return the moment from which no request may begin on a connection that is free `now`.

        It may be `now` or earlier: the connection has had its time. `exchanges` were begun on it.
        """
        if exchanges >= self.exchanges:
            return now
        idle_for_too_long, too_old = now + self.idle_seconds, opened_at + self.age_seconds
        return idle_for_too_long if idle_for_too_long < too_old else too_old  # noqa: FURB136  each request asks


def narrowed(lifetime: Lifetime, keep_alive: Sequence[bytes], exchanges_so_far: int = 1) -> Lifetime:
    """Return `lifetime` with what the server's first answer on the connection says, where that is shorter.

    A connection is given up `SAFETY_SECONDS` before the server does it, or after half the time where
    that is little, lest a request cross the server's close on the wire. What is not understood is
    ignored.

    Args:
        lifetime: The caller's limits.
        keep_alive: The values of the Keep-Alive fields.
        exchanges_so_far: What `Lifetime.exchanges` counts, with the one that was just answered.
    """
    idle_seconds, exchanges = lifetime.idle_seconds, lifetime.exchanges
    for parameter in b",".join(keep_alive).split(b","):
        name, _, value = parameter.partition(b"=")
        number = _number(value.strip(b' \t"'))
        match name.strip().lower():
            case b"timeout":
                idle_seconds = min(idle_seconds, number - min(SAFETY_SECONDS, number / 2))
            case b"max":
                exchanges = min(exchanges, exchanges_so_far + number)
            case _:
                pass
    return replace(lifetime, idle_seconds=idle_seconds, exchanges=exchanges)


def _number(digits: bytes) -> float:
    """Return the number, or one without end where it is none or would be read for ages."""
    return int(digits) if digits.isdigit() and len(digits) <= _LONGEST_NUMBER else inf
