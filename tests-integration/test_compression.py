"""Compressed uploads and HTTP/1.0, against a server of somebody else's that undoes them."""

import hashlib
import io
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

import whimbrel
from whimbrel import ClientSession

CONTENT = b"whimbrel " * 300_000


async def pieces() -> AsyncIterator[bytes]:
    for start in range(0, len(CONTENT), 100_000):
        yield CONTENT[start : start + 100_000]


async def digest(request: web.Request) -> web.Response:
    """Say what came, its coding undone by the server."""
    version = f"{request.version.major}.{request.version.minor}"
    coding = request.headers.get("Content-Encoding", "none")
    framing = request.headers.get("Transfer-Encoding", request.headers.get("Content-Length", "none"))
    body = await request.read()
    return web.json_response([version, coding, framing, hashlib.sha256(body).hexdigest()])


@pytest.fixture
async def url() -> AsyncIterator[str]:
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/", digest)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("compress", "coding"), [(True, "deflate"), ("deflate", "deflate"), ("gzip", "gzip")]
)
@pytest.mark.parametrize("make", [lambda: CONTENT, lambda: io.BytesIO(CONTENT), pieces])
async def test_the_server_gets_what_was_meant(
    url: str, compress: str | bool, coding: str, make: Callable[[], object]
) -> None:
    async with ClientSession() as session, session.post(url, data=make(), compress=compress) as response:
        assert await response.json() == ["1.1", coding, "chunked", hashlib.sha256(CONTENT).hexdigest()]


async def test_a_redirected_body_is_compressed_again(url: str) -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        await request.read()
        raise web.HTTPTemporaryRedirect(url)

    app = web.Application()
    app.router.add_post("/", elsewhere)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    first = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        async with (
            ClientSession() as session,
            session.post(first, data=b"birds", compress="gzip") as response,
        ):
            assert await response.json() == ["1.1", "gzip", "chunked", hashlib.sha256(b"birds").hexdigest()]
            assert len(response.history) == 1
    finally:
        await runner.cleanup()


async def test_http_1_0_is_understood(url: str) -> None:
    async with ClientSession(version=whimbrel.HttpVersion10) as session:
        for _ in range(2):
            async with session.post(url, data=b"birds") as response:
                assert await response.json() == ["1.0", "none", "5", hashlib.sha256(b"birds").hexdigest()]
        assert session.connector.statistics.open == 1  # type: ignore[union-attr]  # a TCPConnector
