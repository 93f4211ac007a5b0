"""What annotations name, without `typing`: importing that takes as long as importing all of this package.

A type checker and the compiler read the real names; at run time nothing looks at them.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Final, TypeAlias, cast, final, overload

    from mypy_extensions import i64, mypyc_attr  # a native integer once compiled, an int otherwise
else:
    Final = TypeAlias = i64 = None

    def final(it: object) -> object:
        """Return `it`."""
        return it

    overload = final

    def mypyc_attr(**_: object) -> object:
        """Return `final`."""
        return final

    def cast(_: object, it: object) -> object:
        """Return `it`, which is known to be of that type."""
        return it


__all__ = ["TYPE_CHECKING", "Final", "TypeAlias", "cast", "final", "i64", "mypyc_attr", "overload"]
