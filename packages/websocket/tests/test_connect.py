"""Connecting: one request, one time limit, and nothing left open on any failure."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from yarl import URL

from whimbrel_websocket import (
    ClientWSTimeout,
    HandshakeError,
    HandshakeTimeout,
    NotAllowed,
    WebSocket,
    WSMsgType,
    connect,
)
from whimbrel_websocket.testing import ServerSide, answer_handshake, serve_echo

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


class Server:
    """A server that gives each request to a handler and knows when its connections are gone."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[bytes] = []
        self.ends: list[asyncio.Future[None]] = []

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"


@asynccontextmanager
async def serve(handler: Handler) -> AsyncIterator[Server]:
    server = Server()

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        server.ends.append(end)
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            server.requests.append(request)
            await handler(reader, writer, request)
            while await reader.read(65536):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            end.set_result(None)

    listening = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write_eof()
        await reader.read()  # connections are accepted in order: those before it have been
        writer.close()
        # Each connection was closed by the client: had it not been, this would never return.
        await asyncio.gather(*server.ends)
    finally:
        listening.close()
        await listening.wait_closed()


async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
    """Agree, and close as the client does."""
    writer.write(answer_handshake(request))
    server_side = ServerSide()
    while data := await reader.read(65536):
        for frame in server_side.feed(data):
            if frame.opcode == 8:
                writer.write(ServerSide.frame(8, frame.payload))
                writer.close()
                return


async def test_it_can_be_awaited() -> None:
    async with serve_echo() as server:
        ws = await connect(server.url)
        await ws.send_str("there and back")
        assert await ws.receive_str() == "there and back"
        assert await ws.close()
        assert (ws.closed, ws.close_code) == (True, 1000)


async def test_it_can_be_entered() -> None:
    async with serve_echo() as server, connect(URL(server.url)) as ws:
        assert isinstance(ws, WebSocket)
        await ws.send_bytes(bytes(1_000_000))
        assert await ws.receive_bytes() == bytes(1_000_000)
    assert ws.closed


@pytest.mark.parametrize("scheme", ["ws", "http"])
async def test_both_plain_schemes_connect(scheme: str) -> None:
    async with serve_echo() as server, connect(f"{scheme}://127.0.0.1:{server.port}/") as ws:
        assert ws.get_extra_info("peername")[1] == server.port


async def test_the_request() -> None:
    async with serve(accept) as server:
        url = f"ws://user:p%C3%A4ss@127.0.0.1:{server.port}/a%20b?c=d#fragment"
        headers = {"X-Note": "shore"}
        async with connect(url, headers=headers, origin="https://shore.example", compress=15):
            pass
    lines = server.requests[0].decode().split("\r\n")
    assert lines[0] == "GET /a%20b?c=d HTTP/1.1"
    fields = dict(line.split(": ", 1) for line in lines[1:-2])
    credentials = base64.b64encode("user:päss".encode()).decode()
    del fields["Sec-WebSocket-Key"]
    assert fields == {
        "Host": f"127.0.0.1:{server.port}",
        "X-Note": "shore",
        "Authorization": f"Basic {credentials}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
        "Origin": "https://shore.example",
    }


async def test_given_host_and_authorization_come_first() -> None:
    async with serve(accept) as server:
        headers = [("Host", "shore.example"), ("authorization", "Bearer x")]
        async with connect(f"ws://user:pass@127.0.0.1:{server.port}", headers=headers):
            pass
    request = server.requests[0].lower()
    assert request.count(b"host:") == request.count(b"authorization:") == 1
    assert b"host: shore.example" in request
    assert b"basic" not in request


async def test_frames_that_come_with_the_response_are_kept() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        early = ServerSide.frame(1, b"early") + ServerSide.close_frame(1001)
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer_handshake(request) + early)
        writer.close()

    async with serve(talk) as server, connect(server.url) as ws:
        assert [message.data async for message in ws] == ["early"]


async def test_a_response_in_single_bytes() -> None:
    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        for octet in answer_handshake(request, ("Sec-WebSocket-Protocol", "b")):
            writer.write(bytes((octet,)))
            await asyncio.sleep(0)
        await accept(reader, writer, b"")

    async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        await dribble(reader, writer, request)

    async with serve(quiet) as server:
        ws = await connect(server.url, protocols=["a", "b"])
        assert ws.protocol == "b"
        ws.abort()
        await ws.close()


