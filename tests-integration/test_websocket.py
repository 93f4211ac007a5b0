"""WebSockets of the session, against aiohttp's server and against raw bytes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from peers.bin import Bin
from peers.certificates import Authority
from peers.detour import Detour
from peers.handshake import accept_websocket, agreement_with
from peers.scripted import OK, Peer, ScriptedServer, always
from scenes.garbage import left_in_circles

import whimbrel as aiohttp
from whimbrel import ClientSession, ClientWebSocketResponse, TCPConnector, WSCloseCode, WSMsgType


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def test_the_guides_example_answers_until_it_is_told_to_close() -> None:
    """S235 to S244."""
    received: list[str] = []

    async def chat(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for line in ("tide", "wind", "close cmd"):
            await socket.send_str(line)
        received.extend([message.data async for message in socket])
        return socket

    async with _application(chat) as port:
        session = aiohttp.ClientSession(connector=TCPConnector(resolver=Detour({80: port})))
        async with session.ws_connect("http://example.org/websocket") as ws:
            async for msg in ws:
                if msg.type == aiohttp.WSMsgType.TEXT:
                    if msg.data == "close cmd":
                        await ws.close()
                        break
                    await ws.send_str(msg.data + "/answer")
                elif msg.type == aiohttp.WSMsgType.CLOSED:  # noqa: SIM114  the example does
                    break
                elif msg.type == aiohttp.WSMsgType.ERROR:
                    break
            assert isinstance(ws, ClientWebSocketResponse)
            assert ws.closed
            assert ws.close_code == WSCloseCode.OK
            assert (await ws.receive()).type is WSMsgType.CLOSED
        await session.close()
    assert received == ["tide/answer", "wind/answer"]


@pytest.mark.parametrize("compress", [0, 15, 9])
async def test_text_bytes_and_json_come_back(httpbin: Bin, session: ClientSession, compress: int) -> None:
    """S248."""
    async with session.ws_connect(f"{httpbin.url}websocket", compress=compress) as ws:
        assert ws.compress == compress
        for text in ("", "прилив", "tide " * 50_000):
            await ws.send_str(text)
            assert await ws.receive_str() == text
        await ws.send_bytes(bytes(range(256)) * 300)
        assert await ws.receive_bytes() == bytes(range(256)) * 300
        await ws.send_json({"tide": ["low", 1.5, None]})
        assert await ws.receive_json() == {"tide": ["low", 1.5, None]}
        await ws.ping(b"?")
    assert ws.close_code == 1000


@pytest.mark.parametrize("scheme", ["http", "ws"])
async def test_both_spellings_of_the_scheme_lead_there(
    httpbin: Bin, session: ClientSession, scheme: str
) -> None:
    """S236, S237: awaited, without `async with`."""
    ws = await session.ws_connect(httpbin.url.replace("http", scheme) + "websocket")
    await ws.send_str("tide")
    message = await ws.receive()
    assert (message.type, message.data) == (WSMsgType.TEXT, "tide")
    await ws.close()


@pytest.mark.parametrize("scheme", ["https", "wss"])
async def test_websockets_go_over_tls(authority: Authority, session: ClientSession, scheme: str) -> None:
    async with Bin(ssl=authority.server("127.0.0.1")) as site:
        url = site.url.replace("https", scheme) + "websocket"
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.ws_connect(url)
        async with session.ws_connect(url, ssl=authority.client()) as ws:
            await ws.send_str("tide" * 100_000)
            assert await ws.receive_str() == "tide" * 100_000
        assert ws.close_code == 1000


async def test_iteration_ends_when_the_server_closes_and_the_code_is_known(
    httpbin: Bin, session: ClientSession
) -> None:
    """S240, S244."""
    async with session.ws_connect(f"{httpbin.url}websocket") as ws:
        await ws.send_str("tide")
        await ws.send_str("close yourself")
        assert [message.data async for message in ws] == ["tide"]
        assert (ws.closed, ws.close_code) == (True, 4001)
        with pytest.raises(aiohttp.ClientConnectionResetError):
            await ws.send_str("too late")


async def test_a_close_message_carries_code_and_reason(httpbin: Bin, session: ClientSession) -> None:
    async with session.ws_connect(f"{httpbin.url}websocket") as ws:
        await ws.send_str("close yourself")
        message = await ws.receive()
        assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 4001, "as told")


@pytest.mark.parametrize("status", [200, 400, 403, 404, 500])
async def test_a_refused_handshake_is_an_error_with_the_status(
    httpbin: Bin, session: ClientSession, status: int
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await session.ws_connect(f"{httpbin.url}status/{status}")
    assert caught.value.status == status
    assert isinstance(caught.value, aiohttp.ClientResponseError)
    assert caught.value.headers is not None
    async with session.get(httpbin.url) as resp:
        assert resp.status == 200


async def _converse(ws: ClientWebSocketResponse) -> None:
    await ws.send_str("tide" * 10_000)
    await ws.receive_str()


async def _wait_for_nothing(ws: ClientWebSocketResponse) -> None:
    with pytest.raises(asyncio.TimeoutError):
        await ws.receive(timeout=0.01)


async def _let_it_close(ws: ClientWebSocketResponse) -> None:
    await ws.send_str("close yourself")
    assert [message async for message in ws] == []


async def _break_the_rules(ws: ClientWebSocketResponse) -> None:
    with pytest.raises(TypeError):
        await ws.send_str(b"tide")  # type: ignore[arg-type]  # it is wrong on purpose
    await ws.send_str("tide")
    with pytest.raises(aiohttp.WSMessageTypeError):
        await ws.receive_bytes()


@pytest.mark.parametrize("use", [_converse, _wait_for_nothing, _let_it_close, _break_the_rules])
@pytest.mark.parametrize("ends", ["close", "session"])
async def test_a_websocket_leaves_nothing_to_the_garbage_collector(
    httpbin: Bin, use: Callable[[ClientWebSocketResponse], Awaitable[None]], ends: str
) -> None:
    async def life() -> None:
        async with ClientSession() as session:
            ws = await session.ws_connect(f"{httpbin.url}websocket", compress=15, heartbeat=30)
            await use(ws)
            if ends == "close":
                await ws.close()

    await life()  # what is made once for all is made
    with left_in_circles() as left:
        await life()
    assert left == set()


async def _agree(peer: Peer, frames: bytes) -> None:
    """Switch protocols, send `frames` at once, and leave when the client has said something."""
    await accept_websocket(peer, (await peer.request()).get("sec-websocket-key") or "", frames)
    await peer.reader.read(1)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param("Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: AAAA\r\n", id="key"),
        pytest.param("Connection: upgrade\r\nSec-WebSocket-Accept: {}\r\n", id="no-upgrade"),
        pytest.param("Upgrade: websocket\r\nSec-WebSocket-Accept: {}\r\n", id="no-connection"),
        pytest.param(
            "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: x\r\n",
            id="protocol",
        ),
    ],
)
async def test_a_wrong_agreement_is_refused(session: ClientSession, fields: str) -> None:
    async def script(peer: Peer) -> None:
        agreement = agreement_with((await peer.request()).get("sec-websocket-key") or "")
        head = "HTTP/1.1 101 Switching Protocols\r\n" + fields.format(agreement) + "\r\n"
        await peer.send(head.encode())
        await peer.until_gone()

    async with ScriptedServer(script) as server:
        with pytest.raises((aiohttp.WSServerHandshakeError, aiohttp.ClientConnectionError)):
            await session.ws_connect(server.url)
        await server.connections.until(lambda: not server.connections.open)


async def test_frames_that_come_with_the_handshake_are_not_lost(session: ClientSession) -> None:
    async def script(peer: Peer) -> None:
        await _agree(peer, b"\x81\x04tide" + b"\x88\x02\x03\xe8")

    async with ScriptedServer(script) as server, session.ws_connect(server.url) as ws:
        assert [message.data async for message in ws] == ["tide"]
        assert ws.close_code == 1000


async def test_a_broken_frame_is_a_message_of_type_error(session: ClientSession) -> None:
    """S245."""

    async def script(peer: Peer) -> None:
        await _agree(peer, b"\xf1\x04tide")

    async with ScriptedServer(script) as server, session.ws_connect(server.url) as ws:
        message = await ws.receive()
        assert message.type is WSMsgType.ERROR
        assert isinstance(message.data, aiohttp.WebSocketError)
        assert ws.close_code == WSCloseCode.PROTOCOL_ERROR


async def test_a_peer_that_vanishes_ends_the_iteration(session: ClientSession) -> None:
    async def vanish(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("tide")
        if request.transport is not None:
            request.transport.abort()
        return socket

    async with _application(vanish) as port:
        async with session.ws_connect(f"http://127.0.0.1:{port}/") as ws:
            assert [message.data async for message in ws if message.type is WSMsgType.TEXT] == ["tide"]
            assert ws.close_code == WSCloseCode.ABNORMAL_CLOSURE


async def test_only_one_task_receives(httpbin: Bin, session: ClientSession) -> None:
    """S246."""
    async with session.ws_connect(f"{httpbin.url}websocket") as ws:
        first = asyncio.ensure_future(ws.receive())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError):
            await ws.receive()
        await ws.send_str("tide")
        assert (await first).data == "tide"


@pytest.mark.parametrize("compress", [0, 15])
async def test_many_tasks_send(httpbin: Bin, session: ClientSession, compress: int) -> None:
    """S247."""
    async with session.ws_connect(f"{httpbin.url}websocket", compress=compress) as ws:
        texts = [str(i) * 1000 for i in range(100)]
        await asyncio.gather(*(ws.send_str(text) for text in texts))
        assert sorted([await ws.receive_str() for _ in texts]) == sorted(texts)


async def test_receiving_times_out_and_goes_on(httpbin: Bin, session: ClientSession) -> None:
    async with session.ws_connect(f"{httpbin.url}websocket") as ws:
        with pytest.raises(asyncio.TimeoutError):
            await ws.receive(timeout=0.05)
        await ws.send_str("tide")
        assert await ws.receive_str(timeout=5) == "tide"


async def test_a_subprotocol_is_agreed_on_and_headers_and_cookies_go_along() -> None:
    seen: dict[str, str] = {}

    async def chat(request: web.Request) -> web.WebSocketResponse:
        seen.update(request.headers)
        socket = web.WebSocketResponse(protocols=("surf", "chat"))
        await socket.prepare(request)
        return socket

    async with _application(chat) as port, ClientSession(cookies={"sid": "1"}) as session:
        url = f"http://127.0.0.1:{port}/"
        async with session.ws_connect(
            url, protocols=("chat", "surf"), headers={"X-Tide": "low"}, origin="http://shore.example"
        ) as ws:
            assert ws.protocol == "chat"
    assert (seen["X-Tide"], seen["Cookie"], seen["Origin"]) == ("low", "sid=1", "http://shore.example")


async def test_subprotocols_may_be_asked_for_by_a_header() -> None:
    async def chat(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("surf",))
        await socket.prepare(request)
        return socket

    named = {"sec-websocket-protocol": "chat, surf"}
    async with _application(chat) as port, ClientSession() as session:
        async with session.ws_connect(f"http://127.0.0.1:{port}/", headers=named) as ws:
            assert ws.protocol == "surf"


@pytest.mark.parametrize(("decode_text", "data"), [(True, "прилив"), (False, "прилив".encode())])
async def test_text_may_be_left_undecoded(
    httpbin: Bin, session: ClientSession, decode_text: bool, data: str | bytes
) -> None:
    async with session.ws_connect(f"{httpbin.url}websocket", decode_text=decode_text) as ws:
        await ws.send_str("прилив")
        assert (await ws.receive())[:2] == (WSMsgType.TEXT, data)
        await ws.send_str("прилив")
        assert await ws.receive_str() == data


async def test_a_class_of_ones_own_is_returned(httpbin: Bin) -> None:
    """S238."""

    class Gateway(ClientWebSocketResponse):
        pass

    async with ClientSession(ws_response_class=Gateway) as session:
        async with session.ws_connect(f"{httpbin.url}websocket") as ws:
            assert type(ws) is Gateway


async def test_a_websocket_counts_against_the_limit_until_it_is_closed() -> None:
    connector = TCPConnector(limit=1)
    async with Bin() as site, ClientSession(connector=connector) as session:
        ws = await session.ws_connect(f"{site.url}websocket")
        assert connector.statistics.open == 1
        waiting = asyncio.ensure_future(session.get(site.url))
        await asyncio.sleep(0)
        assert connector.statistics.waiting == 1
        await ws.close()
        async with await waiting as resp:
            assert resp.status == 200


async def test_the_total_limit_is_for_the_handshake_and_not_for_the_conversation(httpbin: Bin) -> None:
    async with ClientSession(timeout=1) as session, session.ws_connect(f"{httpbin.url}websocket") as ws:
        with pytest.raises(asyncio.TimeoutError):
            await ws.receive(timeout=1.1)
        await ws.send_str("tide")
        assert await ws.receive_str() == "tide"


async def test_a_plain_response_is_no_websocket() -> None:
    async with ScriptedServer(always(OK)) as server, ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(server.url)


def _application(handler: object) -> "_Running":
    return _Running(handler)


class _Running:
    """An application with one WebSocket handler; entering gives its port."""

    def __init__(self, handler: object) -> None:
        application = web.Application()
        application.router.add_get("/{rest:.*}", handler)  # type: ignore[arg-type]  # a handler
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)

    async def __aenter__(self) -> int:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
