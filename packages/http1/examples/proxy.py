"""A small HTTP/1.1 proxy: all four halves of whimbrel_http1 around two sockets.

    python proxy.py --to 127.0.0.1:8080 [--port 8081]       a reverse proxy before one server
    python proxy.py [--port 8081]                           a forward proxy, for instance for
    curl --proxy http://127.0.0.1:8081 http://127.0.0.1:8080/

A request comes in through `RequestParser` and goes out through `RequestEncoder`; its response comes
in through `ResponseParser` and goes out through `ResponseEncoder`. Bodies are passed on piece by
piece, in both directions at once, never held. Fields that are meant for one connection only stay
behind (RFC 9110 section 7.6.1), framing is written anew, trailers are dropped (section 6.5.1).

A server that cannot be reached or understood is a 502; once its response has begun, the client's
connection is aborted instead, so that a cut body never looks whole. Each request opens a connection
of its own; there are no tunnels, no cache and no `Max-Forwards`.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from whimbrel_http1 import (
    HTTP_1_0,
    Awaiting,
    EndOfMessage,
    Event,
    ParseError,
    RequestEncoder,
    RequestHead,
    RequestParser,
    ResponseEncoder,
    ResponseHead,
    ResponseParser,
    split_list,
)

Result = TypeVar("Result")

READ_BYTES = 65536
PATIENCE_SECONDS = 30.0
LINGER_SECONDS = 2.0
VIA = "1.1 whimbrel-example"
MAX_HOPS = 10
# Fields about one connection, besides those that Connection names, and those that are written anew.
HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer upgrade "
    b"transfer-encoding content-length".split()
)


@dataclass(frozen=True)
class Route:
    """Where a request goes: the server, and what it is asked for."""

    host: str
    port: int
    target: str
    authority: str


class Refusal(Exception):
    """The proxy answers by itself, and closes."""

    def __init__(self, status: int, reason: str, why: str) -> None:
        super().__init__(status, reason, why)
        self.status, self.reason, self.why = status, reason, why


class ResponseBroken(Exception):
    """The response had begun when it broke off: nothing can be said any more."""


# What to decide, from values alone.


def route(head: RequestHead, server: str | None) -> Route:
    """Return where `head` leads: to `server` (host:port), or where an absolute target says (RFC 9112 3.2)."""
    if head.method in {"CONNECT", "TRACE"}:
        raise Refusal(501, "Not Implemented", "neither CONNECT nor TRACE is relayed")
    hops = [hop for value in head.get_all(b"via") for hop in split_list(value)]
    if hops.count(VIA.encode()) >= MAX_HOPS:
        raise Refusal(508, "Loop Detected", "this request has been here before")
    target, authority = head.target, (head.get(b"host") or b"").decode("latin-1")
    if not target.startswith("/") and target != "*":
        try:
            parts = urlsplit(target)
            host, port = parts.hostname, parts.port or 80
        except ValueError:
            raise Refusal(400, "Bad Request", "the target is no URL") from None
        if parts.scheme != "http" or not host or "@" in parts.netloc:
            raise Refusal(400, "Bad Request", "the target is no plain http URL")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        authority = parts.netloc
        if server is None:
            return Route(host, port, target, authority)
    if server is None:
        raise Refusal(400, "Bad Request", "a proxy is asked with a whole URL")
    server_host, _, server_port = server.rpartition(":")
    return Route(server_host.strip("[]"), int(server_port), target, authority or server)


def end_to_end(head: RequestHead | ResponseHead) -> Iterator[tuple[bytes, bytes]]:
    """Yield the fields that are meant for the other end (RFC 9110 section 7.6.1)."""
    named = {option.lower() for value in head.get_all(b"connection") for option in split_list(value)}
    for name, value in head.raw_headers:
        if name.lower() not in HOP_BY_HOP and name.lower() not in named:
            yield name, value


def has_other_codings(head: RequestHead | ResponseHead) -> bool:
    """Tell whether a body is coded for this hop in a way that cannot be undone here."""
    codings = [coding for value in head.get_all(b"transfer-encoding") for coding in split_list(value)]
    return [coding.lower() for coding in codings] not in ([], [b"chunked"])


def outgoing_request(head: RequestHead, to: Route) -> RequestEncoder:
    """Return the request as the server sees it."""
    if has_other_codings(head):
        raise Refusal(501, "Not Implemented", "no transfer coding but chunked")
    fields: list[tuple[str | bytes, str | bytes]] = [("Host", to.authority)]
    fields += [(name, value) for name, value in end_to_end(head) if name.lower() != b"host"]
    fields += [("Via", VIA), ("Connection", "close")]
    if head.chunked:
        fields.append(("Transfer-Encoding", "chunked"))
    elif head.content_length is not None:
        fields.append(("Content-Length", str(head.content_length)))
    return RequestEncoder(head.method, to.target, fields)


def outgoing_response(head: ResponseHead, request: RequestHead, *, keep_alive: bool) -> ResponseEncoder:
    """Return the response as the client sees it; a body of unknown length is chunked, but in HTTP/1.0."""
    fields: list[tuple[str | bytes, str | bytes]] = [*end_to_end(head), ("Via", VIA)]
    has_body = request.method != "HEAD" and head.status not in {204, 304} and not head.interim
    if head.content_length is not None and head.status >= 200 and head.status != 204:
        fields.append(("Content-Length", str(head.content_length)))
    elif has_body and request.version != HTTP_1_0:
        fields.append(("Transfer-Encoding", "chunked"))
    elif has_body:
        keep_alive = False
    if not head.interim:
        fields.append(("Connection", "keep-alive" if keep_alive else "close"))
    return ResponseEncoder(head.status, head.reason, fields, request_method=request.method)


# What to do with it.


@dataclass(frozen=True)
class Peer:
    """One side: the client, or a server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def read(self) -> bytes:
        """Return what arrives, nothing at the end."""
        return await self._patiently(self.reader.read(READ_BYTES), PATIENCE_SECONDS)

    async def drain(self) -> None:
        """Wait until the peer has taken most of what was written."""
        await self._patiently(self.writer.drain(), PATIENCE_SECONDS)

    async def linger(self) -> None:
        """Say that nothing more comes, and read on for a while."""
        # Closing with bytes unread would reset the connection, and the peer might lose what was written.
        self.writer.write_eof()
        await self._patiently(self._discard(), LINGER_SECONDS)

    async def _discard(self) -> None:
        while await self.reader.read(READ_BYTES):
            pass

    async def _patiently(self, awaitable: Awaitable[Result], seconds: float) -> Result:
        """Await the peer; a silence of `seconds` ends its connection, and so the wait."""
        timer = asyncio.get_running_loop().call_later(seconds, self.writer.transport.abort)
        try:
            return await awaitable
        finally:
            timer.cancel()


