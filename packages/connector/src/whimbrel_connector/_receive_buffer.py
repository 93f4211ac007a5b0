"""Where the connections of a loop receive: in one buffer, whose bytes are copied out before anything else.

Asyncio's own transports make room for the largest read before each one, which costs a small answer more
in the system's memory management than its parsing does.
"""

import asyncio
from weakref import WeakKeyDictionary

__all__ = ["receive_buffer"]

_SIZE_BYTES = 131072

# By loop: two loops may run at the same time, in two threads.
_buffers: "WeakKeyDictionary[asyncio.AbstractEventLoop, memoryview]" = WeakKeyDictionary()


def receive_buffer(loop: asyncio.AbstractEventLoop) -> memoryview:
    """Return the buffer of `loop`."""
    try:
        buffer = _buffers.get(loop)
        if buffer is None:
            buffer = _buffers[loop] = memoryview(bytearray(_SIZE_BYTES))
    except TypeError:  # a loop of somebody's own that cannot be referred to weakly
        return memoryview(bytearray(_SIZE_BYTES))
    return buffer
