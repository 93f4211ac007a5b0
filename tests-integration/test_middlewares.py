"""Middlewares against real servers: Digest as aiohttp does it, and a session used from within."""

import hashlib
import re
import secrets
from typing import Any

import aiohttp
import pytest
from aiohttp import web

import whimbrel


class DigestSite:
    """A server that checks Digest answers by the formula of RFC 7616 and gives each nonce out for two requests."""

    def __init__(self, algorithm: str, qop: str) -> None:
        self._algorithm, self._qop = algorithm, qop
        self._counts: dict[str, int] = {}
        self.refused = 0

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self._accepts(request, body):
            return web.Response(text="in")
        self.refused += 1
        nonce = secrets.token_hex(8)
        self._counts[nonce] = 0
        challenge = f'Digest realm="a \\"shore\\"", nonce="{nonce}", algorithm={self._algorithm}'
        challenge += f', qop="{self._qop}"' if self._qop else ""
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})

    def _accepts(self, request: web.Request, body: bytes) -> bool:
        given = request.headers.get("Authorization", "")
        told = {
            name: quoted or bare
            for name, quoted, bare in re.findall(r'(\w+)=(?:"((?:\\.|[^"])*)"|([^,]+))', given)
        }
        nonce = told.get("nonce", "")
        if nonce not in self._counts or self._counts[nonce] == 2:
            return False
        self._counts[nonce] += 1
        if self._qop and int(told["nc"], 16) != self._counts[nonce]:
            return False
        name = self._algorithm.lower().removesuffix("-sess").replace("-", "")

        def digest(*parts: str) -> str:
            return hashlib.new(name, ":".join(parts).encode()).hexdigest()

        secret = digest("bird", 'a "shore"', "secret")
        if self._algorithm.endswith("-sess"):
            secret = digest(secret, nonce, told["cnonce"])
        asked = [request.method, request.raw_path]
        if told.get("qop") == "auth-int":
            asked.append(hashlib.new(name, body).hexdigest())
        counted = [told["nc"], told["cnonce"], told["qop"]] if self._qop else []
        return bool(told["response"] == digest(secret, nonce, *counted, digest(*asked)))


@pytest.mark.parametrize("client", [whimbrel, aiohttp], ids=["whimbrel", "aiohttp"])
@pytest.mark.parametrize("qop", ["", "auth", "auth-int", "auth,auth-int"])
@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512"])
async def test_a_digest_handshake_and_what_follows(client: Any, algorithm: str, qop: str) -> None:
    if not qop and algorithm.endswith("-sess"):
        pytest.skip("RFC 2069 knows no sessions")
    site = DigestSite(algorithm, qop)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        listening = web.TCPSite(runner, "127.0.0.1", 0)
        await listening.start()
        host, port = runner.addresses[0][:2]
        digest = client.DigestAuthMiddleware("bird", "secret")
        async with client.ClientSession(f"http://{host}:{port}", middlewares=(digest,)) as session:
            for number in range(5):
                async with session.post(f"/nest/{number}?a=%2F&b=c", data=b"egg") as response:
                    assert (response.status, await response.text()) == (200, "in")
    finally:
        await runner.cleanup()
    assert site.refused == 3  # each nonce serves twice
