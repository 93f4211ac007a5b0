"""One connection's requests, each given to the server, one after another."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from whimbrel.testing._far_side import ClientGone, FarSide
from whimbrel.testing._received import ReceivedRequest
from whimbrel.testing._reply import Reply
from whimbrel.testing._request_body import RequestBody
from whimbrel_connector import Exchange
from whimbrel_http1 import Http1Error, RequestHead

__all__ = ["Conversation", "House", "Server", "Visit"]


class Server(Protocol):
    """Who answers requests."""

    async def serve(self, request: ReceivedRequest, reply: Reply) -> None:
        """Answer one request; it may go on when the response is complete."""


@dataclass(frozen=True, eq=False, slots=True)
class Visit:
    """One request that is being answered.

    Attributes:
        request: The request.
        reply: Its response.
        exchange: The client's side of it, which learns of faults.
    """

    request: ReceivedRequest
    reply: Reply
    exchange: Exchange | None


class House:
    """Everything that is served: what came, what is being answered, what went wrong unseen.

    Args:
        server: Who answers.
        kept_bytes: Bytes of each request's body that are remembered.

    Attributes:
        requests: All requests, in order of arrival.
        visits: Those that are being answered, and by whom.
        faults: What was raised when no client was left to be told.
        connections: How many connections there have been.
    """

    def __init__(self, server: Server, *, kept_bytes: int) -> None:
        self.server = server
        self.kept_bytes = kept_bytes
        self.requests: list[ReceivedRequest] = []
        self.visits: dict[asyncio.Task[None], Visit] = {}
        self.faults: list[BaseException] = []
        self.connections = 0

    def open(self, visit: Visit) -> "asyncio.Task[None]":
        """Begin to answer."""
        self.requests.append(visit.request)
        task = asyncio.get_running_loop().create_task(self._answer(visit))
        self.visits[task] = visit
        task.add_done_callback(lambda task: self._close(visit, task))
        return task

    def blame(self, fault: BaseException, exchange: Exchange | None) -> None:
        """Let the client's request raise `fault`; where it has ended, keep it."""
        if exchange is None or exchange.is_over:
            self.faults.append(fault)
        else:
            exchange.fail(fault)

    async def _answer(self, visit: Visit) -> None:
        request, reply = visit.request, visit.reply
        try:
            await self.server.serve(request, reply)
            if not (reply.is_complete or reply.has_switched or reply.wire.is_gone):
                msg = f"{request!r} was left without a whole response"
                raise RuntimeError(msg)
        except Http1Error as fault:  # of ours, not of the client's
            msg = f"the response to {request!r} cannot be written: {fault}"
            wrong = RuntimeError(msg)
            wrong.__cause__ = fault
            self.blame(wrong, visit.exchange)
        except Exception as fault:  # noqa: BLE001 -- at once: what was written must not arrive before it
            if not _comes_of_leaving(fault):
                self.blame(fault, visit.exchange)

    def _close(self, visit: Visit, task: "asyncio.Task[None]") -> None:
        del self.visits[task]
        if not visit.reply.is_complete:
            visit.reply.wire.writer.close()
        visit.reply.finish()


class Conversation:
    """Serves one connection.

    Args:
        house: Where requests are answered.
        scheme: Of the URLs on this connection.

    Attributes:
        exchange: The client's side of the request that comes next.
    """

    def __init__(self, house: House, scheme: str) -> None:
        self.exchange: Exchange | None = None
        self._house = house
        self._scheme = scheme
        self._number = 0
        self._task: asyncio.Task[None] | None = None

    def begin(self, wire: FarSide) -> None:
        """Serve what comes over `wire` until its end."""
        self._house.connections += 1
        self._number = self._house.connections
        self._task = asyncio.get_running_loop().create_task(self._run(wire))

    async def _run(self, wire: FarSide) -> None:
        try:
            while isinstance(head := await wire.next_event(), RequestHead):
                if not await self._serve(head, wire):
                    break
        except ClientGone:
            pass
        except Http1Error as fault:
            self._house.blame(fault, self.exchange)
        finally:
            wire.writer.close()

    async def _serve(self, head: RequestHead, wire: FarSide) -> bool:
        """Serve one request, and tell whether another may follow."""
        reply = Reply(head, wire)
        body = RequestBody(head, reply)
        request = ReceivedRequest(
            head,
            self._scheme,
            body.next_piece,
            kept_bytes=self._house.kept_bytes,
            connection=self._number,
        )
        task = self._house.open(Visit(request, reply, self.exchange))
        await reply.until_ended()
        if reply.has_switched:
            await asyncio.wait({task})
        if not reply.persists:
            return False
        await request.drain()  # nobody wanted the rest, but the next request stands behind it
        wire.stay_with_http()
        return True


def _comes_of_leaving(fault: BaseException | None) -> bool:
    """Tell whether `fault` only says, perhaps in other words, that the client has left."""
    while fault is not None:
        if isinstance(fault, ClientGone):
            return True
        fault = fault.__cause__ or fault.__context__
    return False
