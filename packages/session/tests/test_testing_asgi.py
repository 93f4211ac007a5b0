"""`AsgiConnector`: the whole client over connections that end in an ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

import whimbrel
from whimbrel import ClientSession, ClientTimeout, WSMsgType
from whimbrel.testing import AsgiConnector, LifespanFailed
from whimbrel.testing._asgi_messages import AsgiApplication, Receive, Scope, Send

URL = "http://shore.example/"
SOON = 0.5  # a busy machine must have begun to answer by then


def session_for(app: Any, **options: Any) -> ClientSession:
    """Return a session whose every request `app` answers; it knows no lifespan unless told."""
    options.setdefault("lifespan", "off")
    return ClientSession(connector=AsgiConnector(app, **options))


def answering(
    *bodies: bytes, status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> AsgiApplication:
    """Return an application that answers in pieces."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for body in bodies[:-1]:
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": bodies[-1] if bodies else b""})

    return app


async def test_the_scope_tells_the_request() -> None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await answering(b"ok")(scope, receive, send)

    async with session_for(app, root_path="/api") as session:
        await session.post("https://shore.example:8443/b%C3%A9ach/a%2Fb?x=1&y=%20", headers={"X-A": "é"})
    (scope,) = scopes
    assert scope.pop("headers")
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/béach/a/b",
        "raw_path": b"/b%C3%A9ach/a%2Fb",
        "query_string": b"x=1&y=%20",
        "root_path": "/api",
        "client": ("127.0.0.1", 123),
        "server": ("shore.example", 8443),
        "extensions": {"http.response.trailers": {}},
        "state": {},
    }


async def test_headers_pass_as_lower_case_bytes_and_come_back() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["headers"])
        await answering(b"", headers=((b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")))(scope, receive, send)

    async with session_for(app) as session:
        async with session.get(URL, headers={"X-Bird": "é"}) as response:
            assert sorted(response.cookies) == ["a", "b"]
    assert (b"x-bird", "é".encode()) in seen[0]
    assert (b"host", b"shore.example") in seen[0]


async def test_one_body_has_a_length_and_pieces_are_chunked() -> None:
    async with session_for(answering(b"whole")) as session, session.get(URL) as response:
        assert (response.headers["Content-Length"], await response.read()) == ("5", b"whole")
    async with session_for(answering(b"one", b"two")) as session, session.get(URL) as response:
        assert (response.headers["Transfer-Encoding"], await response.read()) == ("chunked", b"onetwo")
    async with session_for(answering(b"four")) as session, session.head(URL) as response:
        assert (response.headers["Content-Length"], await response.read()) == ("4", b"")


async def test_bodies_stream_both_ways_at_once() -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        more = True
        while more:
            message: Any = await receive()
            more = message["more_body"]
            await send({"type": "http.response.body", "body": message["body"].upper(), "more_body": more})

    async def song() -> AsyncIterator[bytes]:
        yield b"first"
        assert await heard.get() == b"FIRST"
        yield b"second"

    async with session_for(app) as session, session.post(URL, data=song()) as response:
        async for piece in response.content.iter_any():
            heard.put_nowait(piece)
    assert heard.get_nowait() == b"SECOND"


async def test_an_endless_response_can_be_left_and_the_application_learns_of_it() -> None:
    told: list[str] = []
    all_told = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"event", "more_body": True})
        message: Any = await receive()
        told.append(message["type"])
        try:
            await send({"type": "http.response.body", "body": b"event", "more_body": True})
        except OSError:
            told.append("OSError")
            all_told.set()
            raise

    async with session_for(app) as session:
        async with session.get(URL) as response:
            assert await response.content.readany() == b"event"
            response.close()
        await all_told.wait()
    assert told == ["http.disconnect", "OSError"]


async def test_receive_after_the_response_is_a_disconnect() -> None:
    told: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answering(b"ok")(scope, receive, send)
        message: Any = await receive()
        told.append(message["type"])

    async with session_for(app) as session:
        await session.get(URL)
    assert told == ["http.disconnect"]


async def test_what_goes_on_behind_the_response_is_waited_for_and_holds_nobody_up() -> None:
    done: list[str] = []
    go_on = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answering(b"ok")(scope, receive, send)
        if scope["path"] == "/slow":
            await go_on.wait()
            done.append("slow")

    async with session_for(app) as session:
        await session.get(URL + "slow")
        await session.get(URL)
        assert done == []
        go_on.set()
    assert done == ["slow"]


@pytest.mark.parametrize("turns", range(40))
async def test_what_goes_on_behind_the_response_may_end_at_any_turn_of_the_closing(turns: int) -> None:
    done: list[str] = []
    closing = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answering(b"ok")(scope, receive, send)
        await closing.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        done.append("behind")

    async with session_for(app) as session:
        await session.get(URL)
        closing.set()
    assert done == ["behind"]


async def test_the_body_is_asked_for_when_the_application_wants_it() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/wanted":
            message: Any = await receive()
            await answering(message["body"])(scope, receive, send)
        else:
            await answering(status=417)(scope, receive, send)

    async with session_for(app) as session:
        async with session.post(URL + "wanted", data=b"eggs", expect100=True) as response:
            assert await response.read() == b"eggs"
        async with session.post(URL + "unwanted", data=b"eggs", expect100=True) as response:
            assert response.status == 417


async def test_trailers_pass() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "trailers": True})
        await send({"type": "http.response.body", "body": b"ok"})
        await send({"type": "http.response.trailers", "headers": [(b"digest", b"abc")]})

    async with session_for(app) as session, session.get(URL) as response:
        assert await response.read() == b"ok"


