"""A WebSocket with an ASGI application at its other end (RFC 6455; ASGI's WebSocket, 2.4)."""

import base64
import hashlib
from collections import deque

from whimbrel.testing._asgi_messages import Message, Scope, bytes_in, fields_in, number_in, text_in
from whimbrel.testing._far_side import ClientGone
from whimbrel.testing._received import ReceivedRequest
from whimbrel.testing._reply import Reply
from whimbrel_websocket.testing import ClientFrame, ServerSide

__all__ = ["ApplicationWebSocket"]

_KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10
_NO_STATUS, _ABNORMAL = 1005, 1006


class ApplicationWebSocket:
    """What an application hears and says over a WebSocket; compression is never agreed to."""

    def __init__(self, request: ReceivedRequest, reply: Reply) -> None:
        self._request = request
        self._reply = reply
        self._frames = ServerSide()
        self._inbox: deque[Message] = deque([{"type": "websocket.connect"}])
        self._message = b""
        self._opcode = _TEXT
        self._close_code: int | None = None
        self._is_open = False
        self._close_sent = False
        self._refusal: Message | None = None

    def widen(self, scope: Scope) -> Scope:
        """Return the scope of this WebSocket, from that of its request."""
        offered = self._request.headers.getall("Sec-WebSocket-Protocol", [])
        names = [name.strip() for field in offered for name in field.split(",")]
        scheme = "wss" if scope["scheme"] == "https" else "ws"
        return {
            **{key: value for key, value in scope.items() if key != "method"},
            "type": "websocket",
            "scheme": scheme,
            "subprotocols": names,
            "extensions": {"websocket.http.response": {}},
        }

    async def receive(self) -> Message:
        """Return the next message: the opening, what the client sends, or its end."""
        while not self._inbox:
            if self._close_code is not None:
                return {"type": "websocket.disconnect", "code": self._close_code, "reason": ""}
            data = await self._reply.wire.read()
            if data:
                await self._take(data)
            else:
                self._close_code = _ABNORMAL
        return self._inbox.popleft()

    async def send(self, message: Message) -> None:
        """Take a message.

        Raises:
            ClientGone: The client has left or closed; it is an `OSError`, as ASGI asks.
            RuntimeError: It is not the turn of such a message.
        """
        match text_in(message, "type"):
            case "websocket.accept" if not self._is_open and not self._reply.has_begun:
                await self._accept(message)
            case "websocket.send" if self._is_open:
                await self._send_data(message)
            case "websocket.close" if self._is_open:
                reason = text_in(message, "reason").encode()
                await self._send_close(number_in(message, "code", 1000), reason)
            case "websocket.close" if not self._reply.has_begun:
                self._reply.begin(403, None, [], size=0)
                await self._reply.end()
            case "websocket.http.response.start" if not self._is_open and self._refusal is None:
                self._refusal = message
            case "websocket.http.response.body" if self._refusal is not None:
                await self._refuse(self._refusal, message)
            case kind:
                msg = f"the application sent {kind!r} out of turn"
                raise RuntimeError(msg)

    async def end(self) -> None:
        """Close what the application has left open, and wait for the client to have closed too."""
        if not self._is_open:
            return
        try:
            if not self._close_sent and self._close_code is None:
                await self._send_close(1000, b"")
            while self._close_code is None:
                await self.receive()
        except ClientGone:
            pass
        self._reply.wire.writer.close()

    async def _accept(self, message: Message) -> None:
        key = self._request.headers.get("Sec-WebSocket-Key", "")
        # SHA-1 is what RFC 6455 section 4.2.2 asks for.
        proof = base64.b64encode(hashlib.sha1((key + _KEY_SUFFIX).encode(), usedforsecurity=False).digest())
        fields = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", proof.decode()),
        ]
        if subprotocol := text_in(message, "subprotocol"):
            fields.append(("Sec-WebSocket-Protocol", subprotocol))
        self._is_open = True
        surplus = await self._reply.switch([*fields, *fields_in(message)])
        await self._take(surplus)

    async def _refuse(self, head: Message, message: Message) -> None:
        body, is_last = bytes_in(message, "body"), not message.get("more_body")
        if not self._reply.has_begun:
            self._reply.begin(
                number_in(head, "status"), None, fields_in(head), size=len(body) if is_last else None
            )
        await (self._reply.end(body) if is_last else self._reply.send(body))

    async def _send_data(self, message: Message) -> None:
        if self._close_sent or self._close_code is not None:
            raise ClientGone("the WebSocket is closed")
        text: object = message.get("text")
        if isinstance(text, str):
            await self._write(ServerSide.frame(_TEXT, text.encode()))
        else:
            await self._write(ServerSide.frame(_BINARY, bytes_in(message, "bytes")))

    async def _send_close(self, code: int, reason: bytes) -> None:
        if not self._close_sent:
            self._close_sent = True
            await self._write(ServerSide.close_frame(code, reason))

    async def _write(self, frame: bytes) -> None:
        await self._reply.wire.write(frame)

    async def _take(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            match frame.opcode:
                case 8:
                    await self._take_close(frame)
                case 9:
                    await self._write(ServerSide.frame(_PONG, frame.payload))
                case 10:
                    pass
                case _:
                    self._take_part(frame)

    async def _take_close(self, frame: ClientFrame) -> None:
        code = int.from_bytes(frame.payload[:2], "big") if frame.payload else _NO_STATUS
        if not self._close_sent:
            self._close_sent = True
            await self._write(ServerSide.frame(_CLOSE, frame.payload))
        self._close_code = code

    def _take_part(self, frame: ClientFrame) -> None:
        self._opcode = frame.opcode or self._opcode
        self._message += frame.payload
        if not frame.is_final:
            return
        whole, self._message = self._message, b""
        if self._opcode == _TEXT:
            self._inbox.append({"type": "websocket.receive", "text": whole.decode(), "bytes": None})
        else:
            self._inbox.append({"type": "websocket.receive", "bytes": whole, "text": None})
