"""One request and its response, over real sockets."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest

from whimbrel_connector import ExchangeClosed, ExchangeOptions, Request, StreamReader, TCPConnector
from whimbrel_http1 import ContentDecodingError, Event, Limits, ResponseHead, ResponseParser

from .conftest import get, plays, plays_and_closes

if TYPE_CHECKING:
    from .conftest import Serve


async def test_the_head_comes_first_and_the_body_as_a_stream(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b"HTTP/1.1 203 Fine\r\nA: 1\r\na: 2\r\nContent-Length: 8\r\n\r\nwhimbrel"))
    exchange = await connector.connect(peer.url)
    head = await exchange.send(get())
    assert (head.status, head.reason, head.get_all(b"a")) == (203, "Fine", [b"1", b"2"])
    assert await exchange.content.read() == b"whimbrel"
    assert exchange.is_over
    assert connector.statistics.idle == 1


async def test_bodies_of_every_framing_are_read(serve: Serve, connector: TCPConnector) -> None:
    framings = [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwhim", b"whim", True),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nwh\r\n2\r\nim\r\n0\r\nX: y\r\n\r\n",
            b"whim",
            True,
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nwhim", b"whim", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nwhim", b"whim", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nwhim", b"whim", True),
    ]
    for wire, body, kept in framings:
        peer = await serve(plays(wire))
        assert (await peer.fetch(connector)).body == body
        await peer.until(lambda peer=peer, kept=kept: bool(peer.open) is kept)  # type: ignore[misc]  # bound now


async def test_a_body_until_close_ends_with_the_connection(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays_and_closes(b"HTTP/1.1 200 OK\r\n\r\nwhimbrel"))
    assert (await peer.fetch(connector)).body == b"whimbrel"
    assert connector.statistics.idle == 0


async def test_the_answer_to_head_has_no_body(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nContent-Encoding: gzip\r\n\r\n"))
    fetched = await peer.fetch(connector, method="HEAD", options=ExchangeOptions(decode=True))
    assert fetched.body == b""
    assert connector.statistics.idle == 1


async def test_content_is_decoded_when_asked(serve: Serve, connector: TCPConnector) -> None:
    packed = gzip.compress(gzip.compress(b"whimbrel"))
    fields = b"Content-Encoding: gzip\r\ncontent-encoding: gzip\r\n"
    wire = b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (fields, len(packed), packed)
    peer = await serve(plays(wire))
    assert (await peer.fetch(connector, options=ExchangeOptions(decode=True))).body == b"whimbrel"
    assert (await (await serve(plays(wire))).fetch(connector)).body == packed


async def test_an_unknown_coding_is_passed_on_as_it_is(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(plays(b"HTTP/1.1 200 OK\r\nContent-Encoding: utf-8\r\nContent-Length: 4\r\n\r\nwhim"))
    assert (await peer.fetch(connector, options=ExchangeOptions(decode=True))).body == b"whim"


async def test_a_coding_that_cannot_be_undone_spares_the_head(serve: Serve, connector: TCPConnector) -> None:
    codings = b", ".join([b"gzip"] * 9)
    peer = await serve(
        plays(b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: 4\r\n\r\nwhim" % codings)
    )
    exchange = await connector.connect(peer.url, options=ExchangeOptions(decode=True))
    assert (await exchange.send(get())).status == 200
    with pytest.raises(ContentDecodingError):
        await exchange.content.read()


async def test_interim_responses_are_passed_over(serve: Serve, connector: TCPConnector) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 3
    peer = await serve(plays(hints + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwhim"))
    fetched = await peer.fetch(connector)
    assert (fetched.status, fetched.body) == (200, b"whim")


async def test_an_exchange_knows_its_socket(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve()
    exchange = await connector.connect(peer.url)
    assert exchange.get_extra_info("peername") == ("127.0.0.1", peer.port)
    assert exchange.get_extra_info("nothing", 1) == 1
    assert not exchange.reused
    assert not exchange.is_over
    exchange.close()
    await exchange._connection.lost
    assert exchange.get_extra_info("peername") is None


async def test_an_exchange_is_for_one_request(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve()
    exchange = await connector.connect(peer.url)
    await exchange.send(get())
    with pytest.raises(RuntimeError, match="one request"):
        await exchange.send(get())
    closed = await connector.connect(peer.url)
    closed.close()
    closed.close()
    with pytest.raises(ExchangeClosed):
        await closed.send(get())


# Reuse, and what forbids it.


async def test_a_hundred_exchanges_share_one_connection(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve()
    for number in range(100):
        fetched = await peer.fetch(connector, f"/{number}")
        assert (fetched.body, fetched.reused) == (f"/{number}".encode(), number > 0)
    assert peer.accepted == 1


async def test_a_request_that_says_close_closes_though_the_server_would_go_on(
    serve: Serve, connector: TCPConnector
) -> None:
    peer = await serve()
    for option in ("close", "Close, te"):
        exchange = await connector.connect(peer.url)
        await exchange.send(get("/", "GET", ("Connection", option)))
        assert await exchange.content.read() == b"/"
        await peer.until(lambda: not peer.open)
    assert peer.accepted == 2


async def test_bytes_behind_the_end_close_the_connection_but_spare_the_response(
    serve: Serve, connector: TCPConnector
) -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwhim"
    for behind in (whole, b"H", b"\r\n\r\n", b"\0"):
        peer = await serve(plays(whole + behind))
        assert (await peer.fetch(connector)).body == b"whim"
        await peer.until(lambda peer=peer: not peer.open)  # type: ignore[misc]  # bound now
    assert connector.statistics.idle == 0


async def test_a_parser_is_not_believed_after_the_end_of_input(serve: Serve, connector: TCPConnector) -> None:
    class Credulous:
        """Says that any connection can be used again."""

        def __init__(self, *, request_method: str, limits: Limits) -> None:
            self._parser = ResponseParser(request_method=request_method, limits=limits)

        reusable = True

        def feed(self, data: bytes) -> list[Event]:
            return self._parser.feed(data)

        def feed_eof(self) -> list[Event]:
            return self._parser.feed_eof()

    peer = await serve(plays_and_closes(b"HTTP/1.1 200 OK\r\n\r\nwhimbrel"))
    fetched = await peer.fetch(connector, options=ExchangeOptions(parser=Credulous))
    assert fetched.body == b"whimbrel"
    assert connector.statistics.idle == 0


def test_the_seam_of_parsers_fits_our_own() -> None:
    parser = ExchangeOptions().parser(request_method="GET", limits=Limits())
    head = next(iter(parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")))
    assert isinstance(head, ResponseHead)
    assert StreamReader().get_read_buffer_limits()[0] == ExchangeOptions().buffer_bytes


async def test_it_says_with_whom_it_is_and_whether_it_is_over(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector() as connector:
        exchange = await connector.connect(peer.url)
        assert repr(exchange) == f"<Exchange with {peer.url}, open>"
        exchange.close()
        assert repr(exchange) == f"<Exchange with {peer.url}, over>"


@pytest.mark.parametrize("body", ["text", 7, None, iter([b"a"])])
def test_a_body_that_is_none_is_refused_where_the_request_is_made(body: Any) -> None:
    with pytest.raises(TypeError, match=f"a body is bytes, or has .* and is no {type(body).__name__}"):
        Request("POST", "/", [("Host", "shore.example"), ("Content-Length", "4")], body)
