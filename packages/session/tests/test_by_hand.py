"""Responses that libraries for tests make by hand, with the arguments and names of aiohttp."""

from unittest.mock import Mock, create_autospec

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from scripted_peer import Serve, answer
from yarl import URL

from whimbrel import (
    ClientRequest,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    HttpVersion11,
    RequestInfo,
    StreamReader,
)

URL_ = URL("http://shore.example/")
INFO = RequestInfo(URL_, "GET", CIMultiDictProxy(CIMultiDict()))


def made_by_hand(body: bytes = b"") -> ClientResponse:
    response = ClientResponse(
        "GET",
        URL_,
        request_info=INFO,
        writer=None,
        continue100=None,
        timer=None,
        traces=[],
        loop=Mock(),
        session=None,
    )
    response.content = StreamReader()
    response.content.feed_data(body)
    response.content.feed_eof()
    return response


async def test_it_is_what_it_is_set_to() -> None:
    response = made_by_hand(b'{"tide": "low"}')
    response.status, response.reason = 404, "Gone with the tide"
    headers = CIMultiDict({"Content-Type": "application/json", "Link": "<http://h/>; rel=next"})
    setattr(response, "_headers", headers)  # noqa: B010  it has no such attribute for a type checker
    setattr(response, "_raw_headers", ((b"Content-Type", b"application/json"),))  # noqa: B010
    setattr(response, "_history", (response,))  # noqa: B010
    assert response.headers == headers
    assert response.raw_headers == ((b"Content-Type", b"application/json"),)
    assert response.history == (response,)
    assert (response.content_type, "next" in response.links) == ("application/json", True)
    assert await response.json() == {"tide": "low"}
    with pytest.raises(ClientResponseError, match="404, message='Gone with the tide'"):
        response.raise_for_status()


async def test_its_url_is_the_given_one() -> None:
    info = RequestInfo(URL("http://elsewhere.example/"), "GET", CIMultiDictProxy(CIMultiDict()))
    response = ClientResponse("GET", URL("http://shore.example/a#b"), request_info=info)
    assert (str(response.url), str(response.real_url)) == (
        "http://shore.example/a",
        "http://shore.example/a#b",
    )


async def test_its_content_may_read_in_its_own_way(serve: Serve) -> None:
    class Loud(StreamReader):
        async def read(self, n: int = -1) -> bytes:
            return (await super().read(n)).upper()

    response = made_by_hand()
    response.content = Loud()
    response.content.feed_data(b"tern")
    response.content.feed_eof()
    assert await response.read() == b"TERN"
    peer = await serve(answer(b"whimbrel"))
    async with ClientSession() as session, session.get(peer.url) as response:
        inner, response.content = response.content, Loud()
        response.content.feed_data(await inner.read())
        response.content.feed_eof()
        assert await response.text() == "WHIMBREL"


async def test_libraries_between_a_session_and_its_user_find_what_they_ask_for() -> None:
    """aioresponses, vcrpy and aiohttp-client-cache do, by these names."""
    async with ClientSession(
        "http://shore.example/birds/", headers={"A": "1"}, raise_for_status=True
    ) as session:
        assert session._base_url == URL("http://shore.example/birds/")
        assert session._raise_for_status is True
        assert session._build_url("tern") == URL("http://shore.example/birds/tern")
        assert session._prepare_headers({"B": "2"}) == {"A": "1", "B": "2"}
        assert session._connector is session.connector
        assert session._cookie_jar is session.cookie_jar


def test_there_is_no_connection_to_end() -> None:
    response = made_by_hand()
    assert response.closed
    response.close()
    response.release()
    assert not response.cookies
    with pytest.raises(RuntimeError, match="by hand"):
        response.upgrade(Mock())


def test_a_mock_of_a_response_or_request_has_what_its_class_documents() -> None:
    response = create_autospec(ClientResponse, instance=True, spec_set=True)
    response.configure_mock(status=404, method="GET", reason="Not Found", version=HttpVersion11, history=())
    response.headers, response.url, response.request_info = {"A": "1"}, URL("http://shore.example/"), None
    assert (response.status, response.reason, response.headers["A"]) == (404, "Not Found", "1")
    request = create_autospec(ClientRequest, instance=True, spec_set=True)
    request.method, request.url, request.ssl = "PUT", URL("http://shore.example/"), False
    assert (request.method, request.ssl) == ("PUT", False)
    with pytest.raises(AttributeError):
        response.staus = 404
