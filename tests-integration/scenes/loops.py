"""The event loops by name."""

import asyncio

__all__ = ["loop_name", "new_loop"]


def new_loop(name: str) -> asyncio.AbstractEventLoop:
    """Return a new event loop: uvloop's, or asyncio's own."""
    if name != "uvloop":
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415  may be absent

    fast: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return fast


def loop_name() -> str:
    """Return the name of the running loop."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]
