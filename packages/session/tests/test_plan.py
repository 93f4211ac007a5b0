"""Keywords of a session and of a request: what a request says counts more, what nobody says is usual."""

from typing import Any

import pytest
from scripted_peer import Serve, answer

from whimbrel import ClientResponseError, ClientSession
from whimbrel._defaults import Defaults
from whimbrel._plan import PLAN_KEYWORDS
from whimbrel.typedefs import RequestOptions

LONG = "x" * 300
LIMITS = [
    ("max_line_size", answer(status=f"200 {LONG}")),
    ("max_field_size", answer(b"", f"X-Long: {LONG}")),
    ("max_headers", answer(b"", *[f"X-{number}: 1" for number in range(120)])),
]


@pytest.mark.parametrize(("name", "wire"), LIMITS, ids=[name for name, _ in LIMITS])
async def test_a_limit_of_the_request_replaces_that_of_the_session(
    serve: Serve, name: str, wire: bytes
) -> None:
    peer = await serve(wire)
    small: dict[str, Any] = {name: 100}
    large: dict[str, Any] = {name: 1000}
    async with ClientSession(**small) as session:
        with pytest.raises(ClientResponseError, match=rf"100 .*\({name}\)"):
            await session.get(peer.url)
        async with session.get(peer.url, **large) as response:
            assert response.status == 200
    async with ClientSession(**large) as session:
        async with session.get(peer.url) as response:
            assert response.status == 200
        with pytest.raises(ClientResponseError):
            await session.get(peer.url, **small)


HEADS = [
    ("max_line_size", 300_000, answer(status=f"200 {LONG * 900}")),
    ("max_field_size", 300_000, answer(b"", f"X-Long: {LONG * 900}")),
    ("max_headers", 1000, answer(b"", *[f"X-{number}: {LONG}" for number in range(900)])),
]


@pytest.mark.parametrize(("name", "limit", "wire"), HEADS, ids=[name for name, _, _ in HEADS])
async def test_a_head_may_be_as_long_as_its_lines_may_be(
    serve: Serve, name: str, limit: int, wire: bytes
) -> None:
    peer = await serve(wire)
    large: dict[str, Any] = {name: limit}
    async with ClientSession() as session, session.get(peer.url, **large) as response:
        assert response.status == 200
    async with ClientSession(**large) as session, session.get(peer.url) as response:
        assert response.status == 200


async def test_a_head_of_many_long_lines_is_refused_by_default(serve: Serve) -> None:
    peer = await serve(answer(b"", *[f"X-{number}: {LONG * 10}" for number in range(100)]))
    async with ClientSession() as session:
        with pytest.raises(ClientResponseError, match="head is longer than 65536 bytes"):
            await session.get(peer.url)


async def test_the_buffer_is_as_large_as_is_said(serve: Serve) -> None:
    peer = await serve(answer(b"x"))
    async with ClientSession(read_bufsize=1000) as session:
        async with session.get(peer.url) as response:
            assert response.content.get_read_buffer_limits() == (1000, 2000)
        async with session.get(peer.url, read_bufsize=10) as response:
            assert response.content.get_read_buffer_limits() == (10, 20)


@pytest.mark.parametrize("name", ["User-Agent", "accept", "Accept-Encoding", "CONTENT-TYPE"])
async def test_automatic_headers_can_be_left_out(serve: Serve, name: str) -> None:
    peer = await serve(answer())
    asked = f"\r\n{name.lower()}: ".encode()
    async with ClientSession() as session:
        await session.post(peer.url, data=b"")
        await session.post(peer.url, data=b"", skip_auto_headers=[name])
    async with ClientSession(skip_auto_headers=[name]) as session:
        await session.post(peer.url, data=b"")
        await session.post(peer.url, data=b"", headers={name: "own"})
    assert [asked in head.lower() for head in peer.heads] == [True, False, False, True]


def test_every_keyword_is_known_and_has_one_place() -> None:
    assert RequestOptions.__annotations__.keys() > PLAN_KEYWORDS


async def test_a_request_without_keywords_of_its_own_obeys_the_usual_plan() -> None:
    async with ClientSession() as session:
        defaults: Defaults = session._defaults
        usual = defaults.plan({})
        assert defaults.plan({"data": b"x", "headers": {"A": "b"}}) is usual
        assert defaults.plan({"timeout": 5}) is not usual
        assert defaults.plan({"max_redirects": 10, "allow_redirects": True}) == usual
