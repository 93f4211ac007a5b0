"""What lets users derive from a class that may have been compiled.

mypyc reads the name of the decorator and needs no such thing at run time.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

__all__ = ["mypyc_attr"]

if TYPE_CHECKING:
    from mypy_extensions import mypyc_attr
else:
    _Class = TypeVar("_Class", bound=type)

    def mypyc_attr(**_: bool) -> Callable[[_Class], _Class]:
        """Return the class as it is."""
        return lambda cls: cls
