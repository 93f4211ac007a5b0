"""Redirects: what is asked next, and what must not travel with it. Two ports are two origins."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from peers.scripted import Peer, Received, ScriptedServer, response
from yarl import URL

import whimbrel
from whimbrel import BasicAuth, ClientSession, CookieJar

SECRETS = {
    "Authorization": "Bearer secret",
    "Proxy-Authorization": "Basic secret",
    "Cookie": "sid=secret",
    "X-Api-Key": "secret",
    "X-Anything": "secret",
}


@dataclass
class Coast:
    """Two origins; `/NUMBER/there` of either redirects with that status to `there`."""

    here: ScriptedServer
    away: ScriptedServer


def _to(status: int, location: str) -> bytes:
    return response(b"moved", f"Location: {location}", status=f"{status} Moved")


async def _follow_the_signs(peer: Peer) -> None:
    while True:
        request = await peer.request()
        status, _, location = request.target.lstrip("/").partition("/")
        answer = _to(int(status), location) if status.isdecimal() else response(b"arrived")
        await peer.send(answer[: answer.index(b"\r\n\r\n") + 4] if request.method == "HEAD" else answer)


@pytest.fixture
async def coast() -> AsyncIterator[Coast]:
    async with ScriptedServer(_follow_the_signs) as here, ScriptedServer(_follow_the_signs) as away:
        yield Coast(here, away)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def test_method_and_body_follow_or_do_not(
    coast: Coast, session: ClientSession, status: int, method: str
) -> None:
    """S233."""
    body = b"" if method in ("GET", "HEAD") else b"cargo"
    url = f"{coast.here.url}{status}//end"
    async with session.request(method, url, data=body or None, allow_redirects=True) as resp:
        assert (resp.status, str(resp.url)) == (200, f"{coast.here.url}end")
    first, second = coast.here.requests
    becomes_get = (status in (301, 302) and method == "POST") or (status == 303 and method != "HEAD")
    assert (first.method, first.body) == (method, body)
    assert (second.method, second.body) == (("GET", b"") if becomes_get else (method, body))
    if becomes_get:
        assert second.get("content-type") is second.get("content-length") is None
    else:
        assert second.get("content-type") == first.get("content-type")
    assert coast.here.connections.accepted == 1


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/end", "/end"),
        ("end", "/302/end"),
        ("../end", "/end"),
        ("?page=2", "/302/?page=2"),
        ("/end?a=%2F&b=c+d", "/end?a=%2F&b=c+d"),
        ("/end?a=%26&c=%3A", "/end?a=%26&c=%3A"),
        ("/a b/ü", "/a%20b/%C3%BC"),
    ],
)
async def test_a_location_is_relative_to_the_request(location: str, target: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(_to(302, location))
        await peer.request()
        await peer.send(response())

    async with ScriptedServer(script) as server, ClientSession() as session:
        async with session.get(f"{server.url}302/") as resp:
            assert resp.status == 200
        assert server.requests[1].target == target


async def test_a_location_stays_byte_for_byte_where_that_is_wanted() -> None:
    """S041."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(_to(302, "/%7Eend?a=%41&b=%2F"))
        await peer.request()
        await peer.send(response())

    async with ScriptedServer(script) as server, ClientSession(requote_redirect_url=False) as session:
        async with session.get(server.url) as resp:
            assert resp.status == 200
        assert server.requests[1].target == "/%7Eend?a=%41&b=%2F"


@pytest.mark.parametrize(
    ("asked", "location", "fragment"),
    [("#old", "/end", "old"), ("#old", "/end#new", "new"), ("", "/end", "")],
)
async def test_a_fragment_stays_unless_a_new_one_comes(asked: str, location: str, fragment: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(_to(302, location))
        await peer.request()
        await peer.send(response())

    async with ScriptedServer(script) as server, ClientSession() as session:
        async with session.get(server.url + asked) as resp:
            assert resp.real_url.fragment == fragment
            assert resp.url.fragment == ""
        assert [request.target for request in server.requests] == ["/", "/end"]


async def test_ten_redirects_are_too_many() -> None:
    """S234."""
    async with ScriptedServer(_round_and_round) as server, ClientSession() as session:
        with pytest.raises(whimbrel.TooManyRedirects) as caught:
            await session.get(server.url)
        assert len(caught.value.history) == len(server.requests) == 10
        assert caught.value.status == 302
        assert "max_redirects is 10" in str(caught.value)
        with pytest.raises(whimbrel.TooManyRedirects):
            await session.get(server.url, max_redirects=2)
        assert len(server.requests) == 12
        assert server.connections.accepted == 1


async def _round_and_round(peer: Peer) -> None:
    while True:
        await peer.request()
        await peer.send(_to(302, "/"))


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("ftp://shore.example/", whimbrel.NonHttpUrlRedirectClientError),
        ("javascript:alert(1)", whimbrel.NonHttpUrlRedirectClientError),
        ("http://:80/", whimbrel.InvalidUrlRedirectClientError),
        ("http://[::1/", whimbrel.InvalidUrlRedirectClientError),
    ],
)
async def test_a_redirect_to_nowhere_is_an_error(
    location: str, error: type[whimbrel.RedirectClientError]
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(_to(302, location))

    async with ScriptedServer(script) as server, ClientSession() as session:
        with pytest.raises(error):
            await session.get(server.url)
        assert session.connector.statistics.open == session.connector.statistics.idle  # type: ignore[union-attr]  # a TCPConnector


@pytest.mark.parametrize("location", ["", None])
async def test_a_redirect_without_a_place_is_an_answer(location: str | None) -> None:
    answer = response(b"where?", *([] if location is None else ["Location: "]), status="302 Found")

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer)

    async with ScriptedServer(script) as server, ClientSession() as session:
        async with session.get(server.url) as resp:
            assert (resp.status, await resp.read()) == (302, b"where?")