async def events_of(parser: RequestParser | ResponseParser, peer: Peer) -> AsyncGenerator[Event, None]:
    """Yield what arrives until nothing more can."""
    while parser.state is not Awaiting.NOTHING:
        data = await peer.read()
        for event in parser.feed(data) if data else parser.feed_eof():
            yield event
        while isinstance(parser, RequestParser) and parser.state is Awaiting.DECISION:
            for event in parser.refuse_upgrade():  # Upgrade stays behind, so nobody accepts it
                yield event


async def response_events(method: str, server: Peer) -> AsyncGenerator[Event, None]:
    """Yield what the server sends; what is wrong with it is the server's fault."""
    try:
        async with aclosing(events_of(ResponseParser(request_method=method), server)) as events:
            async for event in events:
                yield event
    except (ParseError, OSError) as fault:
        raise Refusal(502, "Bad Gateway", f"the response broke off: {fault}") from fault


class Exchange:
    """One request and its response.

    Args:
        request: Its head.
        events: What follows the head on the client's connection.
        client: Where the response goes.
    """

    def __init__(self, request: RequestHead, events: AsyncGenerator[Event, None], client: Peer) -> None:
        self._request, self._events, self._client = request, events, client
        self._read = False  # whether the client's connection stands at the end of the request
        self._begun = False  # whether the client has seen the head of a final response
        self._keep_alive = False

    async def run(self, address: str | None) -> bool:
        """Relay, and return whether the client's connection may go on."""
        to = route(self._request, address)
        encoder = outgoing_request(self._request, to)
        try:
            opening = asyncio.open_connection(to.host, to.port, limit=READ_BYTES)
            server = Peer(*await asyncio.wait_for(opening, PATIENCE_SECONDS))
        except (OSError, UnicodeError, asyncio.TimeoutError):
            raise Refusal(502, "Bad Gateway", "the server cannot be reached") from None
        # Both directions at once: a server may answer, or ask for the body, before it has all of it.
        sending = asyncio.create_task(self._send(encoder, server))
        receiving = asyncio.create_task(self._receive(server))
        try:
            await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
            if not receiving.done():
                self._check_sent(sending)
            await receiving
        except (ParseError, Refusal):
            if self._begun:
                raise ResponseBroken from None
            raise
        finally:
            sending.cancel()
            receiving.cancel()
            await asyncio.gather(sending, receiving, return_exceptions=True)
            server.writer.transport.abort()
        return self._keep_alive

    async def _send(self, encoder: RequestEncoder, server: Peer) -> None:
        server.writer.write(encoder.head)
        async for event in self._events:
            if not isinstance(event, bytes):
                self._read = True
                server.writer.write(encoder.end())
                await server.drain()
                return
            server.writer.write(encoder.data(event))
            await server.drain()

    def _check_sent(self, sending: asyncio.Task[None]) -> None:
        fault = sending.exception()
        # A server that stops reading may still have answered; nothing else is forgiven.
        if fault is not None and not isinstance(fault, ConnectionError):
            raise fault

    async def _receive(self, server: Peer) -> None:
        encoder: ResponseEncoder | None = None
        async with aclosing(response_events(self._request.method, server)) as events:
            async for event in events:
                match event:
                    case ResponseHead():
                        encoder = self._begin(event)
                    case bytes() if encoder is not None:
                        self._client.writer.write(encoder.data(event))
                    case EndOfMessage() if encoder is not None:
                        self._client.writer.write(encoder.end())
                        await self._client.drain()
                        return
                    case _:
                        raise Refusal(502, "Bad Gateway", "the server sent no response")
                await self._client.drain()
        raise Refusal(502, "Bad Gateway", "the server closed without a response")

    def _begin(self, head: ResponseHead) -> ResponseEncoder:
        if head.status == 101:
            raise Refusal(502, "Bad Gateway", "the server changed the protocol unasked")
        if has_other_codings(head):
            raise Refusal(502, "Bad Gateway", "no transfer coding but chunked")
        # With a part of the request's body unread, the next request cannot be found.
        encoder = outgoing_response(head, self._request, keep_alive=self._request.keep_alive and self._read)
        if not head.interim:
            self._begun, self._keep_alive = True, encoder.keep_alive
        if not head.interim or self._request.version != HTTP_1_0:  # HTTP/1.0 knows no interim responses
            self._client.writer.write(encoder.head)
        return encoder


