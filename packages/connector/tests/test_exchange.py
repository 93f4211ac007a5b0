"""One request and its response, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

import pytest

from whimbrel_connector import (
    Exchange,
    ExchangeClosed,
    ExchangeOptions,
    ReadTimeout,
    Request,
    ServerDisconnected,
    StreamReader,
    TCPConnector,
    UnaskedUpgrade,
)
from whimbrel_http1 import (
    ContentDecodingError,
    Event,
    Limits,
    MalformedMessage,
    MessageTooLarge,
    ResponseHead,
    ResponseParser,
    TruncatedMessage,
)

if TYPE_CHECKING:
    from .conftest import Line, Script, Serve

HOST = ("Host", "shore.example")
SOON = 0.05


def get(
    target: str = "/", method: str = "GET", *fields: tuple[str, str], offers_upgrade: bool = False
) -> Request:
    return Request(method, target, [HOST, *fields], offers_upgrade=offers_upgrade)


def plays(data: bytes) -> Script:
    """Return a script that answers the first request with `data` and closes when the client does."""

    async def script(line: Line) -> None:
        await line.request()
        line.send(data)
        await line.end()

    return script


def plays_and_closes(data: bytes) -> Script:
    async def script(line: Line) -> None:
        await line.request()
        line.send(data)

    return script


def plays_and_resets(data: bytes) -> Script:
    async def script(line: Line) -> None:
        await line.request()
        line.send(data)
        await line.writer.drain()
        await line.request()
        line.reset()

    return script


# Responses.


async def test_the_head_comes_first_and_the_body_as_a_stream(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b"HTTP/1.1 203 Fine\r\nA: 1\r\na: 2\r\nContent-Length: 8\r\n\r\nwhimbrel"))
    exchange = await connector.connect(peer.url)
    head = await exchange.send(get())
    assert (head.status, head.reason, head.get_all(b"a")) == (203, "Fine", [b"1", b"2"])
    assert await exchange.content.read() == b"whimbrel"
    assert exchange.is_over
    assert connector.statistics.idle == 1


async def test_bodies_of_every_framing_are_read(serve: Serve, connector: TCPConnector) -> None:
    framings = [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwhim", b"whim", True),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nwh\r\n2\r\nim\r\n0\r\nX: y\r\n\r\n",
            b"whim",
            True,
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nwhim", b"whim", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nwhim", b"whim", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nwhim", b"whim", True),
    ]
    for wire, body, kept in framings:
        peer = await serve(plays(wire))
        assert (await peer.fetch(connector)).body == body
        await peer.until(lambda peer=peer, kept=kept: bool(peer.open) is kept)  # type: ignore[misc]  # bound now


async def test_a_body_until_close_ends_with_the_connection(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays_and_closes(b"HTTP/1.1 200 OK\r\n\r\nwhimbrel"))
    assert (await peer.fetch(connector)).body == b"whimbrel"
    assert connector.statistics.idle == 0


async def test_the_answer_to_head_has_no_body(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nContent-Encoding: gzip\r\n\r\n"))
    fetched = await peer.fetch(connector, method="HEAD", options=ExchangeOptions(decode=True))
    assert fetched.body == b""
    assert connector.statistics.idle == 1


async def test_content_is_decoded_when_asked(serve: Serve, connector: TCPConnector) -> None:
    packed = gzip.compress(gzip.compress(b"whimbrel"))
    fields = b"Content-Encoding: gzip\r\ncontent-encoding: gzip\r\n"
    wire = b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (fields, len(packed), packed)
    peer = await serve(plays(wire))
    assert (await peer.fetch(connector, options=ExchangeOptions(decode=True))).body == b"whimbrel"
    assert (await (await serve(plays(wire))).fetch(connector)).body == packed


async def test_an_unknown_coding_is_passed_on_as_it_is(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nContent-Encoding: utf-8\r\nContent-Length: 4\r\n\r\nwhim"))
    assert (await peer.fetch(connector, options=ExchangeOptions(decode=True))).body == b"whim"


async def test_a_coding_that_cannot_be_undone_spares_the_head(serve: Serve, connector: TCPConnector) -> None:
    codings = b", ".join([b"gzip"] * 9)
    peer = await serve(
        plays(b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: 4\r\n\r\nwhim" % codings)
    )
    exchange = await connector.connect(peer.url, options=ExchangeOptions(decode=True))
    assert (await exchange.send(get())).status == 200
    with pytest.raises(ContentDecodingError):
        await exchange.content.read()


async def test_interim_responses_are_passed_over(serve: Serve, connector: TCPConnector) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 3
    peer = await serve(plays(hints + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwhim"))
    fetched = await peer.fetch(connector)
    assert (fetched.status, fetched.body) == (200, b"whim")


async def test_an_exchange_knows_its_socket(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve()
    exchange = await connector.connect(peer.url)
    assert exchange.get_extra_info("peername") == ("127.0.0.1", peer.port)
    assert exchange.get_extra_info("nothing", 1) == 1
    assert not exchange.reused
    assert not exchange.is_over
    exchange.close()
    await exchange._connection.lost
    assert exchange.get_extra_info("peername") is None


async def test_an_exchange_is_for_one_request(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve()
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    with pytest.raises(RuntimeError, match="one request"):
        await exchange.send(get())
    closed = await connector.connect(peer.url)
    closed.close()
    closed.close()
    with pytest.raises(ExchangeClosed):
        await closed.send(get())


# Reuse, and what forbids it.


async def test_a_hundred_exchanges_share_one_connection(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve()
    for number in range(100):
        fetched = await peer.fetch(connector, f"/{number}")
        assert (fetched.body, fetched.reused) == (f"/{number}".encode(), number > 0)
    assert peer.accepted == 1


async def test_a_request_that_says_close_closes_though_the_server_would_go_on(
    serve: Serve, connector: TCPConnector
) -> None:
    peer = await serve()
    for option in ("close", "Close, te"):
        exchange = await connector.connect(peer.url)
        await exchange.send(get("/", "GET", ("Connection", option)))
        assert await exchange.content.read() == b"/"
        await peer.until(lambda: not peer.open)
    assert peer.accepted == 2


async def test_bytes_behind_the_end_close_the_connection_but_spare_the_response(
    serve: Serve, connector: TCPConnector
) -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwhim"
    for behind in (whole, b"H", b"\r\n\r\n", b"\0"):
        peer = await serve(plays(whole + behind))
        assert (await peer.fetch(connector)).body == b"whim"
        await peer.until(lambda peer=peer: not peer.open)  # type: ignore[misc]  # bound now
    assert connector.statistics.idle == 0


async def test_a_parser_is_not_believed_after_the_end_of_input(serve: Serve, connector: TCPConnector) -> None:
    class Credulous:
        """Says that any connection can be used again."""

        def __init__(self, *, request_method: str, limits: Limits) -> None:
            self._parser = ResponseParser(request_method=request_method, limits=limits)

        reusable = True

        def feed(self, data: bytes) -> list[Event]:
            return self._parser.feed(data)

        def feed_eof(self) -> list[Event]:
            return self._parser.feed_eof()

    peer = await serve(plays_and_closes(b"HTTP/1.1 200 OK\r\n\r\nwhimbrel"))
    fetched = await peer.fetch(connector, options=ExchangeOptions(parser=Credulous))
    assert fetched.body == b"whimbrel"
    assert connector.statistics.idle == 0


# Peers that fail.


@pytest.mark.parametrize("script", [plays_and_closes, plays_and_resets])
@pytest.mark.parametrize("wire", [b"", b"HTTP/1.1 200 OK\r\nContent-"])
async def test_a_peer_that_leaves_before_a_head_is_whole(
    serve: Serve, connector: TCPConnector, script: Callable[[bytes], Script], wire: bytes
) -> None:
    async def leaving(line: Line) -> None:
        await line.request()
        line.send(wire)
        await line.writer.drain()
        if script is plays_and_resets:
            line.reset()

    peer = await serve(leaving)
    exchange = await connector.connect(peer.url)
    with pytest.raises(ServerDisconnected) as caught:
        await exchange.send(get())
    assert not caught.value.reused
    assert caught.value.received_bytes in {0, len(wire)}  # a reset may overtake what was sent
    assert (caught.value.host, caught.value.port) == ("127.0.0.1", peer.port)
    assert exchange.is_over


@pytest.mark.parametrize(
    ("wire", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim", TruncatedMessage),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwhim\r\n", TruncatedMessage),
    ],
    ids=["Content-Length", "chunked"],
)
async def test_a_peer_that_leaves_within_a_body(
    serve: Serve, connector: TCPConnector, wire: bytes, error: type[Exception]
) -> None:
    peer = await serve(plays_and_closes(wire))
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    assert await exchange.content.readexactly(4) == b"whim"
    with pytest.raises(error):
        await exchange.content.read()


@pytest.mark.parametrize("framing", [b"Content-Length: 9\r\n", b""], ids=["Content-Length", "until close"])
async def test_a_peer_that_breaks_the_connection_within_a_body(
    serve: Serve, connector: TCPConnector, framing: bytes
) -> None:
    go = asyncio.Event()

    async def breaking(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\nwhim")
        await go.wait()
        line.reset()

    peer = await serve(breaking)
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    assert await exchange.content.readexactly(4) == b"whim"
    go.set()
    with pytest.raises((TruncatedMessage, ServerDisconnected)) as caught:
        await exchange.content.read()
    assert isinstance(caught.value.__cause__, ConnectionResetError)


async def test_errors_of_the_body_are_translated(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays_and_closes(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim"))
    options = ExchangeOptions(translate=lambda fault: LookupError(type(fault).__name__))
    with pytest.raises(LookupError, match="TruncatedMessage"):
        await peer.fetch(connector, options=options)


@pytest.mark.parametrize(
    ("wire", "error"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", MalformedMessage),
        (b"HTTP/1.1 200 OK\r\nContent Length: 4\r\n\r\n", MalformedMessage),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 9000 + b"\r\n\r\n", MessageTooLarge),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20, MessageTooLarge),
    ],
)
async def test_what_is_no_response_is_refused(
    serve: Serve, connector: TCPConnector, wire: bytes, error: type[Exception]
) -> None:
    peer = await serve(plays(wire))
    with pytest.raises(error):
        await peer.fetch(connector)
    await peer.until(lambda: not peer.open)


async def test_a_fault_within_the_body_comes_after_what_precedes_it(
    serve: Serve, connector: TCPConnector
) -> None:
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwhim\r\nxyz\r\n"))
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    assert await exchange.content.readexactly(4) == b"whim"
    with pytest.raises(MalformedMessage):
        await exchange.content.read()


async def test_silence_before_the_head_and_within_the_body_ends_the_exchange(
    serve: Serve, connector: TCPConnector
) -> None:
    options = ExchangeOptions(read_seconds=SOON)
    for wire in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim"):
        peer = await serve(plays(wire))
        with pytest.raises(ReadTimeout) as caught:
            await peer.fetch(connector, options=options)
        assert caught.value.limit == SOON <= caught.value.elapsed
        await peer.until(lambda peer=peer: not peer.open)  # type: ignore[misc]  # bound now


# Back-pressure and release.


async def test_a_reader_who_does_not_read_holds_the_peer_back(serve: Serve, connector: TCPConnector) -> None:
    async def pouring(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 30))
        while True:
            line.send(bytes(1 << 20))
            if line.writer.transport.get_write_buffer_size() > 1 << 16:
                blocked.set()
            await line.writer.drain()

    blocked = asyncio.Event()
    peer = await serve(pouring)
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    await blocked.wait()
    while not exchange._reading_paused:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    held = exchange.content.total_bytes
    for _ in range(100):
        await asyncio.sleep(0)
    assert exchange.content.total_bytes == held < 1 << 20
    for _ in range(50):
        assert len(await exchange.content.readexactly(100_000)) == 100_000
    exchange.close()


async def test_silence_is_not_counted_while_the_reader_is_slow(serve: Serve, connector: TCPConnector) -> None:
    size = 1 << 20
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size)))
    exchange = await connector.connect(peer.url, options=ExchangeOptions(read_seconds=SOON, buffer_bytes=100))
    await exchange.send(get())
    loop = asyncio.get_running_loop()
    later = loop.create_future()
    loop.call_later(3 * SOON, later.set_result, None)
    await later
    assert len(await exchange.content.read()) == size


async def test_releasing_drops_a_short_rest_and_keeps_the_connection(
    serve: Serve, connector: TCPConnector
) -> None:
    async def slow(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nwhim")
        await go.wait()
        line.send(b"brel")
        await line.request()
        line.answer(b"next")
        await line.end()

    go = asyncio.Event()
    peer = await serve(slow)
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    exchange.release()
    exchange.release()
    assert await exchange.content.readexactly(4) == b"whim"
    with pytest.raises(ExchangeClosed, match="released"):
        await exchange.content.read()
    go.set()
    while not exchange.is_over:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    assert await peer.fetch(connector) == (200, b"next", True)
    with pytest.raises(ExchangeClosed, match="released"):
        await exchange.content.read()


async def test_releasing_goes_on_where_reading_was_paused(serve: Serve, connector: TCPConnector) -> None:
    size = 50_000
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size)))
    exchange = await connector.connect(peer.url, options=ExchangeOptions(buffer_bytes=10))
    await exchange.send(get())
    while not exchange._reading_paused:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    exchange.release()
    while not exchange.is_over:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    assert connector.statistics.idle == 1


async def test_releasing_closes_before_a_long_rest(serve: Serve, connector: TCPConnector) -> None:
    async def pouring(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            line.send(b"10000\r\n" + bytes(65536) + b"\r\n")
            await line.writer.drain()

    peer = await serve(pouring)
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    exchange.release()
    await peer.until(lambda: not peer.open)
    assert exchange.is_over
    assert connector.statistics.open == 0


async def test_releasing_closes_before_a_rest_that_does_not_come(
    serve: Serve, connector: TCPConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whimbrel_connector.exchange.DRAIN_SECONDS", SOON)
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim"))
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    exchange.release()
    assert not exchange.is_over
    await peer.until(lambda: not peer.open)
    assert exchange.is_over


async def test_releasing_what_was_read_or_never_sent(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve()
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    await exchange.content.read()
    exchange.release()
    assert connector.statistics.idle == 1
    unused = await connector.connect(peer.url)
    unused.release()
    assert unused.is_over
    await peer.until(lambda: not peer.open)


async def test_closing_tells_the_reader(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim"))
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    reading = asyncio.ensure_future(exchange.content.readexactly(9))
    await asyncio.sleep(0)
    exchange.close()
    with pytest.raises(ExchangeClosed):
        await reading
    await peer.until(lambda: not peer.open)


async def test_failing_tells_whoever_waits_for_the_head(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b""))
    exchange = await connector.connect(peer.url)
    sending = asyncio.ensure_future(exchange.send(get()))
    await asyncio.sleep(0)
    exchange.fail(LookupError("enough"))
    exchange.fail(LookupError("twice"))
    with pytest.raises(LookupError, match="enough"):
        await sending


async def test_bytes_before_the_request_are_no_answer(serve: Serve, connector: TCPConnector) -> None:
    async def hasty(line: Line) -> None:
        line.answer(b"before you ask")
        await line.end()

    peer = await serve(hasty)
    exchange = await connector.connect(peer.url)
    await peer.until(lambda: bool(peer.accepted) and not peer.open)
    with pytest.raises((ExchangeClosed, ServerDisconnected)):
        await exchange.send(get())


# Changes of protocol.


class Recorder(asyncio.Protocol):
    """Speaks after the change of protocol."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.received = bytearray()
        self.ended: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.arrived = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set_result(exc)


SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: shore\r\n\r\n"


async def test_an_upgraded_connection_is_handed_over_with_what_came_behind(
    serve: Serve, connector: TCPConnector
) -> None:
    async def switching(line: Line) -> None:
        await line.request()
        line.send(SWITCH + b"hello")
        line.send(await line.reader.readexactly(4))

    peer = await serve(switching)
    exchange = await connector.connect(peer.url)
    head = await exchange.send(get(offers_upgrade=True))
    assert head.status == 101
    assert await exchange.content.read() == b""
    recorder = Recorder()
    exchange.upgrade(recorder)
    assert recorder.received == b"hello"
    assert connector.statistics.open == 1
    assert recorder.transport is not None
    recorder.transport.write(b"echo")
    assert await recorder.ended is None
    assert recorder.received == b"helloecho"
    with pytest.raises(RuntimeError, match="not upgraded"):
        exchange.upgrade(recorder)


async def test_bytes_that_come_before_the_hand_over_are_not_lost(
    serve: Serve, connector: TCPConnector
) -> None:
    async def switching(line: Line) -> None:
        await line.request()
        line.send(SWITCH)
        await go.wait()
        line.send(b"hello")
        await line.end()

    go = asyncio.Event()
    peer = await serve(switching)
    exchange = await connector.connect(peer.url)
    await exchange.send(get(offers_upgrade=True))
    exchange.data_received(b"deciphered already, ")  # as TLS transports do though paused
    go.set()
    recorder = Recorder()
    exchange.upgrade(recorder)
    while not recorder.received.endswith(b"hello"):
        recorder.arrived.clear()
        await recorder.arrived.wait()
    assert recorder.received == b"deciphered already, hello"
    assert recorder.transport is not None
    recorder.transport.close()
    await recorder.ended


