"""Time the parser beside others that are importable: interleaved rounds, the least microseconds of CPU.

The least is what the work costs where nothing disturbs it; medians say more of the machine.

Run it where whimbrel-http1 is installed as a compiled wheel: `python benches/parse.py [rounds]`.
Each contender keeps its parser between responses where it can (ours is timed both ways), and hands
over every event, with the fields as pairs of `bytes`. Responses come with the head of the one before, as
from a server that is asked the same within one second; with another Date; with another Date, ETag, Set-Cookie
and Content-Length, as from a server that is asked for something else of the same kind; and with heads that
have no line in common but their status line and Content-Length.
"""

from __future__ import annotations

import importlib
import socket
import sys
import time
import timeit
from collections.abc import Callable, Container
from typing import Any

import whimbrel_http1
from whimbrel_http1 import EndOfMessage, Limits, RequestEncoder, ResponseHead, ResponseParser

Contender = Callable[[list[bytes]], object]

FIELDS = (
    (b"Server", b"nginx/1.25.%d"),
    (b"Date", b"Mon, 23 Nov 2026 05:30:%02d GMT"),
    (b"Content-Type", b"application/json; version=%d"),
    (b"Connection", b"keep-alive, x-%d"),
    (b"Cache-Control", b"max-age=%d, no-store"),
    (b"X-Request-Id", b"4f1c2d3e-aaaa-bbbb-%06d"),
    (b"Vary", b"Accept-Encoding, X-Nest-%d"),
    (b"ETag", b'"%012d"'),
)
MORE = tuple((b"X-Header-Number-%d" % index, b"value %d of header") for index in range(21))
COOKIE = ((b"Set-Cookie", b"id=%08d; Path=/; HttpOnly"),)
DATE = frozenset([b"Date"])
PAGE = frozenset([b"Date", b"ETag", b"Set-Cookie"])

Fields = tuple[tuple[bytes, bytes], ...]


def response(
    number: int, differing: Container[bytes] | None, fields: Fields = FIELDS, body: bytes = b"x" * 200
) -> bytes:
    """Return a response with `fields` and its length; the values of those in `differing` say `number`.

    None stands for all.
    """
    lines = (
        b"%b: %b\r\n" % (name, value % (number if differing is None or name in differing else 0))
        for name, value in fields
    )
    return b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (b"".join(lines), len(body), body)


def series(differing: Container[bytes] | None, fields: Fields = FIELDS) -> tuple[list[bytes], int, int]:
    """Return a scene of twenty responses; a page has a length of its own too."""
    bodies = [b"x" * (200 + number if differing is PAGE else 200) for number in range(20)]
    return [response(number, differing, fields, body) for number, body in enumerate(bodies)], 20, 10


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = CHUNKED + (b"64\r\n" + b"x" * 100 + b"\r\n") * 1000 + b"0\r\n\r\n"
# What arrives, how many responses that is, and how often it is read in one measurement.
SCENES: dict[str, tuple[list[bytes], int, int]] = {
    "9 fields, as before": series(()),
    "9 fields, another Date": series(DATE),
    "10 fields, four others": series(PAGE, FIELDS + COOKIE),
    "9 fields, none as before": series(None),
    "30 fields, as before": series((), FIELDS + MORE),
    "30 fields, another Date": series(DATE, FIELDS + MORE),
    "31 fields, four others": series(PAGE, FIELDS + COOKIE + MORE),
    "30 fields, none as before": series(None, FIELDS + MORE),
    "1,000 chunks of 100 bytes": ([CHUNKS], 1, 5),
    "64 KiB in 16 KiB reads": ([response(0, (), body=b"x" * 65536)[:-65536], *[b"x" * 16384] * 4], 1, 100),
    "the first, a byte at a time": ([bytes([octet]) for octet in response(0, ())], 1, 5),
}


def whimbrel() -> Contender:
    """Return our parser, kept for all responses."""
    parser = ResponseParser()

    def read(pieces: list[bytes]) -> object:
        seen: list[object] = []
        for piece in pieces:
            for event in parser.feed(piece):
                seen.append(event.raw_headers if type(event) is ResponseHead else event)  # noqa: PERF401 -- a list for each byte costs more
        return seen

    return read


def whimbrel_text() -> Contender:
    """Return our parser, which also decodes all fields into a mapping, as aiohttp's does."""
    parser = ResponseParser()

    def read(pieces: list[bytes]) -> object:
        seen: list[object] = []
        for piece in pieces:
            for event in parser.feed(piece):
                head = type(event) is ResponseHead
                seen.append((event.raw_headers, event.headers) if head else event)
        return seen

    return read


def whimbrel_anew() -> Contender:
    """Return our parser, made anew for each response, as a connector does that gives it to one exchange."""
    limits = Limits()

    def read(pieces: list[bytes]) -> object:
        seen: list[object] = []
        parser = ResponseParser(request_method="GET", limits=limits)
        for piece in pieces:
            for event in parser.feed(piece):
                seen.append(event.raw_headers if type(event) is ResponseHead else event)
                if type(event) is EndOfMessage:
                    parser = ResponseParser(request_method="GET", limits=limits)
        return seen

    return read


class Callbacks:
    """What httptools calls; a reader of one connection, that makes a parser of it."""

    def __init__(self) -> None:
        self._module: Any = importlib.import_module("httptools")
        self.begin()

    def begin(self) -> None:
        self.parser = self._module.HttpResponseParser(self)

    def on_message_begin(self) -> None:
        self.seen: list[object] = []
        self.fields: list[tuple[bytes, bytes]] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        self.seen.append((self.parser.get_status_code(), self.fields))

    def on_body(self, body: bytes) -> None:
        self.seen.append(body)

    def on_message_complete(self) -> None:
        self.seen.append(None)


