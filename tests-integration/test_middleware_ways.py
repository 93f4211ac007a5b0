"""What a middleware changes of a request is what goes out: the URL, the body, the proxy, TLS."""

import pytest
from multidict import CIMultiDict
from peers.certificates import Authority
from peers.proxy import RecordingProxy
from peers.scripted import OK, ScriptedServer, always
from yarl import URL

from whimbrel import (
    BasicAuth,
    ClientConnectorCertificateError,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    TCPConnector,
)


async def test_a_middleware_chooses_the_proxy() -> None:
    async def by_proxy(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        assert request.proxy is None
        request.proxy = URL(proxy.url)
        request.proxy_auth = BasicAuth("user", "pass")
        request.proxy_headers = CIMultiDict({"X-Tunnel": "deep"})
        return await handler(request)

    async with (
        ScriptedServer(always(OK)) as site,
        RecordingProxy({80: site.port}) as proxy,
        ClientSession(middlewares=[by_proxy]) as session,
    ):
        async with session.get("http://shore.example/a") as response:
            assert await response.text() == "ok"
        assert proxy.lines == ["GET http://shore.example/a"]
        assert proxy.requests[0].get("proxy-authorization") == "Basic dXNlcjpwYXNz"
        assert proxy.requests[0].get("x-tunnel") == "deep"
    assert site.requests[0].get("proxy-authorization") is None


async def test_a_middleware_takes_a_request_off_its_proxy() -> None:
    async def directly(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        assert request.proxy is not None
        request.proxy = request.proxy_auth = request.proxy_headers = None
        return await handler(request)

    async with (
        ScriptedServer(always(OK)) as site,
        RecordingProxy({}) as proxy,
        ClientSession(proxy=proxy.url, middlewares=[directly]) as session,
    ):
        async with session.get(site.url) as response:
            assert await response.text() == "ok"
        assert not proxy.lines


async def test_a_middleware_says_what_tls_must_satisfy(authority: Authority) -> None:
    async def trusting(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if request.url.path == "/trusted":
            assert request.ssl is True
            request.ssl = authority.client()
            request.server_hostname = "shore.example"
        return await handler(request)

    async with (
        ScriptedServer(always(OK), ssl=authority.server("shore.example")) as server,
        ClientSession(middlewares=[trusting], connector=TCPConnector()) as session,
    ):
        async with session.get(f"{server.url}trusted") as response:
            assert await response.text() == "ok"
        with pytest.raises(ClientConnectorCertificateError):
            await session.get(f"{server.url}other")
    assert len(server.requests) == 1


async def test_a_middleware_sends_another_body_elsewhere() -> None:
    async def redirect(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        assert request.compress == "deflate"
        request.url = URL(there.url) / "path"
        request.compress = None
        await request.update_body(b"plain")
        return await handler(request)

    async with (
        ScriptedServer(always(OK)) as here,
        ScriptedServer(always(OK)) as there,
        ClientSession(middlewares=[redirect]) as session,
    ):
        async with session.post(here.url, data=b"compressed", compress=True) as response:
            assert await response.text() == "ok"
    (received,) = there.requests
    assert (received.target, received.body, received.get("content-encoding")) == ("/path", b"plain", None)
    assert not here.requests
