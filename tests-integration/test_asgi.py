"""An application of somebody else's, in Starlette, behind `whimbrel.testing.AsgiConnector`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

import whimbrel
from whimbrel import ClientSession, FormData
from whimbrel.testing import AsgiConnector

pytest.importorskip("starlette")

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket


class Shore:
    """The application, and what happened in it."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.left = asyncio.Event()
        self.app = Starlette(
            routes=[
                Route("/birds", self.birds),
                Route("/login", self.login),
                Route("/upload", self.upload, methods=["POST"]),
                Route("/events", self.tide),
                Route("/broken", self.broken),
                WebSocketRoute("/ws", self.chat),
            ],
            lifespan=self.lifespan,
        )

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[Mapping[str, str]]:
        self.events.append("start")
        yield {"bird": "whimbrel"}
        self.events.append("stop")

    async def birds(self, request: Request) -> Response:
        task = BackgroundTask(self.events.append, "background")
        return JSONResponse({"bird": request.state.bird, "who": request.cookies.get("who")}, background=task)

    async def login(self, request: Request) -> Response:
        response = RedirectResponse("/birds")
        response.set_cookie("who", request.query_params["as"])
        return response

    async def upload(self, request: Request) -> Response:
        size = 0
        async for piece in request.stream():
            size += len(piece)
        return JSONResponse({"size": size, "type": request.headers["content-type"].partition(";")[0]})

    async def tide(self, request: Request) -> Response:
        async def forever() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"data: low\n\n"
                    await asyncio.sleep(0)
            finally:
                self.left.set()

        return StreamingResponse(forever(), media_type="text/event-stream")

    async def broken(self, request: Request) -> Response:
        raise KeyError("nest")

    async def chat(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol="chat")
        async for text in socket.iter_text():
            await socket.send_text(text.upper())


async def test_an_application_is_used_as_from_afar() -> None:
    shore = Shore()
    form = FormData()
    form.add_field("file", b"x" * 300_000, filename="eggs.bin")
    async with ClientSession("http://shore.example/", connector=AsgiConnector(shore.app)) as session:
        async with session.get("login", params={"as": "me"}) as response:
            assert await response.json() == {"bird": "whimbrel", "who": "me"}
            assert [hop.status for hop in response.history] == [307]
        async with session.post("upload", data=form) as response:
            answer = await response.json()
        assert (answer["size"] > 300_000, answer["type"]) == (True, "multipart/form-data")
        async with session.get("nowhere") as response:
            assert response.status == 404
    assert shore.events == ["start", "background", "stop"]


async def test_an_endless_response_is_left_and_the_application_ends_it() -> None:
    shore = Shore()
    async with ClientSession("http://shore.example/", connector=AsgiConnector(shore.app)) as session:
        async with session.get("events") as response:
            assert await response.content.readline() == b"data: low\n"
            response.close()
        await shore.left.wait()


async def test_what_the_application_raises_is_seen() -> None:
    async with ClientSession("http://shore.example/", connector=AsgiConnector(Shore().app)) as session:
        with pytest.raises(KeyError, match="nest"):
            await session.get("broken")


async def test_a_websocket_talks_to_the_application() -> None:
    async with ClientSession("http://shore.example/", connector=AsgiConnector(Shore().app)) as session:
        async with session.ws_connect("ws", protocols=["chat"]) as socket:
            assert socket.protocol == "chat"
            await socket.send_str("whimbrel")
            assert await socket.receive_str() == "WHIMBREL"
        with pytest.raises(whimbrel.WSServerHandshakeError):
            await session.ws_connect("nowhere")
