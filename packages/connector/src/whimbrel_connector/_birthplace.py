"""Where an object was made, told without a traceback: for warnings about the forgotten."""

import sys

__all__ = ["caller_place"]

_OURS = frozenset({"whimbrel", "whimbrel_connector"})


def caller_place() -> str:
    """Return file and line of the nearest caller that is no part of this library."""
    frame = sys._getframe(1)  # noqa: SLF001  what `warnings` and `logging` use too
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _OURS:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
