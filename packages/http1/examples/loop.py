"""A server loop in forty lines: `python loop.py --port 8080`, then `curl -d eggs http://127.0.0.1:8080/nest`.

Each client has a thread, and each request is answered with a line about itself. What a server needs besides,
such as limits of time, is in server.py.
"""

from __future__ import annotations

import socketserver
import sys
from collections.abc import Iterator

from whimbrel_http1 import (
    Awaiting,
    EndOfMessage,
    Event,
    ParseError,
    RequestHead,
    RequestParser,
    ResponseEncoder,
)


class Conversation(socketserver.BaseRequestHandler):
    """The requests of one client and their answers."""

    def handle(self) -> None:
        """Answer until the connection ends, or must not serve another request."""
        head, size = RequestHead("GET", "/"), 0
        try:
            for event in self._events():
                if isinstance(event, RequestHead):
                    head, size = event, 0
                    if head.expect_continue:
                        self.request.sendall(ResponseEncoder(100, "Continue", ()).head)
                elif isinstance(event, bytes):
                    size += len(event)
                elif isinstance(event, EndOfMessage):
                    self._answer(200, "OK", f"{head.method} {head.target} {size}\n", head)
                else:
                    self._answer(501, "Not Implemented", "no tunnels here\n", head)
        except ParseError as fault:
            self._answer(400, "Bad Request", f"{fault}\n", RequestHead("GET", "/", keep_alive=False))

    def _events(self) -> Iterator[Event]:
        parser = RequestParser()
        while not (parser.must_close or parser.upgraded):
            yield from parser.feed(data) if (data := self.request.recv(65536)) else parser.feed_eof()
            while parser.state is Awaiting.DECISION:  # an upgrade is asked for: stay with HTTP/1.1
                yield from parser.refuse_upgrade()

    def _answer(self, status: int, reason: str, text: str, head: RequestHead) -> None:
        fields = {
            "Content-Length": str(len(text)),
            "Connection": "keep-alive" if head.keep_alive else "close",
        }
        encoder = ResponseEncoder(status, reason, fields, request_method=head.method)
        content = encoder.data(text.encode()) if encoder.content_length else b""
        self.request.sendall(encoder.head + content + encoder.end())


with socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[-1])), Conversation) as server:
    print(f"listening on 127.0.0.1 port {server.server_address[1]}", flush=True)
    server.serve_forever()
