"""What annotations name, without `typing`: importing that takes as long as importing all of this package.

A type checker and the compiler read the real names; at run time nothing looks at them.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Final, TypeAlias, cast, final, overload

    from mypy_extensions import i64  # a native integer once compiled, an int otherwise
else:
    Final = TypeAlias = i64 = None

    def final(it: object) -> object:
        """Return `it`, of which nothing is to be derived."""
        return it

    def overload(it: object) -> object:
        """Return `it`, one signature of several."""
        return it

    def cast(_: object, it: object) -> object:
        """Return `it`, which is known to be of that type."""
        return it


__all__ = ["TYPE_CHECKING", "Final", "TypeAlias", "cast", "final", "i64", "overload"]
