"""Where and when sessions are made, how requests are awaited, and what a closed one says."""

import asyncio
import gc
import warnings
from collections.abc import Coroutine

import pytest
from peers.bin import Bin
from peers.scripted import OK, ScriptedServer, always, response
from scenes.loops import new_loop

import whimbrel
from whimbrel import ClientSession, CookieJar, DummyCookieJar, TCPConnector, UnixConnector


@pytest.mark.parametrize("loop_name", ["asyncio", "uvloop"])
def test_everything_is_made_without_a_running_loop_and_bound_at_first_use(loop_name: str) -> None:
    """S147, S153, S154, S267: as at module level."""
    if loop_name == "uvloop":
        pytest.importorskip("uvloop")
    jar = CookieJar(unsafe=True)
    conn = TCPConnector(limit=30)
    session = ClientSession(cookie_jar=jar, connector=conn)
    dummy = ClientSession(cookie_jar=DummyCookieJar())
    unix = ClientSession(connector=UnixConnector(path="/nowhere"))

    async def read_website() -> None:
        answer = response(b"tide", "Set-Cookie: tide=low")
        async with ScriptedServer(always(answer)) as server:
            async with session, session.get(server.url) as resp:
                assert await resp.read() == b"tide"
            async with dummy, dummy.get(server.url) as resp:
                assert await resp.read() == b"tide"
            await unix.close()

    loop = new_loop(loop_name)
    loop.run_until_complete(read_website())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert len(jar) == 1


def test_a_second_loop_is_refused_clearly() -> None:
    """S147."""
    session = ClientSession()

    async def fetch() -> None:
        async with ScriptedServer(always(OK)) as server, session.get(server.url) as resp:
            assert await resp.read() == b"ok"

    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    first.run_until_complete(fetch())
    with pytest.raises(RuntimeError, match="another event loop"):
        second.run_until_complete(fetch())
    first.run_until_complete(session.close())
    first.close()
    second.close()


async def test_a_request_is_a_coroutine_for_tasks_and_gather(httpbin: Bin) -> None:
    """S003, S121."""
    loop = asyncio.get_running_loop()
    async with ClientSession() as session:
        request = session.post(f"{httpbin.url}post", data=b"data")
        assert isinstance(request, Coroutine)
        task = loop.create_task(request)
        others = asyncio.gather(*(session.get(httpbin.url) for _ in range(3)))
        async with await task as resp:
            assert isinstance(resp, whimbrel.ClientResponse)
            assert (await resp.json())["data"] == "data"
        for resp in await others:
            resp.release()


async def test_a_request_is_entered_once(httpbin: Bin) -> None:
    """S003."""
    async with ClientSession() as session:
        request = session.get(httpbin.url)
        async with request as resp:
            assert resp.status == 200
        with pytest.raises(RuntimeError):
            await request


async def test_a_request_that_is_not_awaited_does_nothing_and_leaves_nothing() -> None:
    """S014."""
    async with ScriptedServer(always(OK)) as server, ClientSession() as session:
        request = session.get(server.url)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del request
            gc.collect()
        assert {warning.category for warning in caught} <= {RuntimeWarning}
        assert all("never awaited" in str(warning.message) for warning in caught)
        async with session.get(server.url) as resp:
            assert resp.status == 200
        assert (server.connections.accepted, len(server.requests)) == (1, 1)


async def test_the_url_is_mandatory_and_has_a_host() -> None:
    """S006, S007."""
    async with ClientSession() as session:
        with pytest.raises(TypeError):
            session.request("GET")  # type: ignore[call-arg]  # the scene
        for url in ("/relative", "http:///nowhere", "http://[::1"):
            with pytest.raises(whimbrel.InvalidURL):
                await session.get(url)
        with pytest.raises(whimbrel.NonHttpUrlClientError):
            await session.get("ftp://shore.example/")


async def test_a_closed_session_says_so() -> None:
    """S019."""
    session = ClientSession()
    states = [session.closed]
    await session.close()
    states.append(session.closed)
    assert states == [False, True]
    for request in (session.get("http://127.0.0.1:1/"), session.ws_connect("http://127.0.0.1:1/")):
        with pytest.raises(RuntimeError, match="Session is closed"):
            await request


async def test_raise_for_status_is_asked_of_the_session_or_the_request(httpbin: Bin) -> None:
    url = f"{httpbin.url}status/418"
    async with ClientSession(raise_for_status=True) as session:
        with pytest.raises(whimbrel.ClientResponseError) as caught:
            await session.get(url)
        assert caught.value.status == 418
        async with session.get(url, raise_for_status=False) as resp:
            assert (resp.status, resp.ok) == (418, False)
        async with session.get(httpbin.url) as resp:
            assert resp.status == 200
    async with ClientSession() as session:
        with pytest.raises(whimbrel.ClientResponseError):
            await session.get(url, raise_for_status=True)
        async with session.get(url) as resp:
            assert resp.status == 418


async def test_raise_for_status_may_be_a_judge_of_ones_own(httpbin: Bin) -> None:
    async def no_teapots(resp: whimbrel.ClientResponse) -> None:
        if resp.status == 418:
            raise LookupError(await resp.text())

    async with ClientSession(raise_for_status=no_teapots) as session:
        with pytest.raises(LookupError, match="as you wish"):
            await session.get(f"{httpbin.url}status/418")
        async with session.get(f"{httpbin.url}status/500") as resp:
            assert resp.status == 500


async def test_a_judged_response_gives_its_connection_back(httpbin: Bin) -> None:
    async with ClientSession(connector=TCPConnector(limit=1), raise_for_status=True) as session:
        for _ in range(3):
            with pytest.raises(whimbrel.ClientResponseError):
                await session.get(f"{httpbin.url}status/500")
        assert httpbin.connections.accepted == 1


async def test_one_request_needs_no_session(httpbin: Bin) -> None:
    async with whimbrel.request("POST", f"{httpbin.url}post", data=b"data") as resp:
        assert (await resp.json())["data"] == "data"
    await httpbin.connections.until(lambda: not httpbin.connections.open)