async def test_what_the_application_raises_the_request_raises() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/late":
            await send({"type": "http.response.start", "status": 500})
            await send({"type": "http.response.body", "body": b"sorry"})
        raise KeyError(scope["path"])

    async with session_for(app) as session:
        for path in ("early", "late"):  # frameworks answer 500 and raise on: still it is seen
            with pytest.raises(KeyError, match=path):
                await session.get(URL + path)


async def test_what_is_raised_behind_the_response_closing_raises() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answering(b"ok")(scope, receive, send)
        await read.wait()
        raise KeyError("late")

    read = asyncio.Event()
    session = session_for(app)
    async with session.get(URL) as response:
        assert await response.read() == b"ok"
    read.set()
    with pytest.raises(KeyError, match="late"):
        await session.close()


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([], "without a whole response"),
        ([{"type": "http.response.start", "status": 200}], "without a whole response"),
        ([{"type": "http.response.body", "body": b""}], "'http.response.body', but it has not begun"),
        (
            [{"type": "http.response.start", "status": 200}] * 2,
            "'http.response.start', but the response has begun",
        ),
        ([{"type": "websocket.send"}], "'websocket.send'"),
        ([{"type": "http.response.start", "status": "200"}, {"type": "http.response.body"}], "'status'"),
        (
            [{"type": "http.response.start", "status": 200}, {"type": "http.response.body", "body": "x"}],
            "'body' of http.response.body is bytes, not str",
        ),
    ],
)
async def test_an_application_that_breaks_the_rules_is_told_so(messages: list[Any], complaint: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    async with session_for(app) as session:
        with pytest.raises((RuntimeError, TypeError), match=complaint):
            await session.get(URL)


async def test_an_application_that_hangs_meets_the_clients_time_limit_and_is_cancelled() -> None:
    cancelled = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.set()

    async with session_for(app) as session:
        with pytest.raises(whimbrel.RequestTimeoutError):
            await session.get(URL, timeout=ClientTimeout(total=SOON))
    assert cancelled.is_set()


# Lifespan.


class Living:
    """An application with a life: what it does at either end, and that it has been there."""

    def __init__(self, *, startup: str = "complete", shutdown: str = "complete") -> None:
        self.ends = {"startup": startup, "shutdown": shutdown}
        self.events: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            state: Any = scope["state"]
            state["nest"] = "eggs"
            for phase in ("startup", "shutdown"):
                assert (await receive())["type"] == f"lifespan.{phase}"
                self.events.append(phase)
                await send({"type": f"lifespan.{phase}.{self.ends[phase]}", "message": "too windy"})
            return
        self.events.append("request")
        nest: Any = scope["state"]
        await answering(nest["nest"].encode())(scope, receive, send)


async def test_an_application_is_started_once_and_stopped_in_the_end() -> None:
    app = Living()
    async with session_for(app, lifespan="auto") as session:
        assert app.events == []
        for response in await asyncio.gather(session.get(URL), session.get(URL)):
            assert await response.read() == b"eggs"
    assert app.events == ["startup", "request", "request", "shutdown"]


@pytest.mark.parametrize("lifespan", ["auto", "on"])
async def test_an_application_that_does_not_start_fails_each_request(lifespan: str) -> None:
    app = Living(startup="failed")
    async with session_for(app, lifespan=lifespan) as session:
        for _ in range(2):
            with pytest.raises(LifespanFailed, match="startup failed: too windy"):
                await session.get(URL)
    assert app.events == ["startup"]


async def test_an_application_that_does_not_stop_fails_the_closing() -> None:
    app = Living(shutdown="failed")
    session = session_for(app, lifespan="on")
    await session.get(URL)
    with pytest.raises(LifespanFailed, match="shutdown failed: too windy") as caught:
        await session.close()
    assert (caught.value.phase, caught.value.message) == ("shutdown", "too windy")


async def test_a_lifespan_is_only_insisted_on_when_asked() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        await answering(b"ok")(scope, receive, send)

    async with session_for(app, lifespan="auto") as session, session.get(URL) as response:
        assert await response.read() == b"ok"
    async with session_for(app, lifespan="on") as session:
        with pytest.raises(LifespanFailed, match="NotImplementedError"):
            await session.get(URL)


# WebSockets.


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept the first subprotocol, send everything back, and leave when told to."""
    protocols: Any = scope["subprotocols"]
    assert (await receive())["type"] == "websocket.connect"
    accept: dict[str, object] = {"type": "websocket.accept", "headers": [(b"x-bird", b"1")]}
    await send(accept | {"subprotocol": protocols[0] if protocols else None})
    while True:
        message: Any = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if message["text"] == "leave":
            await send({"type": "websocket.close", "code": 3001, "reason": "as told"})
            return
        await send({"type": "websocket.send", "text": message["text"], "bytes": message["bytes"]})


async def test_a_websocket_is_one() -> None:
    async with session_for(echo) as session:
        async with session.ws_connect("wss://shore.example/", protocols=["chat", "bird"]) as socket:
            assert socket.protocol == "chat"
            await socket.send_str("whimbrel")
            assert await socket.receive_str() == "whimbrel"
            await socket.send_bytes(bytes(300_000))
            assert await socket.receive_bytes() == bytes(300_000)
            await socket.ping(b"?")
            await socket.send_json({"a": 1})
            assert await socket.receive_json() == {"a": 1}
        assert socket.close_code == 1000


async def test_the_application_closes_a_websocket() -> None:
    async with session_for(echo) as session, session.ws_connect(URL) as socket:
        await socket.send_str("leave")
        message = await socket.receive()
        assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 3001, "as told")


async def test_the_scope_tells_of_a_websocket_and_the_client_may_just_leave() -> None:
    scopes: list[Scope] = []
    ends: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await receive()
        await send({"type": "websocket.accept"})
        ends.append(await receive())
        with pytest.raises(OSError, match="closed"):
            await send({"type": "websocket.send", "text": "late"})

    async with session_for(app) as session:
        socket = await session.ws_connect("wss://shore.example/a?b=1", protocols=["chat"])
        await socket.close(code=4000)
    assert (scopes[0]["type"], scopes[0]["scheme"], scopes[0]["query_string"]) == ("websocket", "wss", b"b=1")
    assert scopes[0]["subprotocols"] == ["chat"]
    assert "method" not in scopes[0]
    assert ends == [{"type": "websocket.disconnect", "code": 4000, "reason": ""}]


async def test_a_websocket_can_be_refused() -> None:
    async def plainly(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.close"})

    async def with_words(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        head = [(b"content-type", b"text/plain")]
        await send({"type": "websocket.http.response.start", "status": 401, "headers": head})
        await send({"type": "websocket.http.response.body", "body": b"who"})

    for app, status in ((plainly, 403), (with_words, 401)):
        async with session_for(app) as session:
            with pytest.raises(whimbrel.WSServerHandshakeError) as caught:
                await session.ws_connect(URL)
            assert caught.value.status == status


async def test_what_is_raised_over_a_websocket_ends_it_and_closing_raises_it() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        if scope["path"] == "/late":
            await receive()
        raise KeyError(scope["path"])

    session = session_for(app)
    with pytest.raises(KeyError, match="early"):
        await session.ws_connect(URL + "early")
    async with session.ws_connect(URL + "late") as socket:
        await socket.send_str("go")
        assert (await socket.receive()).type is WSMsgType.CLOSED
    with pytest.raises(KeyError, match="late"):
        await session.close()


async def test_closing_the_session_ends_an_open_websocket() -> None:
    async with session_for(echo) as session:
        socket = await session.ws_connect(URL)
    assert (await socket.receive()).type is WSMsgType.CLOSED
