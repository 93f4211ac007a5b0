"""`Site`: answers by rules, and what it says when something else is asked."""

import copy
import pickle
import re

import pytest
from yarl import URL

import whimbrel
from whimbrel import ClientSession
from whimbrel.testing import (
    Answer,
    HangUp,
    MemoryConnector,
    Reaction,
    ReceivedRequest,
    Site,
    UnexpectedRequest,
)


def session_at(site: Site) -> ClientSession:
    """Return a session whose every request `site` answers."""
    return ClientSession(connector=MemoryConnector(site))


async def test_the_first_rule_that_fits_answers() -> None:
    site = Site()
    birds = site.get("http://shore.example/birds", Answer(json=["whimbrel"]))
    site.on("*", "http://shore.example/birds", Answer(status=405))
    async with session_at(site) as session:
        async with session.get("http://shore.example/birds") as response:
            assert await response.json() == ["whimbrel"]
        async with session.delete("http://shore.example/birds") as response:
            assert response.status == 405
    assert [request.method for request in birds.requests] == ["GET"]
    assert [request.method for request in site.requests] == ["GET", "DELETE"]
    site.assert_as_expected()


@pytest.mark.parametrize(
    ("place", "fits"),
    [
        ("/birds", True),
        ("/bird", False),
        ("http://shore.example/birds", True),
        ("http://shore.example:80/birds", True),
        ("https://shore.example/birds", False),
        ("http://sea.example/birds", False),
        ("http://shore.example/birds?b=2&a=1", True),
        ("http://shore.example/birds?a=1", False),
        ("/birds?a=1&b=2", True),
        (URL("http://shore.example/birds"), True),
        (re.compile(r"http://\w+\.example/birds\?.*"), True),
        (re.compile(r"/birds"), False),
    ],
)
async def test_a_place_fits_what_it_names(place: str | URL | re.Pattern[str], fits: bool) -> None:
    site = Site()
    site.get(place)
    async with session_at(site) as session:
        if fits:
            await session.get("http://shore.example/birds?a=1&b=2")
        else:
            with pytest.raises(UnexpectedRequest):
                await session.get("http://shore.example/birds?a=1&b=2")


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "patch", "delete"])
async def test_each_verb_has_its_rule(method: str) -> None:
    site = Site()
    getattr(site, method)("/")
    async with session_at(site) as session:
        async with getattr(session, method)("http://shore.example") as response:
            assert response.status == 200


async def test_answers_come_in_turn_and_the_last_one_ever_after() -> None:
    async def read(request: ReceivedRequest) -> Reaction:
        return Answer(await request.read())

    site = Site()
    rule = site.put("/", HangUp(), Answer(status=503), lambda request: Answer(request.body), read)
    statuses = []
    async with session_at(site) as session:
        with pytest.raises(whimbrel.ServerDisconnectedError):
            await session.put("http://shore.example/", data=b"0")
        for number in range(4):
            async with session.put("http://shore.example/", data=b"%d" % number) as response:
                statuses.append((response.status, await response.read()))
    assert statuses == [(503, b""), (200, b"1"), (200, b"2"), (200, b"3")]
    rule.assert_requested(times=5)


async def test_an_unexpected_request_says_what_came_and_what_was_expected() -> None:
    site = Site()
    site.get("http://shore.example/birds")
    site.post(re.compile(r".*/nests/\d+"))
    async with session_at(site) as session:
        with pytest.raises(UnexpectedRequest) as caught:
            await session.get("http://shore.example/brids?page=1")
    assert str(caught.value) == (
        "unexpected request: GET http://shore.example/brids?page=1\n"
        "the site answers:\n"
        "  GET http://shore.example/birds\n"
        r"  POST .*/nests/\d+"
    )
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(copy.copy(caught.value)) == str(caught.value)


async def test_an_unexpected_request_fails_the_test_even_if_the_code_under_test_swallows_it() -> None:
    site = Site()
    async with session_at(site) as session:
        with pytest.raises(AssertionError, match="answers: nothing"):
            await session.get("http://shore.example/")
    with pytest.raises(UnexpectedRequest):
        site.assert_as_expected()
    assert [request.url.host for request in site.unexpected] == ["shore.example"]


async def test_a_rule_that_nobody_asked_for_fails_the_test() -> None:
    site = Site()
    rule = site.get("/birds")
    with pytest.raises(AssertionError, match="GET /birds was to be requested at least once, and was 0 times"):
        site.assert_as_expected()
    async with session_at(site) as session:
        await session.get("http://shore.example/birds")
    with pytest.raises(AssertionError, match="2 times, and was 1 times"):
        rule.assert_requested(times=2)
