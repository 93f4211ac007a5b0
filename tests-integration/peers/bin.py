"""The site that the guide talks to: what httpbin.org does, as an application of aiohttp.web."""

import asyncio
import json
import ssl as ssl_module
import zlib
from types import TracebackType
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from peers.counting import ConnectionCount

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["EVENTS", "Bin", "pattern"]

EVENTS = [{"created_at": "2015-06-12T14:06:22Z", "public": True, "actor": {"login": "маяк"}}]


def pattern(count: int) -> bytes:
    """Return the body of `/bytes/COUNT`."""
    return (bytes(range(251)) * (count // 251 + 1))[:count]


class Bin:
    """httpbin, more or less.

    Attributes:
        connections: The count of them.
    """

    def __init__(self, *, ssl: ssl_module.SSLContext | None = None, path: str | None = None) -> None:
        self.connections = ConnectionCount()
        self.port = 0
        self._ssl = ssl
        self._path = path
        self._runner = web.AppRunner(_application(), access_log=None, shutdown_timeout=0.1)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Its origin, with a slash."""
        return f"{'http' if self._ssl is None else 'https'}://127.0.0.1:{self.port}/"

    async def __aenter__(self) -> "Self":
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        if self._path is not None:
            self._server = await loop.create_unix_server(self._accept, self._path)
        else:
            self._server = await loop.create_server(self._accept, "127.0.0.1", 0, ssl=self._ssl)
            self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()
        await self.connections.until(lambda: not self.connections.open)

    def _accept(self) -> asyncio.Protocol:
        if self._runner.server is None:
            raise RuntimeError("the application is not set up")
        return _Counted(self.connections, self._runner.server())


class _Counted(asyncio.Protocol):
    """Counts a connection, and otherwise does what the protocol behind it does."""

    def __init__(self, count: ConnectionCount, behind: asyncio.Protocol) -> None:
        self._count = count
        self._behind = behind
        self.data_received = behind.data_received  # type: ignore[method-assign]  # nothing between
        self.eof_received = behind.eof_received  # type: ignore[method-assign]  # nothing between
        self.pause_writing = behind.pause_writing  # type: ignore[method-assign]  # nothing between
        self.resume_writing = behind.resume_writing  # type: ignore[method-assign]  # nothing between

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._count.opened()
        self._behind.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._behind.connection_lost(exc)
        self._count.closed()


def _application() -> web.Application:
    application = web.Application(client_max_size=1 << 30)
    routes = application.router
    for path in ("/get", "/post", "/put", "/patch", "/delete", "/anything", "/some/endpoint"):
        routes.add_route("*", path, _anything)
    routes.add_get("/events", _events)
    routes.add_get("/bytes/{count}", _bytes)
    routes.add_get("/cookies", _cookies)
    routes.add_get("/cookies/set", _set_cookies)
    routes.add_get("/headers", _headers)
    routes.add_get("/status/{status}", _status)
    routes.add_get("/coded/{coding}", _coded)
    routes.add_get("/some/redirect/", _redirect)
    routes.add_get("/some/other/url/", _headers)
    routes.add_get("/some/cookie/setting/url", _example_cookie)
    routes.add_get("/websocket", _websocket)
    routes.add_route("*", "/{rest:.*}", _anything)
    return application


async def _anything(request: web.Request) -> web.Response:
    """Answer with all that came."""
    form: dict[str, str] = {}
    files: dict[str, dict[str, object]] = {}
    is_multipart = request.content_type == "multipart/form-data"
    body = b"" if is_multipart else await request.read()
    if is_multipart or request.content_type == "application/x-www-form-urlencoded":
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                content = value.file.read().decode("latin-1")
                files[name] = {"filename": value.filename, "type": value.content_type, "content": content}
            else:
                form[name] = value if isinstance(value, str) else bytes(value).decode("latin-1")
    return _json(
        method=request.method,
        target=request.raw_path,
        args=[list(pair) for pair in request.query.items()],
        headers=dict(request.headers),
        form=form,
        files=files,
        data=body.decode("latin-1"),
    )


def _json(**facts: object) -> web.Response:
    return web.json_response(facts)


async def _events(_request: web.Request) -> web.Response:
    text = json.dumps(EVENTS, ensure_ascii=False)
    return web.Response(text=text, content_type="application/json", charset="utf-8")


async def _bytes(request: web.Request) -> web.Response:
    return web.Response(body=pattern(int(request.match_info["count"])))


async def _cookies(request: web.Request) -> web.Response:
    return _json(cookies=dict(request.cookies))


async def _set_cookies(request: web.Request) -> web.Response:
    answer = web.Response(status=302, headers={"Location": "/cookies"})
    for name, value in request.query.items():
        answer.set_cookie(name, value)
    return answer


async def _example_cookie(_request: web.Request) -> web.Response:
    answer = web.Response()
    answer.set_cookie("example_cookie_name", "of a kind")
    return answer


async def _headers(request: web.Request) -> web.Response:
    return _json(headers=dict(request.headers))


async def _status(request: web.Request) -> web.Response:
    return web.Response(status=int(request.match_info["status"]), text="as you wish")


async def _coded(request: web.Request) -> web.Response:
    coding = request.match_info["coding"]
    compressor = zlib.compressobj(wbits={"gzip": 31, "deflate": 15, "raw-deflate": -15}[coding])
    body = compressor.compress(b"the tide " * 4000) + compressor.flush()
    return web.Response(body=body, headers={"Content-Encoding": coding.removeprefix("raw-")})


async def _redirect(_request: web.Request) -> web.Response:
    return web.Response(status=301, headers={"Location": "/some/other/url/"})


async def _websocket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            if message.data == "close yourself":
                await socket.close(code=4001, message=b"as told")
            else:
                await socket.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    return socket
