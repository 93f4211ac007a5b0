"""A request in the hands of its middlewares."""

from collections.abc import AsyncIterator

import pytest
from multidict import CIMultiDict
from yarl import URL

from whimbrel import ClientPayloadError, ClientRequest, ClientResponse, ClientSession, FormData, HttpVersion11
from whimbrel._bodies import payload_of
from whimbrel._outgoing import Outgoing, complete_headers


def request_for(method: str = "GET", data: object = None) -> ClientRequest:
    outgoing = Outgoing(method, URL("http://shore.example/path#part"), CIMultiDict(), body=payload_of(data))
    session = ClientSession()
    session.close().close()
    return ClientRequest(
        outgoing, complete_headers(outgoing, "a=b"), session=session, response_class=ClientResponse
    )


def test_it_shows_what_will_be_sent() -> None:
    request = request_for("POST", b"birds")
    assert (request.method, request.url, request.original_url) == ("POST", request.url, request.url)
    assert (request.host, request.port, request.is_ssl(), request.chunked) == (
        "shore.example",
        80,
        False,
        False,
    )
    assert request.version == HttpVersion11
    assert request.headers["Content-Length"] == "5"
    assert request.skip_auto_headers == frozenset()
    assert str(request.request_info.url) == "http://shore.example/path"
    assert repr(request) == "<ClientRequest POST http://shore.example/path#part>"
    assert request_for().body == b""


@pytest.mark.parametrize(
    ("url", "host", "cookie"),
    [
        ("http://shore.example/other", "shore.example", "a=b"),
        ("http://shore.example:81/", "shore.example:81", None),
        ("https://shore.example/", "shore.example", "a=b"),
        ("http://user:secret@cliff.example/", "cliff.example", None),
    ],
)
def test_a_new_url_takes_the_host_along_and_secrets_only_within_an_origin(
    url: str, host: str, cookie: str | None
) -> None:
    request = request_for()
    request.url = URL(url)
    assert (request.headers["Host"], request.headers.get("Cookie")) == (host, cookie)
    assert request.url.user is None


def test_a_host_header_of_the_callers_stays() -> None:
    request = request_for()
    request.headers["Host"] = "own.example"
    request.url = URL("http://cliff.example/")
    assert request.headers["Host"] == "own.example"


async def test_another_body_brings_its_own_type_and_framing() -> None:
    request = request_for("POST", {"a": "1"})
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    form = FormData(default_to_multipart=True)
    form.add_field("bird", "whimbrel")
    await request.update_body(form)
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    await request.update_body(b"12345678")
    assert request.headers["Content-Length"] == "8"
    assert request.headers["Content-Type"] == "application/octet-stream"
    await request.update_body(None)
    assert (request.body, request.headers["Content-Length"]) == (b"", "0")


async def test_a_body_without_a_size_is_chunked() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"

    request = request_for("POST", b"x")
    await request.update_body(pieces())
    assert request.chunked
    assert "Content-Length" not in request.headers


async def test_a_body_that_is_spent_is_not_sent_again() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"

    class Sink:
        async def write(self, data: bytes, /) -> None:
            pass

    request = request_for("POST", pieces())
    outgoing, _ = request.begin()
    assert outgoing.body is not None
    await outgoing.body.write(Sink())
    with pytest.raises(ClientPayloadError):
        request.begin()
    await request.update_body(b"another")
    request.begin()


def test_what_was_sent_does_not_change_any_more() -> None:
    request = request_for()
    _, head = request.begin()
    request.headers["X"] = "1"
    assert "X" not in head.headers


def test_expect_is_taken_from_the_headers() -> None:
    request = request_for("POST", b"x")
    request.headers["Expect"] = "100-Continue"
    assert request.begin()[0].expects_continue
    del request.headers["Expect"]
    assert not request.begin()[0].expects_continue
