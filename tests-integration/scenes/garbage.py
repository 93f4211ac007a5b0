"""What only the garbage collector can free: objects in circles, which cost whoever runs when it is their turn."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["left_in_circles"]


@contextmanager
def left_in_circles() -> Iterator[set[str]]:
    """Yield a set: at the end of the block the names of our types of which it left objects in circles."""
    left: set[str] = set()
    gc.collect()
    gc.disable()
    try:
        yield left
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left.update(type(thing).__qualname__ for thing in gc.garbage if _is_ours(thing))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _is_ours(thing: object) -> bool:
    code = getattr(thing, "cr_code", None)
    return type(thing).__module__.startswith("whimbrel") or (
        code is not None and "whimbrel" in code.co_filename
    )