REFUSALS = [
    pytest.param(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", "status 404", id="404"),
    pytest.param(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", "status 302", id="redirect"),
    pytest.param(b"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\n\r\n", "status 200", id="200 with Upgrade"),
    pytest.param(b"HTTP/1.1 101 Hi\r\n\r\n", "Upgrade", id="101 without fields"),
    pytest.param(b"SSH-2.0-OpenSSH\r\n", "not HTTP", id="not HTTP"),
    pytest.param(b"HTTP/1.1 101 Hi\r\nX: " + b"x" * 200_000, "not HTTP", id="endless head"),
    pytest.param(b"", "closed the connection", id="closed"),
    pytest.param(b"HTTP/1.1 101 Sw", "closed the connection", id="closed in the head"),
]


@pytest.mark.parametrize(("response", "what"), REFUSALS)
async def test_a_refusal_leaves_nothing_open(response: bytes, what: str) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        writer.write(response)
        if "closed" in what:
            writer.close()

    async with serve(refuse) as server:
        with pytest.raises(HandshakeError, match=what):
            await connect(server.url)
        with pytest.raises(HandshakeError, match=what):
            async with connect(server.url):
                pytest.fail("must not be entered")


async def test_a_wrong_proof_is_refused() -> None:
    async def lie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        writer.write(answer_handshake(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"))

    async with serve(lie) as server:
        with pytest.raises(HandshakeError, match="Sec-WebSocket-Accept") as caught:
            await connect(server.url)
    assert caught.value.status == 101


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
    """Say nothing."""


async def test_the_handshake_is_limited_in_time() -> None:
    async with serve(silence) as server:
        with pytest.raises(HandshakeTimeout, match=r"within 0\.05 s") as caught:
            await connect(server.url, handshake_timeout=0.05)
    assert caught.value.seconds == 0.05


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13, 50])
async def test_cancelled_anywhere_nothing_is_left_open(turns: int) -> None:
    async with serve(accept) as server:
        connecting = asyncio.ensure_future(connect(server.url)._open())
        for _ in range(turns):
            await asyncio.sleep(0)
        connecting.cancel()
        await asyncio.wait({connecting})
        if not connecting.cancelled():
            await connecting.result().close()
    assert not [task for task in asyncio.all_tasks() if "_shake_hands" in repr(task)]


async def test_a_peer_that_is_not_there() -> None:
    async with serve_echo() as server:
        pass
    with pytest.raises(OSError, match=str(server.port)):
        await connect(server.url)


async def test_a_plain_server_is_no_tls_server() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"not TLS at all\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    with pytest.raises(OSError):
        await connect(f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    "url", ["ftp://shore.example", "shore.example", "/path", "ws:///path", "wss+unix://x"]
)
def test_urls_that_name_no_websocket_are_refused_at_once(url: str) -> None:
    with pytest.raises(NotAllowed, match="RFC 6455 3"):
        connect(url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sec-WebSocket-Key", "x"),
        ("sec-websocket-protocol", "x"),
        ("Connection", "close"),
        ("Upgrade", "h2c"),
        ("Content-Length", "5"),
        ("X-Bad", "a\r\nb: c"),
        ("X Bad", "a"),
        ("X-Bad", "a\x00"),
    ],
)
def test_fields_that_may_not_be_given_are_refused_at_once(name: str, value: str) -> None:
    with pytest.raises(NotAllowed):
        connect("ws://shore.example", headers={name: value})


def test_an_origin_cannot_inject() -> None:
    with pytest.raises(NotAllowed):
        connect("ws://shore.example", origin="x\r\ny: z")


def test_tls_verifies_names_and_certificates() -> None:
    route = connect("wss://shore.example.")._attempt.route
    assert (route.port, route.server_hostname) == (443, "shore.example")
    assert route.context is not None
    assert route.context.verify_mode is ssl.CERT_REQUIRED
    assert route.context.check_hostname
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert connect("https://shore.example", ssl=own)._attempt.route.context is own
    assert connect("ws://shore.example", ssl=own)._attempt.route.context is None


@pytest.mark.parametrize(
    ("url", "host", "port", "field"),
    [
        ("ws://[::1]:8080/", "::1", 8080, b"Host: [::1]:8080\r\n"),
        ("ws://[fe80::1%1]:8080/", "fe80::1%1", 8080, b"Host: [fe80::1]:8080\r\n"),
        ("ws://shore.example", "shore.example", 80, b"Host: shore.example\r\n"),
        ("ws://SHORE.example:80", "shore.example", 80, b"Host: shore.example\r\n"),
        ("ws://küste.example", "xn--kste-0ra.example", 80, b"Host: xn--kste-0ra.example\r\n"),
    ],
)
def test_hosts(url: str, host: str, port: int, field: bytes) -> None:
    attempt = connect(url)._attempt
    assert (attempt.route.host, attempt.route.port) == (host, port)
    assert field in attempt.request


async def test_options_reach_the_websocket() -> None:
    async with serve_echo() as server:
        ws = await connect(
            server.url, timeout=ClientWSTimeout(ws_receive=0.001), max_msg_size=10, autoping=False
        )
        with pytest.raises(asyncio.TimeoutError):
            await ws.receive()
        await ws.ping()
        assert (await ws.receive(timeout=5)).type is WSMsgType.PONG
        await ws.send_str("x" * 11)
        assert (await ws.receive(timeout=5)).type is WSMsgType.ERROR
        assert ws.close_code == 1009
