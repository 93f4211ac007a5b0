"""`MemoryConnector`: the whole client over connections that end in a function."""

import asyncio
import zlib
from collections.abc import AsyncIterator

import pytest

import whimbrel
from whimbrel import ClientSession, ClientTimeout
from whimbrel.testing import Answer, HangUp, MemoryConnector, Reaction, ReceivedRequest, Verbatim

SOON = 0.5  # a busy machine must have begun to answer by then


def session_for(answering: object, **options: object) -> ClientSession:
    """Return a session whose every request `answering` answers."""
    return ClientSession(connector=MemoryConnector(answering, **options))  # type: ignore[arg-type]  # as loose as a test's lambda


async def test_a_function_answers_whatever_the_url_names() -> None:
    connector = MemoryConnector(lambda request: Answer(json={"path": request.url.path}))
    async with ClientSession(connector=connector) as session:
        async with session.get("http://shore.example/birds?tide=low") as response:
            assert (response.status, response.reason) == (200, "OK")
            assert response.content_type == "application/json"
            assert await response.json() == {"path": "/birds"}
        async with session.get("https://sea.example:8443/") as response:
            assert await response.json() == {"path": "/"}
    assert [str(request.url) for request in connector.requests] == [
        "http://shore.example/birds?tide=low",
        "https://sea.example:8443/",
    ]


async def test_what_was_sent_is_remembered_to_the_byte() -> None:
    connector = MemoryConnector(lambda request: Answer())
    async with ClientSession(connector=connector, headers={"X-Flock": "4"}) as session:
        await session.post("http://shore.example/a%2Fb", json={"bird": "whimbrel"})
        await session.put("http://shore.example/", data={"a": "1", "b": "2 3"})
        await session.put("http://shore.example/", data="schön")
    first, second, third = connector.requests
    assert (first.method, first.target, first.headers["x-flock"]) == ("POST", "/a%2Fb", "4")
    assert first.json() == {"bird": "whimbrel"}
    assert second.form() == [("a", "1"), ("b", "2 3")]
    assert (third.text(), third.body) == ("schön", "schön".encode())
    assert repr(first) == "<ReceivedRequest POST http://shore.example/a%2Fb>"


@pytest.mark.parametrize(
    ("answer", "body", "kind"),
    [
        pytest.param(Answer(), b"", None, id="empty"),
        pytest.param(Answer(b"\x00\xff"), b"\x00\xff", None, id="bytes"),
        pytest.param(Answer("é"), "é".encode(), "text/plain; charset=utf-8", id="text"),
        pytest.param(Answer(json=[1]), b"[1]", "application/json", id="json"),
        pytest.param(
            Answer("<a>", headers=[("content-type", "text/html")]), b"<a>", "text/html", id="own type"
        ),
    ],
)
async def test_an_answer_is_what_it_says(answer: Answer, body: bytes, kind: str | None) -> None:
    async with session_for(lambda request: answer) as session:
        async with session.get("http://shore.example/") as response:
            assert (await response.read(), response.headers.get("Content-Type")) == (body, kind)
            assert response.headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    ("method", "answer", "length"),
    [
        ("HEAD", Answer("four"), "4"),
        ("GET", Answer(status=204), None),
        ("GET", Answer(status=304), None),
    ],
)
async def test_a_response_that_has_no_body_has_none(method: str, answer: Answer, length: str | None) -> None:
    async with session_for(lambda request: answer) as session:
        for _ in range(2):
            async with session.request(method, "http://shore.example/") as response:
                assert (response.status, await response.read()) == (answer.status, b"")
                assert response.headers.get("Content-Length") == length


async def test_connections_are_kept_and_used_again() -> None:
    connector = MemoryConnector(lambda request: Answer("x"))
    async with ClientSession(connector=connector) as session:
        for _ in range(3):
            async with session.get("http://shore.example/") as response:
                assert await response.text() == "x"
        assert (connector.statistics.open, connector.statistics.idle) == (1, 1)
        await session.get("http://sea.example/")
    assert connector.statistics.open == 0
    assert [request.connection for request in connector.requests] == [1, 1, 1, 2]


async def test_redirects_cookies_and_codings_are_the_clients_own() -> None:
    squeezed = zlib.compress(b"shore" * 100)

    def answer(request: ReceivedRequest) -> Answer:
        if request.url.path == "/":
            away = {"Location": "/in", "Set-Cookie": "tide=low"}
            return Answer(status=302, headers=away)
        return Answer(
            squeezed, headers={"Content-Encoding": "deflate", "X-Cookie": request.headers["Cookie"]}
        )

    async with session_for(answer) as session, session.get("http://shore.example/") as response:
        assert [hop.status for hop in response.history] == [302]
        assert response.headers["X-Cookie"] == "tide=low"
        assert await response.read() == b"shore" * 100


