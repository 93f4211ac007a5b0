"""The session as its user sees it, against a scripted peer on the loopback."""

import asyncio
import gc
import inspect
import json
import sys
import types
import warnings
from collections.abc import Generator
from contextlib import nullcontext
from typing import Any

import pytest
from scripted_peer import Serve, answer

import whimbrel
from whimbrel import ClientSession, ClientTimeout


async def test_a_response_shows_its_head_and_body(serve: Serve) -> None:
    peer = await serve(
        answer(b'{"bird": 1}', "Content-Type: application/json; charset=utf-8", "X-A: 1", "x-a: 2")
    )
    async with ClientSession() as session, session.get(peer.url + "/path#part") as response:
        assert (response.status, response.reason, response.ok, response.method) == (200, "OK", True, "GET")
        assert response.headers.getall("X-A") == ["1", "2"]
        assert (b"x-a", b"2") in response.raw_headers
        assert (response.content_type, response.charset) == ("application/json", "utf-8")
        assert (str(response.url), str(response.real_url)) == (peer.url + "/path", peer.url + "/path#part")
        assert response.version == whimbrel.HttpVersion11
        assert await response.json() == {"bird": 1}
        assert await response.text() == '{"bird": 1}'
        assert await response.read() == b'{"bird": 1}'
        assert response.history == ()
        assert repr(response) == f"<ClientResponse({peer.url}/path) [200 OK]>"


async def test_a_request_can_be_awaited_and_used_once(serve: Serve) -> None:
    peer = await serve(answer(b"x"))
    async with ClientSession() as session:
        context = session.get(peer.url)
        response = await context
        assert await response.read() == b"x"
        with pytest.raises(RuntimeError):
            await context


async def test_a_request_makes_a_task(serve: Serve) -> None:
    peer = await serve(answer(b"x"))
    async with ClientSession() as session:
        response = await asyncio.get_running_loop().create_task(session.post(peer.url, data=b"y"))
        assert await response.text() == "x"


async def test_a_request_nobody_awaits_opens_nothing(serve: Serve) -> None:
    peer = await serve(answer())
    async with ClientSession() as session:
        context = session.get(peer.url)
        context.close()
        assert session.connector.statistics.open == 0  # type: ignore[union-attr]  # the default connector has them
    assert peer.connections == 0


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "head"])
async def test_each_verb_sends_its_method(serve: Serve, method: str) -> None:
    peer = await serve(answer())
    async with ClientSession() as session, getattr(session, method)(peer.url + "/x?y=1"):
        assert peer.heads[0].startswith(f"{method.upper()} /x?y=1 HTTP/1.1\r\n".encode())


