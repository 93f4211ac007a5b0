"""`ClientResponse`: how bodies are read as a whole, what errors keep of them, and who holds the connection."""

import pickle
import zlib
from typing import Any

import pytest
from scripted_peer import Serve, answer

from whimbrel import (
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ContentTypeError,
    PayloadTooLargeError,
    StreamReader,
)

BODY = bytes(1000)
DEFLATED = answer(zlib.compress(bytes(100_000)), "Content-Encoding: deflate")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n%s\r\n0\r\n\r\n" % BODY
UNSTATED = b"HTTP/1.1 200 OK\r\n\r\nno end is stated"


@pytest.mark.parametrize(
    "wire", [answer(BODY), CHUNKED, answer(zlib.compress(BODY), "Content-Encoding: deflate")]
)
async def test_a_body_as_long_as_the_limit_is_read(serve: Serve, wire: bytes) -> None:
    peer = await serve(wire)
    async with ClientSession(max_body_size=1000) as session, session.get(peer.url) as response:
        assert await response.read() == BODY


@pytest.mark.parametrize("wire", [answer(BODY), CHUNKED, DEFLATED])
@pytest.mark.parametrize("limit", [0, 1, 999])
async def test_a_longer_body_is_refused_and_its_connection_closed(
    serve: Serve, wire: bytes, limit: int
) -> None:
    """S059."""
    peer = await serve(wire)
    async with ClientSession() as session, session.get(peer.url, max_body_size=limit) as response:
        with pytest.raises(PayloadTooLargeError, match=f"max_body_size, {limit} bytes") as caught:
            await response.text()
        assert pickle.loads(pickle.dumps(caught.value)).limit_bytes == limit
        assert response.closed


async def test_a_body_that_announces_its_excess_is_not_waited_for(serve: Serve) -> None:
    peer = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")  # and nothing more
    async with ClientSession(max_body_size=1000) as session, session.get(peer.url) as response:
        with pytest.raises(PayloadTooLargeError):
            await response.read()


async def test_the_limit_is_none_of_the_stream_s(serve: Serve) -> None:
    peer = await serve(answer(BODY))
    async with ClientSession(max_body_size=1) as session:
        async with session.get(peer.url) as response:
            assert await response.content.read() == BODY
        async with session.get(peer.url, max_body_size=None) as response:
            assert await response.read() == BODY


def test_a_limit_is_no_negative_number() -> None:
    with pytest.raises(ValueError, match="max_body_size"):
        ClientSession(max_body_size=-1)


@pytest.mark.parametrize(
    ("media_type", "asked"),
    [
        ("text/plain", True),
        ("text/plain; charset=no-such-thing", True),
        ("text/plain; charset=CP1251", False),
        ("application/json", False),
    ],
)
async def test_the_charset_is_asked_for_where_it_is_not_known(
    serve: Serve, media_type: str, asked: bool
) -> None:
    """S047."""
    seen: list[bytes] = []

    def resolve(response: ClientResponse, body: bytes) -> str:
        assert response.content_type == "text/plain"
        seen.append(body)
        return "koi8-r"

    peer = await serve(answer("прилив".encode("koi8-r"), f"Content-Type: {media_type}"))
    async with ClientSession(fallback_charset_resolver=resolve) as session, session.get(peer.url) as response:
        text = await response.text(errors="replace")
        assert (seen == ["прилив".encode("koi8-r")]) is asked
        assert (text == "прилив") is asked


@pytest.mark.parametrize(
    ("header", "media_type", "charset"),
    [
        ("text/plain; charset=koi8-r; x=y", "text/plain", "koi8-r"),
        ('TEXT/Plain;Charset="koi8-r"', "text/plain", "koi8-r"),
        ("text/plain; charset = koi8-r", "text/plain", "koi8-r"),
        ('text/plain; note="a;charset=b\\";charset=c"; charset=koi8-r', "text/plain", "koi8-r"),
        ('text/plain; note="a;charset=b"', "text/plain", None),
        ("text/plain; charset=", "text/plain", None),
        ("text/plain, text/html", "application/octet-stream", None),
        ("text", "application/octet-stream", None),
    ],
)
async def test_content_type_is_taken_apart(
    serve: Serve, header: str, media_type: str, charset: str | None
) -> None:
    peer = await serve(answer(b"", f"Content-Type: {header}"))
    async with ClientSession() as session, session.get(peer.url) as response:
        assert (response.content_type, response.charset) == (media_type, charset)