async def test_silence_is_not_counted_after_an_upgrade(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(SWITCH))
    exchange = await connector.connect(peer.url, options=ExchangeOptions(read_seconds=SOON))
    await exchange.send(get(offers_upgrade=True))
    loop = asyncio.get_running_loop()
    later = loop.create_future()
    loop.call_later(3 * SOON, later.set_result, None)
    await later
    assert connector.statistics.open == 1
    exchange.release()
    assert exchange.is_over
    with pytest.raises(ExchangeClosed):
        exchange.upgrade(Recorder())


async def test_a_connect_that_is_accepted_is_a_tunnel(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\n\r\nhello"))
    exchange = await connector.connect(peer.url)
    await exchange.send(Request("CONNECT", "far.example:443", [("Host", "far.example:443")]))
    recorder = Recorder()
    exchange.upgrade(recorder)
    assert recorder.received == b"hello"


async def test_an_upgrade_that_nobody_offered_is_refused(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(SWITCH))
    exchange = await connector.connect(peer.url)
    with pytest.raises(UnaskedUpgrade):
        await exchange.send(get())
    await peer.until(lambda: not peer.open)


async def test_an_upgrade_needs_a_101(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"))
    exchange = await connector.connect(peer.url)
    await exchange.send(get(offers_upgrade=True))
    with pytest.raises(RuntimeError, match="not upgraded"):
        exchange.upgrade(Recorder())
    exchange.close()


# Cancellation.


async def before_the_head(exchange: Exchange) -> None:
    await exchange.send(get())


async def in_the_body(exchange: Exchange) -> None:
    await exchange.send(get())
    await exchange.content.read()


@pytest.mark.parametrize(
    ("work", "wire"),
    [
        (before_the_head, b""),
        (in_the_body, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim"),
    ],
)
async def test_a_cancelled_exchange_leaves_nothing_behind(
    serve: Serve,
    connector: TCPConnector,
    work: Callable[[Exchange], Awaitable[None]],
    wire: bytes,
) -> None:
    arrived = asyncio.Event()

    async def slow(line: Line) -> None:
        await line.head()
        line.send(wire)
        await line.writer.drain()
        arrived.set()
        await line.end()

    peer = await serve(slow)

    async def worker() -> None:
        exchange = await connector.connect(peer.url)
        try:
            await work(exchange)
        finally:
            exchange.close()

    task = asyncio.ensure_future(worker())
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await peer.until(lambda: not peer.open)
    await connector.close()
    assert connector.statistics.open == 0


async def test_a_request_that_is_cancelled_at_any_moment_leaves_nothing_foreign(
    serve: Serve, connector: TCPConnector
) -> None:
    async def slowly(line: Line) -> None:
        while request := await line.request():
            target = request.split(b" ", 2)[1]
            line.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(target))
            await asyncio.sleep(0)
            line.send(target)

    peer = await serve(slowly)

    async def fetch(number: int) -> None:
        exchange = await connector.connect(peer.url)
        try:
            await exchange.send(get(f"/{number}"))
            assert await exchange.content.read() == f"/{number}".encode()
        finally:
            exchange.close()

    for number in range(60):
        task = asyncio.ensure_future(fetch(number))
        for _ in range(number % 20):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() or task.exception() is None
    assert (await peer.fetch(connector, "/last")).body == b"/last"
    await connector.close()
    assert connector.statistics.open == 0


def test_the_seam_of_parsers_fits_our_own() -> None:
    parser = ExchangeOptions().parser(request_method="GET", limits=Limits())
    head = next(iter(parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")))
    assert isinstance(head, ResponseHead)
    assert StreamReader().get_read_buffer_limits()[0] == ExchangeOptions().buffer_bytes