async def test_head_does_not_follow_redirects(serve: Serve) -> None:
    peer = await serve(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
    async with ClientSession() as session, session.head(peer.url) as response:
        assert response.status == 302


async def test_redirects_are_followed_and_remembered(serve: Serve) -> None:
    peer = await serve(
        answer(b"gone", "Location: /b", "Set-Cookie: a=1", status="302 Found"), answer(b"here")
    )
    async with ClientSession(cookie_jar=whimbrel.CookieJar(unsafe=True)) as session:
        async with session.get(peer.url + "/a") as response:
            assert await response.text() == "here"
            assert [(old.status, str(old.url)) for old in response.history] == [(302, peer.url + "/a")]
            assert not response.cookies
        assert peer.heads[1].startswith(b"GET /b ")
        assert b"Cookie: a=1\r\n" in peer.heads[1]
        assert peer.connections == 1


async def test_a_circle_of_redirects_ends(serve: Serve) -> None:
    peer = await serve(answer(b"", "Location: /", status="302 Found"))
    async with ClientSession() as session:
        with pytest.raises(whimbrel.TooManyRedirects) as caught:
            await session.get(peer.url, max_redirects=3)
        assert len(caught.value.history) == 3
        assert len(peer.heads) == 3


async def test_a_redirect_without_a_place_is_a_response(serve: Serve) -> None:
    peer = await serve(answer(b"x", status="302 Found"))
    async with ClientSession() as session, session.get(peer.url) as response:
        assert response.status == 302


async def test_a_head_that_cannot_be_written_reaches_nobody(serve: Serve) -> None:
    peer = await serve(answer())
    async with ClientSession() as session:
        for headers in ({"X": "a\r\nb"}, {"a b": "c"}, {"X": "a\x00"}):
            with pytest.raises(ValueError, match="headers"):
                await session.get(peer.url, headers=headers)
        with pytest.raises(ValueError, match="method"):
            await session.request("GET /x HTTP/1.1\r\nA:", peer.url)
    assert peer.connections == 0


async def test_a_method_that_is_no_text_is_told_of(serve: Serve) -> None:
    peer = await serve(answer())
    method: Any = b"GET"
    async with ClientSession() as session:
        with pytest.raises(TypeError, match="a method is text such as 'GET', not b'GET'"):
            await session.request(method, peer.url)
    assert peer.heads == []


async def test_the_body_is_whole_or_streamed(serve: Serve) -> None:
    peer = await serve(answer(b"0123456789"))
    async with ClientSession() as session, session.get(peer.url) as response:
        assert await response.content.read(4) == b"0123"
        with pytest.raises(whimbrel.StreamConsumedError):
            await response.read()
        assert await response.content.read() == b"456789"


async def test_json_demands_its_type_and_an_empty_body_is_none(serve: Serve) -> None:
    peer = await serve(
        answer(b"{}", "Content-Type: text/html"),
        answer(b" ", "Content-Type: application/problem+json"),
        answer(b"{"),
    )
    async with ClientSession() as session:
        async with session.get(peer.url) as response:
            with pytest.raises(whimbrel.ContentTypeError) as caught:
                await response.json()
            assert caught.value.status == 200
            assert await response.json(content_type=None) == {}
        async with session.get(peer.url) as response:
            assert await response.json() is None
        async with session.get(peer.url) as response:
            with pytest.raises(json.JSONDecodeError):
                await response.json(content_type=None)


async def test_text_obeys_the_header_and_the_caller(serve: Serve) -> None:
    cyrillic = "кулик".encode("windows-1251")
    peer = await serve(
        answer(cyrillic, "Content-Type: text/plain; charset=windows-1251"),
        answer(cyrillic, "Content-Type: text/plain; charset=utf-8"),
        answer("ü".encode(), "Content-Type: text/plain; charset=no-such-thing"),
    )
    async with ClientSession() as session:
        async with session.get(peer.url) as response:
            assert await response.text() == "кулик"
        async with session.get(peer.url) as response:
            with pytest.raises(UnicodeDecodeError):
                await response.text()
            assert await response.text(encoding="windows-1251") == "кулик"
        async with session.get(peer.url) as response:
            assert await response.text() == "ü"


async def test_raise_for_status_raises_from_400_on(serve: Serve) -> None:
    peer = await serve(answer(b"no", status="404 Not Found"))

    async def judge(response: whimbrel.ClientResponse) -> None:
        raise LookupError(response.status)

    async with ClientSession(raise_for_status=True) as session:
        with pytest.raises(whimbrel.ClientResponseError) as caught:
            await session.get(peer.url)
        assert (caught.value.status, caught.value.message) == (404, "Not Found")
        async with session.get(peer.url, raise_for_status=False) as response:
            assert not response.ok
        with pytest.raises(LookupError):
            await session.get(peer.url, raise_for_status=judge)


@pytest.mark.parametrize("raises", [True, 1, None, 0])
async def test_raise_for_status_is_as_good_as_its_truth(serve: Serve, raises: Any) -> None:
    peer = await serve(answer(status="500 Internal Server Error"))
    async with ClientSession(raise_for_status=raises) as session:
        with pytest.raises(whimbrel.ClientResponseError) if raises else nullcontext():
            await session.get(peer.url)


async def test_a_status_judged_bad_gives_the_connection_back(serve: Serve) -> None:
    peer = await serve(answer(b"no", status="500 Oh"))
    async with ClientSession(raise_for_status=True) as session:
        for _ in range(3):
            with pytest.raises(whimbrel.ClientResponseError):
                await session.get(peer.url)
    assert peer.connections == 1


async def test_the_total_limit_covers_the_head_and_the_body(serve: Serve) -> None:
    silent = await serve(b"HTTP/1.1 ")
    slow = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
    quick = await serve(answer(b"x"))
    heads: list[int] = []
    async with ClientSession(connector=whimbrel.TCPConnector(limit=1)) as session:

        async def read_slow(seconds: float) -> None:
            async with session.get(slow.url, timeout=ClientTimeout(total=seconds)) as response:
                heads.append(response.status)
                await response.read()

        with pytest.raises(whimbrel.RequestTimeoutError, match=r"0\.05 s"):
            await session.get(silent.url, timeout=0.05)
        for seconds in (0.05, 0.5, 5, 50):  # a busy machine may take longer than that for the head
            if not heads:
                with pytest.raises(whimbrel.RequestTimeoutError, match=f"{seconds:g} s"):
                    await read_slow(seconds)
        assert heads == [200]
        async with session.get(quick.url) as response:  # the one place of the pool is free again
            assert await response.read() == b"x"


@pytest.mark.parametrize("timeout", [None, 0, ClientTimeout(), ClientTimeout(total=0)])
async def test_no_limit_is_none_or_zero(serve: Serve, timeout: ClientTimeout | float | None) -> None:
    peer = await serve(answer(b"x"))
    async with ClientSession(timeout=timeout) as session, session.get(peer.url) as response:
        assert await response.read() == b"x"


@pytest.mark.parametrize(
    ("timeout", "refusal"), [(-1, ValueError), ("5", TypeError), (True, TypeError), (object(), TypeError)]
)
async def test_other_limits_are_refused(timeout: object, refusal: type[Exception]) -> None:
    with pytest.raises(refusal, match="timeout"):
        ClientSession(timeout=timeout)  # type: ignore[arg-type]  # the mistake under test


async def test_a_released_body_is_not_read_whether_it_has_come_or_not(serve: Serve) -> None:
    peer = await serve(answer(b"x"))
    async with ClientSession() as session:
        async with session.get(peer.url) as response:
            pass
        with pytest.raises(whimbrel.ClientConnectionError, match="released before its body was read"):
            await response.text()
        async with session.get(peer.url) as response:
            assert await response.read() == b"x"
        assert await response.text() == "x"


async def test_a_released_response_without_a_body_has_none(serve: Serve) -> None:
    peer = await serve(b"HTTP/1.1 204 No Content\r\n\r\n")
    async with ClientSession() as session:
        async with session.get(peer.url) as response:
            pass
        assert await response.read() == b""


async def test_a_host_that_is_none_is_an_invalid_url() -> None:
    async with ClientSession() as session:
        with pytest.raises(whimbrel.InvalidUrlClientError, match="its host is neither"):
            await session.get("http://a b/")
        with pytest.raises(ValueError, match="X A"):
            await session.get("http://shore.example/", headers={"X A": "1"})


async def test_an_idempotent_request_is_repeated_on_a_stale_connection(serve: Serve) -> None:
    peer = await serve(answer(b"1"), b"", answer(b"2"))
    async with ClientSession() as session:
        async with session.get(peer.url) as response:
            assert await response.read() == b"1"
        async with session.get(peer.url) as response:
            assert await response.read() == b"2"
    assert (peer.connections, len(peer.heads)) == (2, 3)


async def test_a_post_is_not_repeated(serve: Serve) -> None:
    peer = await serve(answer(b"1"), b"", answer(b"2"))
    async with ClientSession() as session:
        async with session.get(peer.url) as response:
            await response.read()
        with pytest.raises(whimbrel.ServerDisconnectedError):
            await session.post(peer.url, data=b"pay")
    assert len(peer.heads) == 2


async def test_the_first_request_on_a_connection_is_not_repeated(serve: Serve) -> None:
    peer = await serve(b"")
    async with ClientSession() as session:
        with pytest.raises(whimbrel.ServerDisconnectedError):
            await session.get(peer.url)
    assert len(peer.heads) == 1


async def test_a_session_can_be_made_before_a_loop_runs(serve: Serve) -> None:
    def make() -> ClientSession:
        jar = whimbrel.CookieJar(unsafe=True)
        return ClientSession(connector=whimbrel.TCPConnector(limit=3), cookie_jar=jar, cookies={"a": "b"})

    session = await asyncio.get_running_loop().run_in_executor(None, make)
    peer = await serve(answer(b"x"))
    async with session, session.get(peer.url):
        assert b"Cookie: a=b\r\n" in peer.heads[0]


async def test_a_closed_session_says_so(serve: Serve) -> None:
    peer = await serve(answer())
    session = ClientSession()
    await session.close()
    await session.close()
    assert session.closed
    with pytest.raises(RuntimeError, match="Session is closed"):
        await session.get(peer.url)


async def test_closing_takes_the_connector_along_unless_it_is_anothers() -> None:
    mine, anothers = whimbrel.TCPConnector(), whimbrel.TCPConnector()
    await ClientSession(connector=mine).close()
    await ClientSession(connector=anothers, connector_owner=False).close()
    assert mine.closed
    assert not anothers.closed
    await anothers.close()


async def test_a_request_that_its_session_is_closed_under_says_which_it_was(serve: Serve) -> None:
    peer = await serve(b" ")  # and no more of an answer
    session = ClientSession()
    asking = asyncio.ensure_future(session.get(peer.url + "/birds"))
    while not peer.heads:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    await session.close()
    with pytest.raises(whimbrel.ClientConnectionError, match=f"closed on this side: .* {peer.url}/birds is"):
        await asking


class OwnSession(ClientSession):
    def __init__(self) -> None:
        super().__init__(headers={"X-Own": "1"})


@pytest.mark.parametrize("kind", [ClientSession, OwnSession])
def test_a_forgotten_session_warns_and_names_the_place_where_it_was_made(kind: type[ClientSession]) -> None:
    session = kind()
    here = inspect.getframeinfo(sys._getframe()).lineno - 1
    with pytest.warns(
        ResourceWarning, match=rf"Unclosed client session .*, made at .*test_client\.py:{here}$"
    ):
        del session


async def test_a_response_that_was_released_is_not_forgotten(serve: Serve) -> None:
    peer = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim")
    asyncio.get_running_loop().set_debug(True)
    async with ClientSession() as session:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            async with session.get(peer.url) as response:
                pass
            del response
            gc.collect()
        assert caught == []


async def test_a_forgotten_response_gives_its_place_back_and_in_debug_mode_is_complained_about(
    serve: Serve,
) -> None:
    peer = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim")
    loop = asyncio.get_running_loop()
    told: list[str] = []
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, context: told.append(context["message"]))
    async with ClientSession(connector=whimbrel.TCPConnector(limit=1)) as session:
        await session.get(peer.url)  # the place comes back
        loop.set_debug(True)
        response: whimbrel.ClientResponse | None = await session.get(peer.url)
        with pytest.warns(ResourceWarning, match="Unclosed response <ClientResponse") as caught:
            del response
        loop.set_debug(False)
        assert caught[0].source is not None
        assert told == [str(caught[0].message)]
        assert (await session.get(peer.url)).status == 200
    loop.set_exception_handler(handler)


