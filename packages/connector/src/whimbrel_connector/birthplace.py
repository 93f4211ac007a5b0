"""Where an object was made, told without a traceback: for warnings about the forgotten."""

import sys
from types import FrameType

__all__ = ["birthplace"]

_OURS = frozenset({"whimbrel", "whimbrel_connector"})


def birthplace(made: object) -> str:
    """Return file and line of the nearest caller outside this library and the `__init__`s of `made`."""
    frame = sys._getframe(1)  # noqa: SLF001  what `warnings` and `logging` use too
    while frame.f_back is not None and _is_within(frame, made):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _is_within(frame: FrameType, made: object) -> bool:
    if frame.f_globals.get("__name__", "").partition(".")[0] in _OURS:
        return True
    return frame.f_code.co_name == "__init__" and frame.f_locals.get("self") is made