async def test_raise_for_status_and_middlewares_see_what_they_ever_see() -> None:
    async def mark(
        request: whimbrel.ClientRequest, handler: whimbrel.ClientHandlerType
    ) -> whimbrel.ClientResponse:
        request.headers["X-Mark"] = "1"
        return await handler(request)

    connector = MemoryConnector(lambda request: Answer("no", status=404))
    async with ClientSession(connector=connector, middlewares=[mark]) as session:
        with pytest.raises(whimbrel.ClientResponseError, match="Not Found") as caught:
            await session.get("http://shore.example/", raise_for_status=True)
    assert caught.value.status == 404
    assert connector.requests[0].headers["X-Mark"] == "1"


async def test_an_async_function_reads_the_body_and_says_continue() -> None:
    async def answer(request: ReceivedRequest) -> Answer:
        with pytest.raises(RuntimeError, match="read"):
            _ = request.body
        return Answer((await request.read()).upper())

    async with session_for(answer) as session:
        async with session.post("http://shore.example/", data=b"eggs", expect100=True) as response:
            assert await response.read() == b"EGGS"


async def test_an_answer_without_reading_refuses_the_body_that_waits() -> None:
    async def answer(request: ReceivedRequest) -> Answer:
        return Answer(status=417)

    async with session_for(answer) as session:
        for _ in range(2):
            async with session.post("http://shore.example/", data=b"eggs", expect100=True) as response:
                assert response.status == 417


async def test_a_client_of_http_1_0_gets_no_chunks() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    connector = MemoryConnector(lambda request: Answer(pieces()))
    async with ClientSession(connector=connector, version=whimbrel.HttpVersion10) as session:
        for _ in range(2):
            async with session.get("http://shore.example/") as response:
                assert "Transfer-Encoding" not in response.headers
                assert await response.read() == b"onetwo"
    assert [request.connection for request in connector.requests] == [1, 2]


async def test_bodies_stream_both_ways_at_once() -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def echo(request: ReceivedRequest) -> Answer:
        async def pieces() -> AsyncIterator[bytes]:
            async for piece in request:
                yield piece.upper()

        return Answer(pieces())

    async def song() -> AsyncIterator[bytes]:
        yield b"first"
        assert await heard.get() == b"FIRST"  # the answer to it has come before the second leaves
        yield b"second"

    async with session_for(echo) as session, session.post("http://shore.example/", data=song()) as response:
        async for piece in response.content.iter_any():
            heard.put_nowait(piece)
    assert heard.get_nowait() == b"SECOND"


async def test_a_client_that_does_not_read_holds_the_answer_back() -> None:
    written = 0

    async def answer(request: ReceivedRequest) -> Answer:
        async def pieces() -> AsyncIterator[bytes]:
            nonlocal written
            for _ in range(100):
                written += 65536
                yield bytes(65536)

        return Answer(pieces())

    async with session_for(answer) as session, session.get("http://shore.example/") as response:
        for _ in range(1000):
            await asyncio.sleep(0)
        assert written < 10 * 65536
        assert len(await response.read()) == 100 * 65536


async def test_a_function_that_does_not_read_holds_the_client_back() -> None:
    sent, go_on = 0, asyncio.Event()

    async def answer(request: ReceivedRequest) -> Answer:
        await go_on.wait()
        await request.drain()
        with pytest.raises(RuntimeError, match="longer than the 1000 bytes kept"):
            _ = request.body
        return Answer()

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 65536
            yield bytes(65536)

    async with session_for(answer, kept_bytes=1000) as session:
        request = asyncio.ensure_future(session.post("http://shore.example/", data=pieces()))
        for _ in range(1000):
            await asyncio.sleep(0)
        assert sent < 10 * 65536
        go_on.set()
        assert (await request).status == 200
    assert sent == 100 * 65536


async def test_what_the_function_raises_the_request_raises() -> None:
    def answer(request: ReceivedRequest) -> Answer:
        raise KeyError(request.url.path)

    async with session_for(answer) as session:
        for _ in range(2):
            with pytest.raises(KeyError, match="nest"):
                await session.get("http://shore.example/nest")


async def test_what_is_raised_in_a_body_its_reader_sees() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise KeyError("two")

    async with session_for(lambda request: Answer(pieces())) as session:
        async with session.get("http://shore.example/") as response:
            with pytest.raises(KeyError):
                await response.read()


