"""What a function may answer with, and how it is sent."""

import inspect
import json as json_module
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass

from whimbrel.testing._received import ReceivedRequest
from whimbrel.testing._reply import Pairs, Reply

__all__ = ["Answer", "FunctionServer", "Handler", "HangUp", "Reaction", "Verbatim", "react"]


@dataclass(frozen=True)
class Answer:
    """A response.

    Attributes:
        body: What is sent: bytes, text (as UTF-8), or pieces as they become ready; None for nothing.
        status: The status code.
        headers: Names and values; the framing is added where they declare none.
        json: Serialised as the body, with its media type, where no `body` is given.
        reason: The reason phrase; None for the usual one.
        trailers: Fields behind a body in pieces.
    """

    body: bytes | str | AsyncIterable[bytes] | None = None
    _: KW_ONLY
    status: int = 200
    headers: Mapping[str, str] | Pairs = ()
    json: object = None
    reason: str | None = None
    trailers: Pairs = ()

    async def send_to(self, reply: Reply) -> None:
        """Send it."""
        fields: Pairs = [*self.headers.items()] if isinstance(self.headers, Mapping) else self.headers
        content, kind = self._content()
        if kind and not any(name.lower() in ("content-type", b"content-type") for name, _ in fields):
            fields = [*fields, ("Content-Type", kind)]
        if isinstance(content, bytes):
            reply.begin(self.status, self.reason, fields, size=len(content))
            await reply.end(content, self.trailers)
        else:
            reply.begin(self.status, self.reason, fields, size=None)
            await reply.send(b"")  # the head goes ahead of a body that takes its time
            async for piece in content:
                await reply.send(piece)
            await reply.end(trailers=self.trailers)

    def _content(self) -> tuple[bytes | AsyncIterable[bytes], str]:
        """Return what is sent, and its media type if it can be told."""
        if self.body is None and self.json is not None:
            return json_module.dumps(self.json).encode(), "application/json"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain; charset=utf-8"
        return self.body or b"", ""


@dataclass(frozen=True)
class HangUp:
    """The server closes the connection without a word."""

    async def send_to(self, reply: Reply) -> None:
        """Do it."""
        reply.hang_up()


@dataclass(frozen=True)
class Verbatim:
    """Bytes as they are, well formed or not; behind them the connection closes.

    Attributes:
        wire: All that the client gets.
    """

    wire: bytes

    async def send_to(self, reply: Reply) -> None:
        """Send it."""
        await reply.verbatim(self.wire)
        reply.hang_up()


Reaction = Answer | HangUp | Verbatim
Handler = Callable[[ReceivedRequest], Reaction | Awaitable[Reaction]]


async def react(handler: Reaction | Handler, request: ReceivedRequest) -> Reaction:
    """Return what `handler` answers, or is.

    An `async def` is called at once, and may read the body; for all else, which cannot wait, the body
    comes first.

    Raises:
        TypeError: It answers with something else.
    """
    call: object = getattr(handler, "__call__", None)  # noqa: B004 -- an object may have an `async def` there
    if not (inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(call)):
        await request.drain()
    if isinstance(handler, Reaction):
        return handler
    answer: object = handler(request)
    reaction = await answer if inspect.isawaitable(answer) else answer
    if not isinstance(reaction, Reaction):
        msg = f"a handler returns an Answer, a HangUp or Verbatim bytes, not {type(reaction).__name__}"
        raise TypeError(msg)
    return reaction


class FunctionServer:
    """Serves with a function."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def serve(self, request: ReceivedRequest, reply: Reply) -> None:
        """Answer one request."""
        reaction = await react(self._handler, request)
        await reaction.send_to(reply)
        await request.drain()  # before the client has its answer, what it sent is remembered whole