async def test_a_released_response_may_be_dropped_while_the_rest_still_comes(serve: Serve) -> None:
    peer = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim")
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        async with ClientSession() as session, session.get(peer.url):
            pass
        gc.collect()
    loop.set_debug(False)
    assert caught == []


@pytest.mark.filterwarnings("error", "ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_forgotten_response_gives_its_place_back_where_warnings_are_errors(serve: Serve) -> None:
    peer = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhim")
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, _context: None)
    async with ClientSession(connector=whimbrel.TCPConnector(limit=1)) as session:
        loop.set_debug(True)
        await session.get(peer.url)
        loop.set_debug(False)
        async with session.get(peer.url) as response:
            assert response.status == 200
    loop.set_exception_handler(handler)


def test_a_session_that_could_not_be_made_does_not_warn() -> None:
    with pytest.raises(ValueError, match="base_url"):
        ClientSession("relative")  # a warning would fail the test


async def test_relative_urls_follow_the_base_url(serve: Serve) -> None:
    peer = await serve(answer())
    async with ClientSession(peer.url + "/api/") as session, session.get("bird", params={"a": "b"}):
        assert peer.heads[0].startswith(b"GET /api/bird?a=b ")


async def test_a_refused_handshake_is_told(serve: Serve) -> None:
    peer = await serve(answer(b"", status="403 Forbidden"))
    async with ClientSession() as session:
        with pytest.raises(whimbrel.WSServerHandshakeError) as caught:
            await session.ws_connect(peer.url)
        assert caught.value.status == 403
        async with session.get(peer.url) as response:
            assert response.status == 403
    assert peer.connections == 1


