"""Replay recorded requests: parse a file of raw bytes, send each request again, print what came of it.

    python replay.py requests.bin [more.bin ...] --port 8080 [--host 127.0.0.1]

A file holds the requests of one connection, one after another; `RequestParser` finds where each begins
and ends. Each is written by `RequestEncoder` and answered through `ResponseParser`, over one
connection for as long as both sides keep it. A line is printed for each:

    200       1234 bytes     1.9 ms  GET /nest

What cannot be parsed, and a server that closes too early, end up on stderr, and in an exit code of 1;
the requests before the fault are sent all the same. Bodies of responses are counted and dropped.
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from whimbrel_http1 import (
    Awaiting,
    EndOfMessage,
    Event,
    Http1Error,
    ParseError,
    RawHeaders,
    RequestEncoder,
    RequestHead,
    RequestParser,
    ResponseHead,
    ResponseParser,
    Upgraded,
)

READ_BYTES = 65536
MAX_FILE_BYTES = 64 * 1024 * 1024
TIMEOUT_SECONDS = 30.0
# Those may be sent twice when a kept connection turns out to be closed (RFC 9110 section 9.2.2).
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})


@dataclass(frozen=True)
class Recorded:
    """One request of the file."""

    head: RequestHead
    body: bytes
    trailers: RawHeaders

    def wire(self) -> bytes:
        """Return its bytes, framed anew."""
        encoder = RequestEncoder(
            self.head.method, self.head.target, self.head.raw_headers, version=self.head.version
        )
        return encoder.head + encoder.data(self.body) + encoder.end(self.trailers)


def recorded(data: bytes) -> Iterator[Recorded]:
    """Yield the requests in `data`; raise `ParseError` where it stops making sense."""
    head = RequestHead("GET", "/")
    body: list[bytes] = []
    for event in events_of(data):
        match event:
            case RequestHead():
                head = event
                body.clear()
            case bytes():
                body.append(event)
            case EndOfMessage():
                yield Recorded(head, b"".join(body), event.trailers)
            case Upgraded():
                print(f"{head.method} {head.target}: a tunnel is not replayed", file=sys.stderr)
            case _:
                pass


def events_of(data: bytes) -> Iterator[Event]:
    """Yield the events of one connection's requests."""
    parser = RequestParser()
    yield from parser.feed(data)
    while parser.state is Awaiting.DECISION:  # what follows a request for an upgrade is taken for HTTP
        yield from parser.refuse_upgrade()
    yield from parser.feed_eof()


@dataclass(frozen=True)
class Outcome:
    """What the server answered: the final status, and the bytes of its body."""

    status: int
    size: int


class Client:
    """One connection at a time to one server."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._parser = ResponseParser()

    def exchange(self, request: Recorded) -> Outcome:
        """Send `request` and read its response.

        Raises:
            OSError: The connection failed.
            ParseError: The response is malformed or cut short.
        """
        kept = self._socket is not None
        try:
            return self._attempt(request)
        except ConnectionError:
            self.close()
            # A server may close a kept connection at any moment; with no byte of an answer, try a new one.
            if not (kept and self._parser.reusable and request.head.method in IDEMPOTENT):
                raise
            return self._attempt(request)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _attempt(self, request: Recorded) -> Outcome:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, TIMEOUT_SECONDS)
            self._parser = ResponseParser(request_method=request.head.method)
        else:
            self._parser.next_response(request.head.method)
        with suppress(ConnectionError):  # a server may answer and close before it has read everything
            self._socket.sendall(request.wire())
        outcome = self._read(self._socket)
        if not (self._parser.reusable and request.head.keep_alive):
            self.close()
        return outcome

    def _read(self, connection: socket.socket) -> Outcome:
        status, size = 0, 0
        while True:
            data = connection.recv(READ_BYTES)
            if not data and self._parser.reusable:
                raise ConnectionAbortedError("the server closed without an answer")
            for event in self._parser.feed(data) if data else self._parser.feed_eof():
                match event:
                    case ResponseHead():
                        status = event.status
                    case bytes():
                        size += len(event)
                    case EndOfMessage() | Upgraded():
                        return Outcome(status, size)
                    case _:
                        pass
            if not data:
                raise ConnectionAbortedError("the server closed after an interim answer")


def replay(data: bytes, client: Client) -> bool:
    """Replay the requests in `data`, print a line for each; return whether all went well."""
    well = True
    try:
        for request in recorded(data):
            line = f"{request.head.method} {request.head.target}"
            begun = perf_counter()
            try:
                outcome = client.exchange(request)
            except (OSError, ParseError) as fault:
                print(f"{line}: {fault}", file=sys.stderr)
                well = False
                continue
            milliseconds = (perf_counter() - begun) * 1000
            print(f"{outcome.status} {outcome.size:10} bytes {milliseconds:7.1f} ms  {line}", flush=True)
    except Http1Error as fault:
        print(f"the recording is faulty: {fault}", file=sys.stderr)
        well = False
    return well


def main() -> int:
    """Replay the files named on the command line."""
    parser = argparse.ArgumentParser(description="Send recorded requests again.")
    parser.add_argument("files", nargs="+", type=Path, help="raw bytes of requests, each file one connection")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    well = True
    for file in options.files:
        if file.stat().st_size > MAX_FILE_BYTES:
            parser.error(f"{file} is larger than {MAX_FILE_BYTES} bytes")
        client = Client(options.host, options.port)
        try:
            well = replay(file.read_bytes(), client) and well
        finally:
            client.close()
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