def httptools() -> Contender:
    """Return llhttp, kept for all responses."""
    callbacks = Callbacks()
    parser = callbacks.parser

    def read(pieces: list[bytes]) -> object:
        for piece in pieces:
            parser.feed_data(piece)
        return callbacks.seen

    return read


def httptools_anew() -> Contender:
    """Return llhttp, made anew for each response; its callbacks are kept, and told where one ends."""
    callbacks = Callbacks()

    def read(pieces: list[bytes]) -> object:
        for piece in pieces:
            callbacks.parser.feed_data(piece)
            if callbacks.seen and callbacks.seen[-1] is None:
                callbacks.begin()
        return callbacks.seen

    return read


def h11() -> Contender:
    """Return h11; a connection per response is the fair way, as it reads no response unasked."""
    module: Any = importlib.import_module("h11")

    def read(pieces: list[bytes]) -> object:
        seen: list[object] = []
        connection = module.Connection(module.CLIENT)
        connection.send(module.Request(method="GET", target="/", headers=[("Host", "a")]))
        connection.send(module.EndOfMessage())
        for piece in pieces:
            connection.receive_data(piece)
            while (event := connection.next_event()) is not module.NEED_DATA:
                seen.append(event)
                if isinstance(event, module.EndOfMessage):
                    connection.start_next_cycle()
                    connection.send(module.Request(method="GET", target="/", headers=[("Host", "a")]))
                    connection.send(module.EndOfMessage())
                    break
        return seen

    return read


class _Protocol:
    _reading_paused = False

    def pause_reading(self) -> None: ...

    def resume_reading(self, *, resume_parser: bool = True) -> None: ...


def aiohttp(kind: str) -> Contender:
    """Return aiohttp's parser written in C or in Python, kept for all responses."""
    import asyncio  # noqa: PLC0415 -- only this contender needs it

    module: Any = importlib.import_module("aiohttp.http_parser")
    loop = asyncio.new_event_loop()
    parser = getattr(module, f"HttpResponseParser{kind}")(_Protocol(), loop, limit=2**20)

    def read(pieces: list[bytes]) -> object:
        seen: list[object] = []
        for piece in pieces:
            messages, *_ = parser.feed_data(piece)
            for message, stream in messages:
                seen.append((message.code, message.raw_headers, stream))
        return seen

    return read


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "whimbrel": whimbrel,
    "with mapping": whimbrel_text,
    "made anew": whimbrel_anew,
    "httptools": httptools,
    "anew too": httptools_anew,
    "aiohttp C": lambda: aiohttp("C"),
    "aiohttp Python": lambda: aiohttp("Py"),
    "h11": h11,
}


def standing() -> dict[str, Contender]:
    """Return the contenders that can be built here."""
    found: dict[str, Contender] = {}
    for name, make in CONTENDERS.items():
        try:
            found[name] = make()
        except (ImportError, AttributeError, TypeError) as error:  # noqa: PERF203 -- five times
            print(f"without {name}: {error}")
    return found


def measure(contender: Contender, pieces: list[bytes], times: int) -> float:
    """Return microseconds for reading `pieces` once."""
    return timeit.timeit(lambda: contender(pieces), timer=time.process_time, number=times) / times * 1e6


def received(contender: Contender | None) -> float:
    """Return microseconds for receiving 64 KiB in 16 KiB reads from a socket, and reading them."""
    head, *_ = SCENES["64 KiB in 16 KiB reads"][0]
    near, far = socket.socketpair()
    taken = 0.0
    with near, far:
        far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        for _ in range(200):
            far.sendall(head + b"x" * 65536)
            began = time.process_time()
            for size in (len(head), *[16384] * 4):
                piece = near.recv(size)
                if contender is not None:
                    contender([piece])
            taken += time.process_time() - began
    return taken / 200 * 1e6


def encode() -> float:
    """Return microseconds for one request head of seven fields."""
    fields = [
        ("Host", "shore.example"),
        ("User-Agent", "whimbrel"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip"),
        ("Connection", "keep-alive"),
        ("Content-Length", "12"),
        ("Content-Type", "application/json"),
    ]

    def write() -> object:
        return RequestEncoder("POST", "/path?q=1", fields).head

    return timeit.timeit(write, timer=time.process_time, number=200) / 200 * 1e6


def main() -> None:
    """Print one line per scene."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    print(f"whimbrel-http1 {whimbrel_http1.__version__}, compiled: {whimbrel_http1.COMPILED}")
    contenders = standing()
    print(f"{'µs, least of ' + str(rounds):28}" + "".join(f"{name:>16}" for name in contenders))
    for scene, (pieces, responses, times) in SCENES.items():
        slow = times if whimbrel_http1.COMPILED else max(times // 10, 1)
        taken: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, contender in contenders.items():
                few = max(slow // 10, 1) if name in {"h11", "aiohttp Python"} else slow
                taken[name].append(measure(contender, pieces, few) / responses)
        print(f"{scene:28}" + "".join(f"{min(figures):16.2f}" for figures in taken.values()))
    bare = min(received(None) for _ in range(rounds))
    ours = min(received(whimbrel()) for _ in range(rounds))
    print(f"{'64 KiB from a socket':28}{ours:16.2f}, and {bare:.2f} where the pieces are only received")
    print(f"{'write a head of 7 fields':28}{min(encode() for _ in range(rounds)):16.2f}")


if __name__ == "__main__":
    main()
