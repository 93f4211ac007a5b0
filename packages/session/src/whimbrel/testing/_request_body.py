"""The body of one request, read from the wire when somebody asks for it."""

from whimbrel.testing._far_side import ClientGone
from whimbrel.testing._reply import Reply
from whimbrel_http1 import RequestHead, ResponseEncoder

__all__ = ["RequestBody"]


class RequestBody:
    """Reads the body that follows `head`, whose answer is `reply`."""

    def __init__(self, head: RequestHead, reply: Reply) -> None:
        self._reply = reply
        self._owes_continue = head.expect_continue and (head.chunked or bool(head.content_length))
        self._has_ended = False

    async def next_piece(self) -> bytes:
        """Return the next piece, b"" behind the last one; a client that waits for it is told to go on.

        Raises:
            ClientGone: The client has left in the middle.
        """
        if self._has_ended:
            return b""
        if self._owes_continue and not self._reply.ended.done():
            self._owes_continue = False
            await self._reply.wire.write(ResponseEncoder(100, "Continue", ()).head)
        event = await self._reply.wire.next_event()
        if event is None:
            raise ClientGone("the client has left in the middle of its request")
        if isinstance(event, bytes):
            return event
        self._has_ended = True
        return b""