async def test_what_nobody_can_be_told_closing_raises() -> None:
    left = asyncio.Event()

    async def answer(request: ReceivedRequest) -> Answer:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            left.set()
            raise KeyError("late") from None
        raise AssertionError

    session = session_for(answer)
    with pytest.raises(asyncio.TimeoutError):
        await session.get("http://shore.example/", timeout=ClientTimeout(total=SOON))
    with pytest.raises(KeyError, match="late"):
        await session.close()
    assert left.is_set()


@pytest.mark.parametrize("wrong", ["text", None, 200])
async def test_an_answer_of_another_kind_is_an_error(wrong: object) -> None:
    async with session_for(lambda request: wrong) as session:
        with pytest.raises(TypeError, match=type(wrong).__name__):
            await session.get("http://shore.example/")


async def test_a_body_that_does_not_fit_its_length_is_an_error() -> None:
    async with session_for(lambda request: Answer("four", headers={"Content-Length": "3"})) as session:
        with pytest.raises(RuntimeError, match=r"cannot be written: .* 3 "):
            await session.get("http://shore.example/")


async def test_a_server_that_hangs_up_is_a_disconnect() -> None:
    async with session_for(lambda request: HangUp()) as session:
        with pytest.raises(whimbrel.ServerDisconnectedError):
            await session.post("http://shore.example/", data=b"x")


@pytest.mark.parametrize(
    ("wire", "fault"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour", whimbrel.ClientPayloadError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", whimbrel.ClientPayloadError),
        (b"SSH-2.0-OpenSSH\r\n\r\n", whimbrel.ClientResponseError),
        (b"HTTP/1.1 20", whimbrel.ServerDisconnectedError),
    ],
)
async def test_verbatim_bytes_fail_as_they_would_from_a_server(wire: bytes, fault: type[Exception]) -> None:
    async with session_for(lambda request: Verbatim(wire)) as session:
        with pytest.raises(fault):
            async with session.get("http://shore.example/") as response:
                await response.read()


async def test_a_function_that_hangs_meets_the_clients_time_limits() -> None:
    async def answer(request: ReceivedRequest) -> Reaction:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    connector = MemoryConnector(answer)
    async with ClientSession(connector=connector) as session:
        with pytest.raises(whimbrel.SocketTimeoutError):
            await session.get("http://shore.example/", timeout=ClientTimeout(sock_read=SOON))
        with pytest.raises(whimbrel.RequestTimeoutError):
            await session.get("http://shore.example/", timeout=ClientTimeout(total=SOON))
    assert len(connector.requests) == 2


async def test_closing_ends_whoever_still_answers() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def answer(request: ReceivedRequest) -> Reaction:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()
        raise AssertionError

    session = session_for(answer)
    request = asyncio.ensure_future(session.get("http://shore.example/"))
    await begun.wait()
    await session.close()
    assert ended.is_set()
    with pytest.raises(whimbrel.ClientConnectionError):
        await request


async def test_limits_of_the_pool_hold() -> None:
    most = now = 0

    async def answer(request: ReceivedRequest) -> Answer:
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return Answer()

    async with session_for(answer, limit=2) as session:
        await asyncio.gather(*(session.get("http://shore.example/") for _ in range(10)))
    assert most == 2


async def test_a_proxy_that_forwards_is_the_function_and_tunnels_there_are_none() -> None:
    connector = MemoryConnector(lambda request: Answer(request.target))
    async with ClientSession(connector=connector, proxy="http://proxy.example:3128") as session:
        async with session.get("http://shore.example/a?b") as response:
            assert await response.text() == "http://shore.example/a?b"
        assert str(connector.requests[0].url) == "http://shore.example/a?b"
        with pytest.raises(whimbrel.InvalidURL, match="no tunnels in memory"):
            await session.get("https://shore.example/")


async def test_tracers_see_a_connection_made_and_reused() -> None:
    seen: list[str] = []

    async def made(*_: object) -> None:
        seen.append("made")

    async def reused(*_: object) -> None:
        seen.append("reused")

    config = whimbrel.TraceConfig()
    config.on_connection_create_end.append(made)
    config.on_connection_reuseconn.append(reused)
    connector = MemoryConnector(lambda request: Answer())
    async with ClientSession(connector=connector, trace_configs=[config]) as session:
        for _ in range(2):
            await session.get("http://shore.example/")
    assert seen == ["made", "reused"]


async def test_a_connector_that_was_never_used_closes() -> None:
    connector = MemoryConnector(lambda request: Answer())
    await connector.close()
    await connector.close()
    assert connector.closed
