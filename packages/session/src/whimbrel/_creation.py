"""Where in the user's code an object was made, for the warning that it was never closed."""

import inspect

__all__ = ["place_of_creation"]


def place_of_creation(made: object) -> str:
    """Return file and line of what made `made`, to be called from an `__init__` of its class or of a base."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_name != "__init__" or frame.f_locals.get("self") is not made:
            break
    return "a place unknown" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
