"""`streamer`: a body written by a generator or a coroutine function, as aiohttp 2 documents it."""

import types
from collections.abc import Awaitable, Callable
from typing import Any

from whimbrel_multipart import BodyWriter, Payload, payload_type

__all__ = ["streamer"]


class streamer:  # noqa: N801  the documented name of a decorator
    """Turn a function of `writer` and arguments of your own into a factory of request bodies.

    The function writes with `yield from writer.write(data)`, or, if it is `async def`, with
    `await writer.write(data)`. What the decorated function returns is given as `data=`; so is the
    decorated function itself when it needs no arguments.

    Attributes:
        coro: The function.
    """

    def __init__(self, coro: Callable[..., Any]) -> None:
        # Generators become awaitable and may delegate to coroutines; coroutine functions stay as they are.
        self.coro: Callable[..., Awaitable[None]] = types.coroutine(coro)

    def __call__(self, *args: object, **kwargs: object) -> "_WrittenBody":
        """Return a body that the function writes, given `args` and `kwargs` after the writer."""
        return _WrittenBody(lambda writer: self.coro(writer, *args, **kwargs))


class _WrittenBody:
    """A body and who writes it."""

    def __init__(self, write: Callable[[BodyWriter], Awaitable[None]]) -> None:
        self.write = write


@payload_type(_WrittenBody)
class _WrittenPayload(Payload):
    async def write(self, writer: BodyWriter) -> None:
        await self._value.write(writer)


@payload_type(streamer)
class _BarePayload(Payload):
    async def write(self, writer: BodyWriter) -> None:
        await self._value().write(writer)
