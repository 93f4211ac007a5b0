"""What a session remembers of requests it has made shows nowhere but in time."""

from types import SimpleNamespace

from scripted_peer import Serve, answer

from whimbrel import (
    BasicAuth,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    CookieJar,
    TraceConfig,
)


async def test_a_changed_header_of_the_session_is_sent(serve: Serve) -> None:
    peer = await serve(answer())
    async with ClientSession(headers={"X-A": "1"}) as session:
        await session.get(peer.url)
        session.headers["X-A"] = "2"
        await session.get(peer.url)
        del session.headers["X-A"]
        await session.get(peer.url)
    sent = [[line for line in head.split(b"\r\n") if line.startswith(b"X-A")] for head in peer.heads]
    assert sent == [[b"X-A: 1"], [b"X-A: 2"], []]


async def test_a_cookie_is_sent_as_soon_as_there_is_one_and_no_longer(serve: Serve) -> None:
    peer = await serve(answer())
    jar = CookieJar()
    async with ClientSession(cookie_jar=jar) as session:
        await session.get(peer.url)
        jar.update_cookies({"b": "2"})
        await session.get(peer.url)
        jar.clear()
        await session.get(peer.url)
    assert [b"Cookie: b=2\r\n" in head for head in peer.heads] == [False, True, False]


async def test_what_a_tracer_adds_goes_with_one_request_only(serve: Serve) -> None:
    async def mark(_: ClientSession, context: SimpleNamespace, params: object) -> None:
        del context
        params.headers["X-Span"] = str(len(peer.heads))  # type: ignore[attr-defined]  # a tracer's liberty

    peer = await serve(answer())
    config = TraceConfig()
    config.on_request_start.append(mark)
    async with ClientSession(trace_configs=[config]) as session:
        for _ in range(2):
            await session.get(peer.url)
    assert [head.count(b"X-Span") for head in peer.heads] == [1, 1]
    assert b"X-Span: 1\r\n" in peer.heads[1]


async def test_what_a_middleware_adds_goes_with_one_request_only(serve: Serve) -> None:
    async def mark(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        request.headers.add("X-Mark", str(len(peer.heads)))
        return await handler(request)

    peer = await serve(answer())
    async with ClientSession(middlewares=[mark]) as session:
        for _ in range(2):
            await session.get(peer.url)
    assert [head.count(b"X-Mark") for head in peer.heads] == [1, 1]


async def test_methods_fragments_and_credentials_are_kept_apart(serve: Serve) -> None:
    peer = await serve(answer())
    async with ClientSession() as session:
        for _ in range(2):
            for url in (peer.url, peer.url + "/#a", peer.url.replace("//", "//me:pw@")):
                for method in ("get", "delete"):
                    response = await getattr(session, method)(url)
                    assert response.method == method.upper()
                    assert response.real_url.fragment == ("a" if "#" in url else "")
    of_me = f"Authorization: {BasicAuth('me', 'pw').encode()}\r\n".encode()
    assert [of_me in head for head in peer.heads] == 2 * [False, False, False, False, True, True]


async def test_many_different_urls_are_all_asked_for(serve: Serve) -> None:
    peer = await serve(answer())
    async with ClientSession() as session:
        for number in range(600):
            await session.get(f"{peer.url}/{number}")
        held = len(session._defaults._recent)
    assert [head.split()[1] for head in peer.heads] == [b"/%d" % number for number in range(600)]
    assert held < 600
