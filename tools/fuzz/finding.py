"""What a target raises when a promise is broken."""

from __future__ import annotations

__all__ = ["Finding", "require"]


class Finding(AssertionError):
    """A promise of the parser does not hold for this input."""


def require(holds: object, what: str, *facts: object) -> None:
    """Raise a `Finding` that says `what` is wrong, and shows the `facts`, unless `holds`."""
    if not holds:
        raise Finding("\n  ".join([what, *map(repr, facts)]))