def _secrets_of(request: Received) -> list[str]:
    """Return the names of all fields that say more than any stranger may know."""
    harmless = {"host", "accept", "accept-encoding", "user-agent", "content-length", "content-type"}
    return [name for name, value in request.fields if name not in harmless or "secret" in value]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_secret_of_a_header_crosses_the_origin(
    coast: Coast, session: ClientSession, status: int
) -> None:
    """S137."""
    url = f"{coast.here.url}{status}/{coast.away.url}end"
    async with session.post(url, headers=SECRETS, data=b"cargo") as resp:
        assert resp.status == 200
    assert {name.lower() for name in SECRETS} <= set(_secrets_of(coast.here.requests[0]))
    assert _secrets_of(coast.away.requests[0]) == []


CREDENTIALS: list[Callable[[str], tuple[str, dict[str, Any]]]] = [
    lambda url: (url, {"auth": BasicAuth("user", "secret")}),
    lambda url: (str(URL(url).with_user("user").with_password("secret")), {}),
    lambda url: (url, {"cookies": {"sid": "secret"}}),
]


@pytest.mark.parametrize("spell", CREDENTIALS, ids=["auth", "userinfo", "cookies"])
async def test_credentials_follow_within_the_origin_and_never_beyond(
    coast: Coast, session: ClientSession, spell: Callable[[str], tuple[str, dict[str, Any]]]
) -> None:
    url, options = spell(f"{coast.here.url}302//302/{coast.away.url}302/{coast.here.url}end")
    async with session.get(url, **options) as resp:
        assert resp.status == 200
    first, second, third = coast.here.requests
    assert _secrets_of(first) == _secrets_of(second) != []
    assert _secrets_of(coast.away.requests[0]) == []
    assert _secrets_of(third) == []  # what was dropped does not come back


async def test_credentials_of_the_session_do_not_cross_the_origin(coast: Coast) -> None:
    """S137: default headers and default credentials."""
    url = f"{coast.here.url}302//302/{coast.away.url}end"
    async with ClientSession(headers={"X-Api-Key": "secret"}, auth=BasicAuth("user", "secret")) as session:
        async with session.get(url) as resp:
            assert resp.status == 200
    assert [_secrets_of(request) for request in coast.here.requests] == [["x-api-key", "authorization"]] * 2
    assert _secrets_of(coast.away.requests[0]) == []


async def test_the_headers_of_the_caller_follow_within_the_origin(
    coast: Coast, session: ClientSession
) -> None:
    async with session.get(f"{coast.here.url}302//end", headers=SECRETS) as resp:
        assert resp.status == 200
    assert _secrets_of(coast.here.requests[0]) == _secrets_of(coast.here.requests[1])


async def test_a_location_cannot_bring_credentials(coast: Coast, session: ClientSession) -> None:
    away = str(URL(coast.away.url).with_user("user").with_password("secret"))
    async with session.get(f"{coast.here.url}302/{away}end") as resp:
        assert resp.status == 200
        assert resp.url.user is None
    assert _secrets_of(coast.away.requests[0]) == []


async def test_the_jar_decides_anew_on_every_hop() -> None:
    """S227: a cookie of a redirect is there on the next hop, and the jar knows no ports."""

    async def script(peer: Peer) -> None:
        request = await peer.request()
        if request.target == "/":
            await peer.send(response(b"", "Location: /end", "Set-Cookie: tide=low", status="302 Found"))
            await peer.request()
        await peer.send(response())

    async with ScriptedServer(script) as server, ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        async with session.get(server.url) as resp:
            assert resp.status == 200
        assert server.requests[1].get("cookie") == "tide=low"


async def test_a_body_that_cannot_be_repeated_is_not_sent_again_empty(session: ClientSession) -> None:
    """S233."""

    async def tide() -> AsyncIterator[bytes]:
        yield b"flood"

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(_to(307, "/end"))

    async with ScriptedServer(script) as server:
        with pytest.raises(whimbrel.ClientPayloadError):
            await session.post(server.url, data=tide())
        assert [(request.target, request.body) for request in server.requests] == [("/", b"flood")]
