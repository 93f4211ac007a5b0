"""What becomes of a connector or session that nobody closed: it is closed all the same, and missed."""

import asyncio
import warnings
from collections.abc import Callable

__all__ = ["end_forgotten", "running_loop"]


def end_forgotten(
    forgotten: object,
    what: str,
    key: str,
    loop: asyncio.AbstractEventLoop | None,
    close: Callable[[], object] | None,
) -> None:
    """Close what is forgotten, and say so to the loop's exception handler and by a ResourceWarning.

    It is called by finalisers, so in whatever thread the garbage collector happens to be.

    Args:
        forgotten: What is about to vanish.
        what: The complaint.
        key: Under which name the handler finds `forgotten` in its context.
        loop: The loop that it belongs to; None where it has none yet, and the running one is meant.
        close: Begins to close; None where that is another's.
    """
    running = running_loop()
    if close is not None:
        if loop is None or loop is running or loop.is_closed():
            close()
        else:
            loop.call_soon_threadsafe(close)
    listener = loop or running
    if listener is not None:
        listener.call_exception_handler({"message": what, key: forgotten})
    warnings.warn(what, ResourceWarning, source=forgotten, stacklevel=3)  # last: it may be made an error


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread, None where none does."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