async def serve(client: Peer, address: str | None) -> None:
    """Relay the requests of one client."""
    try:
        async with aclosing(events_of(RequestParser(), client)) as events:
            while isinstance(head := await anext(events, None), RequestHead):
                if not await Exchange(head, events, client).run(address):
                    break
    except Refusal as refusal:
        refuse(client.writer, refusal)
    except ParseError as fault:
        refuse(client.writer, Refusal(400, "Bad Request", str(fault)))


def refuse(writer: asyncio.StreamWriter, refusal: Refusal) -> None:
    """Answer with the proxy's own words."""
    content = f"{refusal.why}\n".encode()
    fields = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(content)),
        "Connection": "close",
    }
    encoder = ResponseEncoder(refusal.status, refusal.reason, fields)
    writer.write(encoder.head + encoder.data(content))


async def converse(client: Peer, address: str | None) -> None:
    """Serve one client, and close so that the last answer arrives, or is seen to be cut."""
    try:
        await serve(client, address)
        await client.linger()
    except ResponseBroken:
        # A plain close would be the proper end of a body that nothing but the connection delimits.
        connection: socket.socket = client.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.writer.transport.abort()
    except (OSError, asyncio.CancelledError):
        pass  # the client is gone, or we are
    client.writer.close()
    with suppress(OSError):
        await client.writer.wait_closed()


async def main() -> None:
    """Listen on the loopback until interrupted."""
    parser = argparse.ArgumentParser(description="Relay requests.")
    parser.add_argument(
        "--to", metavar="HOST:PORT", help="the one server behind; without it, a forward proxy"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081, help="0 takes a free one")
    options = parser.parse_args()
    if options.to and not options.to.rpartition(":")[2].isdecimal():
        parser.error("--to needs a host and a port, such as 127.0.0.1:8080")
    listener = await asyncio.start_server(
        lambda reader, writer: converse(Peer(reader, writer), options.to), options.host, options.port
    )
    host, port = listener.sockets[0].getsockname()[:2]
    print(f"listening on {host} port {port}", flush=True)
    try:
        await asyncio.get_running_loop().create_future()  # until Ctrl-C, which ends the conversations too
    finally:
        listener.close()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