async def test_the_encoding_has_the_name_python_gives_it_and_may_need_the_body(serve: Serve) -> None:
    peer = await serve(
        answer(b"x", "Content-Type: text/plain; charset=UTF8"), answer(b"x", "Content-Type: text/plain")
    )
    async with ClientSession() as session:
        async with session.get(peer.url) as response:
            assert response.get_encoding() == "utf-8"
        async with session.get(peer.url) as response:
            with pytest.raises(RuntimeError, match="not yet read"):
                response.get_encoding()
            await response.read()
            assert response.get_encoding() == "utf-8"


@pytest.mark.parametrize(
    ("media_type", "accepted"),
    [
        ("application/json", True),
        ("application/problem+json; charset=utf-8", True),
        ("model/gltf+json", True),
        ("text/json", False),
        ("text/html", False),
    ],
)
async def test_json_has_a_media_type(serve: Serve, media_type: str, accepted: bool) -> None:
    peer = await serve(answer(b"[1]", f"Content-Type: {media_type}"))
    async with ClientSession() as session, session.get(peer.url) as response:
        if accepted:
            assert await response.json() == [1]
            return
        with pytest.raises(ContentTypeError, match=media_type) as caught:
            await response.json()
        assert caught.value.body == b"[1]"
        assert await response.json(content_type=media_type.upper().lower()) == [1]


async def test_a_status_error_keeps_the_beginning_of_the_body(serve: Serve) -> None:
    peer = await serve(answer(b"because of X" + bytes(5000), status="422 No"), answer(b"", status="500 Oh"))
    async with ClientSession() as session:
        response = await session.get(peer.url)
        with pytest.raises(ClientResponseError) as caught:
            response.raise_for_status()
        assert caught.value.body == b"because of X" + bytes(4084)
        assert pickle.loads(pickle.dumps(caught.value)).body == caught.value.body
        assert response.closed
        async with session.get(peer.url) as response:
            with pytest.raises(ClientResponseError) as caught:
                response.raise_for_status()
            assert caught.value.body == b""


async def test_a_coded_body_is_shown_decoded(serve: Serve) -> None:
    peer = await serve(answer(zlib.compress(b"because"), "Content-Encoding: deflate", status="400 No"))
    async with ClientSession(raise_for_status=True) as session:
        with pytest.raises(ClientResponseError) as caught:
            await session.get(peer.url)
        assert caught.value.body == b"because"


async def test_within_its_block_a_refused_response_can_still_be_read(serve: Serve) -> None:
    peer = await serve(answer(b"because", status="400 No"))
    async with ClientSession() as session, session.get(peer.url) as response:
        with pytest.raises(ClientResponseError):
            response.raise_for_status()
        assert await response.text() == "because"


async def test_the_connection_is_shown_while_it_is_held(serve: Serve) -> None:
    peer = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx", answer(b"xy"))
    async with ClientSession() as session:
        async with session.get(peer.url) as response:
            connection = response.connection
            assert connection is not None
            assert connection.transport is not None
            assert connection.transport.get_extra_info("peername")[0] == "127.0.0.1"
            assert repr(connection) == "<Connection open>"
            connection.close()
            assert repr(connection) == "<Connection closed>"
        async with session.get(peer.url) as response:
            await response.read()
            assert response.connection is None


async def test_a_connection_that_was_left_shows_no_transport(serve: Serve) -> None:
    peer = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx")
    async with ClientSession() as session, session.get(peer.url) as response:
        connection = response.connection
        assert connection is not None
        response.release()
        connection.release()
        connection.close()
        assert connection.transport is None
        assert response.connection is None


async def test_a_body_of_unstated_length_can_be_taken_for_none(serve: Serve) -> None:
    peer = await serve(UNSTATED, answer(b"stated"))
    async with ClientSession() as session:
        async with session.get(peer.url, read_until_eof=False) as response:
            assert await response.read() == b""
            assert isinstance(response.content, StreamReader)
        async with session.get(peer.url, read_until_eof=False) as response:
            assert await response.read() == b"stated"
    assert peer.connections == 2


async def test_a_content_length_is_a_number(serve: Serve) -> None:
    peer = await serve(answer(b"four"), CHUNKED)
    async with ClientSession() as session:
        async with session.get(peer.url) as response:
            assert response.content_length == 4
        async with session.get(peer.url) as response:
            assert response.content_length is None


class Quiet(ClientResponse):
    """Overrides `release`, and returns nothing that could be awaited."""

    def release(self) -> Any:
        super().release()


async def test_a_class_of_responses_may_return_nothing_from_release(serve: Serve) -> None:
    peer = await serve(answer(b"whimbrel"))
    async with ClientSession(response_class=Quiet) as session:
        async with session.get(peer.url) as response:
            assert await response.read() == b"whimbrel"
        async with session.get(peer.url):
            pass
    assert peer.connections == 1
