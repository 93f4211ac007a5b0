"""One request, answered by an ASGI 3 application (the HTTP and WebSocket specification, 2.4)."""

from collections.abc import MutableMapping
from urllib.parse import unquote

from whimbrel.testing._asgi_messages import (
    AsgiApplication,
    Message,
    Scope,
    bytes_in,
    fields_in,
    number_in,
    text_in,
)
from whimbrel.testing._asgi_websocket import ApplicationWebSocket
from whimbrel.testing._far_side import ClientGone
from whimbrel.testing._received import ReceivedRequest
from whimbrel.testing._reply import Reply

__all__ = ["ApplicationServer", "AsgiApplication"]


class ApplicationServer:
    """Serves with an application.

    Args:
        app: The application.
        root_path: Where it is mounted.
        state: What its lifespan keeps; each request has a copy.
    """

    def __init__(self, app: AsgiApplication, root_path: str, state: MutableMapping[str, object]) -> None:
        self._app = app
        self._root_path = root_path
        self._state = state

    async def serve(self, request: ReceivedRequest, reply: Reply) -> None:
        """Answer one request."""
        scope = _scope(request, reply, self._root_path)
        scope["state"] = dict(self._state)
        if request.head.upgrade and request.headers.get("Upgrade", "").lower() == "websocket":
            socket = ApplicationWebSocket(request, reply)
            await self._app(socket.widen(scope), socket.receive, socket.send)
            await socket.end()
        else:
            dialogue = _Dialogue(request, reply)
            await self._app(scope, dialogue.receive, dialogue.send)


class _Dialogue:
    """What an application hears and says while it answers over HTTP."""

    def __init__(self, request: ReceivedRequest, reply: Reply) -> None:
        self._request = request
        self._reply = reply
        self._head: Message | None = None
        self._has_body = True
        self._trailers: list[tuple[bytes, bytes]] | None = None

    async def receive(self) -> Message:
        """Return the next piece of the body; behind the last one wait for the end of the exchange."""
        if self._has_body and not self._reply.is_complete:
            try:
                piece = await self._request.next_piece()
            except ClientGone:
                return {"type": "http.disconnect"}
            self._has_body = bool(piece)
            return {"type": "http.request", "body": piece, "more_body": self._has_body}
        await self._reply.until_ended()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a message.

        Raises:
            ClientGone: The client has left; it is an `OSError`, as ASGI asks.
            RuntimeError: It is not the turn of such a message.
        """
        if self._reply.is_complete:
            _out_of_turn(message, "the response is complete")
        self._reply.wire.check_client()
        match text_in(message, "type"):
            case "http.response.start" if self._head is None:
                self._head = message
            case "http.response.body" if self._head is not None and self._trailers is None:
                await self._send_body(self._head, message)
            case "http.response.trailers" if self._trailers is not None:
                self._trailers += fields_in(message)
                if not message.get("more_trailers"):
                    await self._reply.end(trailers=self._trailers)
            case _:
                _out_of_turn(message, "the response has begun" if self._head else "it has not begun")

    async def _send_body(self, head: Message, message: Message) -> None:
        body, is_last = bytes_in(message, "body"), not message.get("more_body")
        has_trailers = bool(head.get("trailers"))
        if not self._reply.has_begun:
            size = len(body) if is_last and not has_trailers else None
            self._reply.begin(number_in(head, "status"), None, fields_in(head), size=size)
        if is_last and not has_trailers:
            await self._reply.end(body)
            return
        await self._reply.send(body)
        if is_last:
            self._trailers = []


def _out_of_turn(message: Message, why: str) -> None:
    msg = f"the application sent {message.get('type')!r}, but {why}"
    raise RuntimeError(msg)


def _scope(request: ReceivedRequest, reply: Reply, root_path: str) -> Scope:
    path, _, query = request.target.partition("?")
    if "://" in path:  # the absolute form, which proxies are sent
        path, query = request.url.raw_path, request.url.raw_query_string
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1" if request.head.version.minor else "1.0",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": root_path,
        "headers": [(name.lower(), value) for name, value in request.head.raw_headers],
        "client": reply.wire.client,
        "server": reply.wire.server,
        "extensions": {"http.response.trailers": {}},
    }
