"""What a session remembers of requests it has made shows nowhere but in time."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_peer import Serve, answer
from yarl import URL

from whimbrel import (
    BasicAuth,
    BytesPayload,
    ClientError,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    CookieJar,
    FormData,
    HttpVersion10,
    TooManyRedirects,
    TraceConfig,
)
from whimbrel.testing import Answer, MemoryConnector, ReceivedRequest


async def _pieces() -> AsyncIterator[bytes]:
    yield b"low"
    yield b"tide"


# Each made anew, as bodies are.
_BODIES: tuple[Callable[[], dict[str, Any]], ...] = (
    lambda: {"json": {"bird": "whimbrel"}},
    lambda: {"json": []},
    lambda: {"data": b"123"},
    lambda: {"data": b""},
    lambda: {"data": _pieces()},
    lambda: {"data": b"1"},
    lambda: {"data": BytesPayload(b"{}", content_type="application/json")},
    lambda: {"data": BytesPayload(b"{}", headers={"Content-Language": "kl"})},
    lambda: {"data": {"bird": "whimbrel"}},
    lambda: {"data": FormData({"bird": "godwit"}, charset="latin-1")},
    lambda: {"data": BytesIO(b"12345")},
    lambda: {"data": "text"},
    lambda: {"data": None},
    dict,
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


async def _sent(session: ClientSession, connector: MemoryConnector, options: dict[str, Any]) -> object:
    """Make one request; return what went out, and what the response tells of it."""
    async with session.post("http://shore.example/sand?wet#a", **options) as response:
        info = response.request_info
    request = connector.requests[-1]
    told = info.url, info.method, list(info.headers.items()), info.real_url
    return request.target, request.head.raw_headers, request.body, told


@pytest.mark.parametrize(
    "headers", [{}, {"Transfer-Encoding": "chunked"}, {"Content-Type": "x/y"}, {"Host": "dune.example"}]
)
async def test_bodies_of_all_kinds_go_out_as_from_a_session_that_knows_nothing(
    headers: dict[str, str],
) -> None:
    connector = MemoryConnector(lambda request: Answer())
    async with ClientSession(connector=connector, headers=headers) as session:
        for make in (*_BODIES, *reversed(_BODIES)):
            async with ClientSession(
                connector=connector, connector_owner=False, headers=headers
            ) as forgetful:
                anew = await _sent(forgetful, connector, make())
            assert await _sent(session, connector, make()) == anew


async def test_a_length_of_the_callers_own_stays(serve: Serve) -> None:
    peer = await serve(answer())
    async with ClientSession(headers={"Content-Length": "3"}) as session:
        await session.put(peer.url, data=b"abc")
        await session.put(peer.url, data=b"def")
        with pytest.raises(ClientError):
            await session.put(peer.url, data=b"four")
    assert [head.count(b"Content-Length: 3\r\n") for head in peer.heads[:2]] == [1, 1]


async def test_a_cookie_goes_with_a_body_too_as_soon_as_there_is_one(serve: Serve) -> None:
    peer = await serve(answer())
    jar = CookieJar()
    async with ClientSession(cookie_jar=jar) as session:
        for number in range(20):
            jar.update_cookies({"b": str(number)})
            await session.post(peer.url, json=number)
        jar.clear()
        await session.post(peer.url, json=0)
    sent = [[line for line in head.split(b"\r\n") if line.startswith(b"Cookie")] for head in peer.heads]
    assert sent == [*([b"Cookie: b=%d" % number] for number in range(20)), []]


async def test_what_is_remembered_holds_no_body() -> None:
    connector = MemoryConnector(lambda request: Answer(), kept_bytes=0)
    content = b"whimbrel" * 1000
    references = sys.getrefcount(content)
    async with ClientSession(connector=connector) as session:
        await session.post("http://shore.example/", data=content)
        await session.post("http://shore.example/", data=b"")
        gc.collect()
        assert sys.getrefcount(content) == references


METHODS = ["GET", "POST", "post", "DELETE"]
URLS = [
    f"http://{place}" for place in ("a.example/?x=%27", "u:p@a.example/", "a.example/set", "b.example:81/#f")
]
OPTIONS: list[Callable[[], dict[str, Any]]] = [
    dict,
    lambda: {"data": b"eggs"},
    lambda: {"data": ""},
    lambda: {"data": {"bird": "whimbrel"}},
    lambda: {"data": BytesIO(b"nest"), "json": None},
    lambda: {"json": [1]},
    lambda: {"json": {}, "timeout": 5},
    lambda: {"json": [1], "headers": {"Content-Type": "text/x"}},
    lambda: {"data": b"eggs", "headers": {"Content-Length": "4"}},
    lambda: {"data": b"eggs", "chunked": True},
    lambda: {"data": b"eggs", "compress": True},
    lambda: {"params": {"a": "1"}, "cookies": {"c": "d"}},
    lambda: {"data": b"eggs", "json": {}},
]
OF_SESSIONS: list[dict[str, Any]] = [
    {},
    {"headers": {"Content-Type": "text/s"}, "auth": BasicAuth("me", "pw")},
    {"headers": {"Transfer-Encoding": "chunked"}},
    {"headers": {"Content-Length": "4", "Cookie": "h=1"}},
    {"headers": {"Content-Encoding": "gzip"}, "version": HttpVersion10},
    {"skip_auto_headers": ["Content-Type"], "json_serialize": lambda value: f" {value} "},
]


async def sent_by(session: ClientSession, method: str, url: str, options: dict[str, Any]) -> object:
    """Return what went over the wire, or what was raised before anything did."""
    try:
        async with session.request(method, url, **options) as response:
            return await response.text()
    except (ValueError, ClientError) as fault:
        return repr(fault)


async def told_back(request: ReceivedRequest) -> Answer:
    sent = (request.head, request.head.raw_headers, await request.read())
    return Answer(body=repr(sent).encode(), headers={"Set-Cookie": "s=1"} if request.target == "/set" else {})


async def play(own: dict[str, Any], steps: list[tuple[str, str, int, bool]]) -> None:
    async with ClientSession(connector=MemoryConnector(told_back), **own) as session:
        for number, (method, url, options, changes) in enumerate(steps):
            if changes:
                session.headers["X-Step"] = str(number)
            jar = CookieJar()
            for cookie in session.cookie_jar:
                jar.update_cookies({cookie.key: cookie}, URL(url) if cookie["domain"] else URL())
            async with ClientSession(
                connector=MemoryConnector(told_back), cookie_jar=jar, **own | {"headers": session.headers}
            ) as fresh:
                expected = await sent_by(fresh, method, url, OPTIONS[options]())
            assert await sent_by(session, method, url, OPTIONS[options]()) == expected


@settings(max_examples=40)
@given(
    st.sampled_from(OF_SESSIONS),
    st.lists(
        st.tuples(
            st.sampled_from(METHODS),
            st.sampled_from(URLS),
            st.integers(0, len(OPTIONS) - 1),
            st.sampled_from([False, False, False, True]),
        ),
        max_size=8,
    ),
)
def test_what_went_before_shows_nowhere(own: dict[str, Any], steps: list[tuple[str, str, int, bool]]) -> None:
    asyncio.run(play(own, steps))


async def test_what_one_request_obeys_is_not_what_the_next_one_does(serve: Serve) -> None:
    peer = await serve(answer(b"", "Location: /", status="302 Found"))
    async with ClientSession() as session:
        for _ in range(2):
            response = await session.get(peer.url, allow_redirects=False, timeout=1)
            assert response.status == 302
            with pytest.raises(TooManyRedirects):
                await session.get(peer.url, max_redirects=1)
            with pytest.raises(TypeError, match="timeout"):
                await session.get(peer.url, allow_redirects=False, timeout=True)
            with pytest.raises(TypeError, match="tide"):
                await session.get(peer.url, allow_redirects=False, timeout=1, tide="low")  # type: ignore[call-arg]  # no such keyword
            response = await session.get(peer.url, allow_redirects=False, timeout=1.0, raise_for_status=False)
            assert response.status == 302


async def test_many_different_limits_are_all_obeyed(serve: Serve) -> None:
    peer = await serve(answer())
    async with ClientSession() as session:
        for number in range(200):
            await session.get(peer.url, timeout=ClientTimeout(total=300 + number))
        held = len(session._defaults._plans)
    assert held < 200