async def test_one_request_needs_no_session(serve: Serve) -> None:
    peer = await serve(answer(b"x", 'Content-Disposition: attachment; filename="a.txt"'))
    async with whimbrel.request("GET", peer.url, params={"a": "b"}) as response:
        assert await response.read() == b"x"
        disposition = response.content_disposition
        assert disposition is not None
        assert (disposition.type, disposition.filename) == ("attachment", "a.txt")
    assert peer.heads[0].startswith(b"GET /?a=b ")
    whimbrel.request("GET", peer.url)  # not entered: opens and leaves nothing
    with pytest.raises(whimbrel.InvalidURL):
        async with whimbrel.request("GET", "http://"):
            pass


async def test_a_coroutine_that_is_a_generator_yields_from_it(serve: Serve) -> None:
    peer = await serve(answer(b"tern"))

    @types.coroutine
    def fetched() -> Generator[Any, Any, bytes]:
        response = yield from session.get(peer.url)
        return (yield from response.read().__await__())

    async with ClientSession() as session:
        assert await fetched() == b"tern"


async def test_the_earlier_spellings_of_timeouts_are_understood() -> None:
    async with ClientSession(read_timeout=5, conn_timeout=2) as session:
        assert (session.timeout.total, session.timeout.connect) == (5, 2)
    async with ClientSession(read_timeout=None) as session:
        assert session.timeout == ClientTimeout(total=None, sock_connect=30)
    async with ClientSession(conn_timeout=2) as session:
        assert session.timeout == ClientTimeout(total=300, connect=2, sock_connect=30)
    with pytest.raises(ValueError, match="read_timeout"):
        ClientSession(timeout=ClientTimeout(total=1), read_timeout=5)


async def test_a_dropped_response_gives_its_place_back(serve: Serve) -> None:
    endless = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\npart")
    whole = await serve(answer(b"x"))
    async with ClientSession(connector=whimbrel.TCPConnector(limit=1)) as session:
        await session.get(endless.url)
        async with session.get(whole.url) as response:  # the one place of the pool is free again
            assert await response.read() == b"x"


@pytest.mark.parametrize(
    ("header", "content_type", "charset"),
    [
        ("text/html; charset=UTF-8", "text/html", "UTF-8"),
        ('Text/HTML;\tcharset="windows-1251"; q=1', "text/html", "windows-1251"),
        ("application/json", "application/json", None),
        ("text/plain; boundary=x;CHARSET=koi8-r", "text/plain", "koi8-r"),
        ("text/plain; charset=", "text/plain", None),
        ("nonsense", "application/octet-stream", None),
        ("", "application/octet-stream", None),
    ],
)
async def test_the_media_type_is_read_from_its_header(
    serve: Serve, header: str, content_type: str, charset: str | None
) -> None:
    peer = await serve(answer(b"", f"Content-Type: {header}"))
    async with ClientSession() as session, session.get(peer.url) as response:
        assert (response.content_type, response.charset) == (content_type, charset)
