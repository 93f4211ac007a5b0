"""The Digest handshake, and to whom it is never made."""

import re
from collections.abc import AsyncIterator

import pytest
from scripted_peer import Peer, Serve, answer

from whimbrel import BaseConnector, ClientError, ClientPayloadError, ClientSession, DigestAuthMiddleware

CHALLENGE = 'WWW-Authenticate: Digest realm="shore", nonce="{}", qop="auth", opaque="o"'


def challenged(nonce: str = "one", more: str = "") -> bytes:
    return answer(b"who?", CHALLENGE.format(nonce) + more, status="401 Unauthorized")


def answers_of(peer: Peer) -> list[bytes]:
    """Return the Authorization value of each request, b"" where there is none."""
    found = [re.search(rb"\r\nAuthorization: ([^\r]*)", head) for head in peer.heads]
    return [b"" if match is None else match.group(1) for match in found]


async def test_a_challenge_is_answered_on_the_same_connection(serve: Serve) -> None:
    peer = await serve(challenged(), answer(b"in"))
    async with ClientSession(middlewares=[DigestAuthMiddleware("bird", "secret")]) as session:
        async with session.post(peer.url + "/nest?x=%2F", data=b"body") as response:
            assert (response.status, await response.text()) == (200, "in")
        assert isinstance(session.connector, BaseConnector)
        assert session.connector.statistics.open == 1
    first, second = answers_of(peer)
    assert first == b""
    assert second.startswith(b'Digest username="bird", realm="shore", nonce="one", uri="/nest?x=%2F"')
    assert b"nc=00000001" in second
    assert b"secret" not in second
    assert peer.connections == 1


async def test_later_requests_bring_their_answer_and_count(serve: Serve) -> None:
    peer = await serve(challenged(), answer(), answer(), answer())
    digest = DigestAuthMiddleware("bird", "secret")
    async with ClientSession(middlewares=[digest]) as session:
        for _ in range(3):
            async with session.get(peer.url):
                pass
    counts = [re.findall(rb"nc=(\w+)", value) for value in answers_of(peer)]
    assert counts == [[], [b"00000001"], [b"00000002"], [b"00000003"]]


async def test_it_waits_to_be_asked_where_it_is_told_to(serve: Serve) -> None:
    peer = await serve(challenged(), answer(), answer())
    digest = DigestAuthMiddleware("bird", "secret", preemptive=False)
    async with ClientSession(middlewares=[digest]) as session:
        for _ in range(2):
            async with session.get(peer.url):
                pass
    assert answers_of(peer)[2] == b""


async def test_a_stale_nonce_is_replaced_once(serve: Serve) -> None:
    peer = await serve(challenged(), answer(), challenged("two", ", stale=true"), answer())
    async with ClientSession(middlewares=[DigestAuthMiddleware("bird", "secret")]) as session:
        for _ in range(2):
            async with session.get(peer.url) as response:
                assert response.status == 200
    last = answers_of(peer)[-1]
    assert b'nonce="two"' in last
    assert b"nc=00000001" in last


async def test_a_wrong_password_is_tried_once(serve: Serve) -> None:
    peer = await serve(challenged())
    digest = DigestAuthMiddleware("bird", "wrong")
    async with ClientSession(middlewares=[digest]) as session, session.get(peer.url) as response:
        assert response.status == 401
        assert await response.text() == "who?"
    assert len(peer.heads) == 2


async def test_another_origin_is_never_answered(serve: Serve) -> None:
    other = await serve(challenged("theirs"))
    home = await serve(challenged(), answer(b"", f"Location: {other.url}/", status="302 Found"))
    digest = DigestAuthMiddleware("bird", "secret")
    async with ClientSession(middlewares=[digest]) as session:
        async with session.get(home.url) as response:
            assert response.status == 401
        async with session.get(other.url) as response:
            assert response.status == 401
    assert answers_of(other) == [b"", b""]


async def test_an_origin_that_the_first_one_names_is_answered_with_its_own_nonce(serve: Serve) -> None:
    other = await serve(challenged("theirs"), answer())
    home = await serve(challenged(more=f', domain="/ {other.url}/in"'), answer())
    digest = DigestAuthMiddleware("bird", "secret")
    async with ClientSession(middlewares=[digest]) as session:
        for url in (home.url, other.url + "/in/side", other.url + "/inside"):
            async with session.get(url):
                pass
    first, second, third = answers_of(other)
    assert (first, third) == (b"", b"")
    assert b'nonce="theirs"' in second


async def test_outside_of_the_domain_it_waits_to_be_asked(serve: Serve) -> None:
    peer = await serve(challenged(more=', domain="/in"'), answer())
    digest = DigestAuthMiddleware("bird", "secret")
    async with ClientSession(middlewares=[digest]) as session:
        for path in ("/in", "/in/side", "/inside", "/"):
            async with session.get(peer.url + path):
                pass
    assert [bool(value) for value in answers_of(peer)] == [False, True, True, False, False]


@pytest.mark.parametrize("header", ["X: 1", "WWW-Authenticate: Basic realm=x", "WWW-Authenticate: Digest"])
async def test_other_refusals_reach_the_caller(serve: Serve, header: str) -> None:
    peer = await serve(answer(b"", header, status="401 Unauthorized"))
    digest = DigestAuthMiddleware("bird", "secret")
    async with ClientSession(middlewares=[digest]) as session, session.get(peer.url) as response:
        assert response.status == 401
    assert len(peer.heads) == 1


async def test_a_challenge_that_cannot_be_answered_is_an_error(serve: Serve) -> None:
    peer = await serve(answer(b"", 'WWW-Authenticate: Digest realm="r"', status="401 Unauthorized"))
    async with ClientSession(middlewares=[DigestAuthMiddleware("bird", "secret")]) as session:
        with pytest.raises(ClientError, match="nonce"):
            await session.get(peer.url)
        assert isinstance(session.connector, BaseConnector)
        assert session.connector.statistics.idle == session.connector.statistics.open


async def test_a_body_that_cannot_be_repeated_is_an_error(serve: Serve) -> None:
    peer = await serve(challenged(), answer())

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"

    async with ClientSession(middlewares=[DigestAuthMiddleware("bird", "secret")]) as session:
        with pytest.raises(ClientPayloadError):
            await session.post(peer.url, data=pieces())


@pytest.mark.parametrize(("login", "password"), [("a:b", "x"), (None, "x"), ("x", None)])
def test_credentials_are_checked(login: str, password: str) -> None:
    with pytest.raises(ValueError, match="not allowed"):
        DigestAuthMiddleware(login, password)
