"""Other people's servers and cores as oracles, where they are installed."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whimbrel_websocket import (
    Agreement,
    ClientProtocol,
    DeflateOffer,
    DeflateParameters,
    HandshakeError,
    WebSocket,
    WSMsgType,
    connect,
)

OFFERS = [
    0,
    15,
    9,
    DeflateOffer(server_no_context_takeover=True, client_no_context_takeover=True),
    DeflateOffer(server_window_bits=10, client_window_bits=12),
]
TEXTS = ["", "shore", "ebbe und flut: ≈ 🐦 " * 3000, "x" * 500_000]


async def converse(ws: WebSocket) -> None:
    for text in TEXTS:
        await ws.send_str(text)
        assert await ws.receive_str(timeout=10) == text
        await ws.send_bytes(text.encode())
        assert await ws.receive_bytes(timeout=10) == text.encode()
    await asyncio.gather(*(ws.send_str(f"{number} " * 500) for number in range(50)))
    received = {await ws.receive_str(timeout=10) for _ in range(50)}
    assert received == {f"{number} " * 500 for number in range(50)}


@pytest.mark.parametrize("compress", OFFERS, ids=str)
async def test_a_conversation_with_websockets(compress: int | DeflateOffer) -> None:
    server = pytest.importorskip("websockets.asyncio.server")

    async def echo(connection: Any) -> None:
        async for message in connection:
            await connection.send(message)

    async with server.serve(echo, "127.0.0.1", 0, subprotocols=["chat"]) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", protocols=["x", "chat"], compress=compress) as ws:
            assert ws.protocol == "chat"
            assert (ws.compress > 0) == (compress != 0)
            await converse(ws)
        assert ws.close_code == 1000


async def test_fragments_and_a_close_from_websockets() -> None:
    server = pytest.importorskip("websockets.asyncio.server")

    async def talk(connection: Any) -> None:
        await connection.send(["a", "b", "", "c"])
        await connection.ping(b"x")
        await connection.close(4001, "enough")

    async with server.serve(talk, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", compress=15) as ws:
            assert await ws.receive_str() == "abc"
            assert (await ws.receive()) == (WSMsgType.CLOSE, 4001, "enough")
            assert ws.close_code == 4001


async def test_a_refusal_of_websockets() -> None:
    server = pytest.importorskip("websockets.asyncio.server")

    async def never(connection: Any) -> None:
        pytest.fail("no connection was agreed on")

    async with server.serve(never, "127.0.0.1", 0, origins=["https://shore.example"]) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(HandshakeError) as caught:
            await connect(f"ws://127.0.0.1:{port}", origin="https://elsewhere.example")
        assert caught.value.status == 403


@pytest.mark.parametrize("compress", OFFERS, ids=str)
async def test_a_conversation_with_aiohttp(compress: int | DeflateOffer) -> None:
    web = pytest.importorskip("aiohttp.web")

    async def echo(request: Any) -> Any:
        ws = web.WebSocketResponse(protocols=["chat"])
        await ws.prepare(request)
        async for message in ws:
            if message.type == WSMsgType.TEXT:
                await ws.send_str(message.data)
            else:
                await ws.send_bytes(message.data)
        return ws

    app = web.Application()
    app.router.add_get("/", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        url = f"http://127.0.0.1:{port}/"
        async with connect(url, protocols=["chat"], compress=compress, heartbeat=5) as ws:
            assert ws.protocol == "chat"
            await converse(ws)
        assert ws.close_code == 1000
    finally:
        await runner.cleanup()


AGREED = Agreement(deflate=DeflateParameters())


def other_core(*, packed: bool) -> Any:
    """Return the server's core of `websockets`, open, with our limits."""
    protocol = pytest.importorskip("websockets.protocol")
    core = protocol.Protocol(protocol.Side.SERVER, state=protocol.State.OPEN, max_size=1 << 20)
    if packed:
        deflate = pytest.importorskip("websockets.extensions.permessage_deflate")
        core.extensions = [deflate.PerMessageDeflate(False, False, 15, 15)]
    return core


@settings(deadline=None)
@given(st.lists(st.one_of(st.text(max_size=300), st.binary(max_size=70_000)), max_size=5), st.booleans())
def test_the_core_of_websockets_reads_what_this_one_writes_and_back(
    contents: list[str | bytes], packed: bool
) -> None:
    ours, theirs = ClientProtocol(AGREED if packed else Agreement()), other_core(packed=packed)
    for content in contents:
        wire = ours.send_text(content) if isinstance(content, str) else ours.send_binary(content)
        theirs.receive_data(wire)
        (event,) = theirs.events_received()
        data = content.encode() if isinstance(content, str) else content
        assert bytes(event.data) == data
        (theirs.send_text if isinstance(content, str) else theirs.send_binary)(data)
        (message,) = ours.feed(b"".join(theirs.data_to_send()))
        assert message.data == content


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_both_cores_refuse_the_same_bytes(data: bytes) -> None:
    protocol = pytest.importorskip("websockets.protocol")
    theirs = protocol.Protocol(protocol.Side.CLIENT, state=protocol.State.OPEN, max_size=1 << 20)
    theirs.receive_data(data)
    ours = ClientProtocol(max_message_bytes=1 << 20)
    messages = ours.feed(data)
    refused = bool(messages) and messages[-1].type is WSMsgType.ERROR
    frames = theirs.events_received()
    # `websockets` checks neither UTF-8 in text nor sizes in their shortest form.
    if theirs.parser_exc is not None and not (frames and frames[-1].opcode == 8):
        assert refused
