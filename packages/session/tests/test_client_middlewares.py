"""What stands between a session and the wire, and what it may do there."""

import asyncio

import pytest
from scripted_peer import Serve, answer

from whimbrel import (
    BaseConnector,
    BasicAuth,
    ClientHandlerType,
    ClientMiddlewareType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    NonHttpUrlClientError,
    RequestTimeoutError,
)


def pool_of(session: ClientSession) -> tuple[int, int, int]:
    assert isinstance(session.connector, BaseConnector)
    statistics = session.connector.statistics
    return statistics.open, statistics.idle, statistics.waiting


async def test_the_first_stands_outermost(serve: Serve) -> None:
    peer = await serve(answer(b"x"))
    heard: list[str] = []

    def named(name: str) -> ClientMiddlewareType:
        async def middleware(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
            heard.append(f"{name} in")
            response = await handler(request)
            heard.append(f"{name} out")
            return response

        return middleware

    async with ClientSession(middlewares=(named("a"), named("b"))) as session:
        async with session.get(peer.url) as response:
            assert await response.read() == b"x"
        async with session.get(peer.url, middlewares=[named("own")]):
            pass
        async with session.get(peer.url, middlewares=()):
            pass
    assert heard == ["a in", "b in", "b out", "a out", "own in", "own out"]


async def test_each_hop_passes_through(serve: Serve) -> None:
    peer = await serve(answer(b"", "Location: /next", status="302 Found"), answer())
    paths: list[str] = []

    async def note(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        paths.append(request.url.path)
        request.headers["X-Hop"] = str(len(paths))
        return await handler(request)

    async with ClientSession(middlewares=[note]) as session, session.get(peer.url) as response:
        assert len(response.history) == 1
        assert response.history[0].request_info.headers["X-Hop"] == "1"
    assert paths == ["/", "/next"]
    assert [b"X-Hop: 1" in peer.heads[0], b"X-Hop: 2" in peer.heads[1]] == [True, True]


async def test_a_request_can_be_sent_again(serve: Serve) -> None:
    peer = await serve(answer(b"no", status="503 Busy"), answer(b"yes"))

    async def retry(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        if response.status == 503:
            response.release()
            request.headers["X-Again"] = "1"
            response = await handler(request)
        return response

    async with ClientSession(middlewares=[retry]) as session:
        async with session.get(peer.url) as response:
            assert await response.text() == "yes"
        assert pool_of(session) == (1, 1, 0)
    assert b"X-Again" in peer.heads[1]


async def test_a_middleware_may_ask_the_session_something_else_first(serve: Serve) -> None:
    peer = await serve(answer(b"token"), answer(b"x"))

    async def login(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        async with request.session.get(peer.url + "/login", middlewares=()) as response:
            request.headers["Authorization"] = await response.text()
        return await handler(request)

    async with ClientSession(middlewares=[login]) as session, session.get(peer.url):
        pass
    assert b"Authorization: token" in peer.heads[1]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("method", "GET\r\nX: 1"),
        ("header", "a\r\nb: c"),
        ("header", "a\0"),
        ("name", "a b"),
        ("name", "a\r\nb"),
    ],
)
async def test_what_is_changed_is_checked_before_a_connection_is_taken(
    serve: Serve, attribute: str, value: str
) -> None:
    peer = await serve(answer())

    async def spoil(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if attribute == "method":
            request.method = value
        elif attribute == "header":
            request.headers["X"] = value
        else:
            request.headers[value] = "x"
        return await handler(request)

    async with ClientSession(middlewares=[spoil]) as session:
        with pytest.raises(ValueError):
            await session.get(peer.url)
        assert pool_of(session) == (0, 0, 0)
    assert peer.connections == 0


async def test_a_new_url_takes_the_host_along_and_leaves_secrets_behind(serve: Serve) -> None:
    here, there = (
        await serve(answer()),
        await serve(answer(b"", "Location: /next", status="302 Found"), answer()),
    )

    async def move(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if request.url.path == "/":
            request.url = request.url.with_port(int(there.url.rpartition(":")[2]))
        return await handler(request)

    async with (
        ClientSession(middlewares=[move], auth=BasicAuth("a", "b"), cookies={"c": "d"}) as session,
        session.get(here.url) as response,
    ):
        assert str(response.url) == there.url + "/next"
    assert here.connections == 0
    for head in there.heads:
        assert b"Host: " + there.url.removeprefix("http://").encode() in head
        assert b"Authorization" not in head
    assert b"Cookie" not in there.heads[0]


async def test_a_new_url_must_be_one_that_can_be_asked(serve: Serve) -> None:
    peer = await serve(answer())

    async def move(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        request.url = request.url.with_scheme("ftp")
        return await handler(request)

    async with ClientSession(middlewares=[move]) as session:
        with pytest.raises(NonHttpUrlClientError):
            await session.get(peer.url)


async def test_a_middleware_that_fails_leaves_nothing_open(serve: Serve) -> None:
    peer = await serve(answer(b"x" * 10)[:-1], answer(b"x"))

    class Fault(Exception):
        pass

    async def fail(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        await handler(request)
        raise Fault

    async with ClientSession(middlewares=[fail]) as session:
        with pytest.raises(Fault) as caught:
            await session.get(peer.url)
        async with session.get(peer.url, middlewares=()) as response:
            assert await response.read() == b"x"
        assert pool_of(session) == (1, 1, 0)
        assert caught.value.__traceback__ is not None  # it, and the response in its frames, still lives


async def test_a_middleware_that_hangs_ends_with_the_total_limit(serve: Serve) -> None:
    peer = await serve(answer(b"x" * 10)[:-1], answer(b"x"))

    async def hang(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        await handler(request)
        waiter: asyncio.Future[ClientResponse] = asyncio.get_running_loop().create_future()
        return await waiter

    async with ClientSession(middlewares=[hang]) as session:
        with pytest.raises(RequestTimeoutError):
            await session.get(peer.url, timeout=ClientTimeout(total=0.5))
        async with session.get(peer.url, middlewares=()) as response:
            assert await response.read() == b"x"
        assert pool_of(session) == (1, 1, 0)


async def test_a_middleware_can_answer_by_itself(serve: Serve) -> None:
    peer = await serve(answer(b"kept"))
    kept: list[ClientResponse] = []

    async def cache(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if not kept:
            kept.append(await handler(request))
            await kept[0].read()
        return kept[0]

    async with ClientSession(middlewares=[cache]) as session:
        for _ in range(2):
            async with session.get(peer.url) as response:
                assert await response.text() == "kept"
    assert len(peer.heads) == 1
