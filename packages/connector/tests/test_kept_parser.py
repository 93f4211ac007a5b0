"""The parser of a connection goes from exchange to exchange, where it can."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from whimbrel_connector import ExchangeOptions, Request, TCPConnector
from whimbrel_http1 import Event, Limits, ResponseParser

if TYPE_CHECKING:
    from .conftest import Line, Serve

HOST = ("Host", "shore.example")


class OfOneResponse:
    """Has all that a parser must have."""

    def __init__(self, method: str, limits: Limits) -> None:
        self._parser = ResponseParser(request_method=method, limits=limits)

    @property
    def reusable(self) -> bool:
        return self._parser.reusable

    def feed(self, data: bytes) -> list[Event]:
        return self._parser.feed(data)

    def feed_eof(self) -> list[Event]:
        return self._parser.feed_eof()


async def heads_and_bodies(line: Line) -> None:
    """Answer HEAD with the head of what GET is answered with, in turns with a Content-Length and in chunks."""
    framings = [
        b"Content-Length: 5\r\n\r\nshore",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nshore\r\n0\r\n\r\n",
    ]
    count = 0
    while request := await line.request():
        head, empty, body = framings[count // 2 % 2].partition(b"\r\n\r\n")
        line.send(b"HTTP/1.1 200 OK\r\n" + head + empty + (b"" if request.startswith(b"HEAD") else body))
        count += 1


async def bodies(connector: TCPConnector, url: str, options: ExchangeOptions, *methods: str) -> list[bytes]:
    found = []
    for method in methods:
        exchange = await connector.connect(url, options=options)
        await exchange.send(Request(method, "/", [HOST]))
        found.append(await exchange.content.read())
    return found


async def test_each_answer_is_framed_by_its_own_request(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve(heads_and_bodies)
    methods = ["HEAD", "GET", "GET", "HEAD", "HEAD", "GET", "HEAD", "HEAD", "GET"]
    found = await bodies(connector, peer.url, ExchangeOptions(), *methods)
    assert found == [b"" if method == "HEAD" else b"shore" for method in methods]
    assert peer.accepted == 1


async def test_a_parser_that_can_go_on_is_asked_to(serve: Serve, connector: TCPConnector) -> None:
    made: list[ResponseParser] = []

    def counting(*, request_method: str, limits: Limits) -> ResponseParser:
        made.append(ResponseParser(request_method=request_method, limits=limits))
        return made[-1]

    peer = await serve(heads_and_bodies)
    options = ExchangeOptions(parser=counting)
    await bodies(connector, peer.url, options, "GET", "HEAD", "GET")
    assert len(made) == 1
    await bodies(connector, peer.url, replace(options, limits=Limits(fields=3)), "GET")
    assert len(made) == 2
    assert peer.accepted == 1


async def test_a_parser_of_one_response_is_made_for_each(serve: Serve, connector: TCPConnector) -> None:
    made: list[str] = []

    def counting(*, request_method: str, limits: Limits) -> OfOneResponse:
        made.append(request_method)
        return OfOneResponse(request_method, limits)

    peer = await serve(heads_and_bodies)
    found = await bodies(connector, peer.url, ExchangeOptions(parser=counting), "GET", "HEAD", "GET")
    assert (found, made) == ([b"shore", b"", b"shore"], ["GET", "HEAD", "GET"])
    assert peer.accepted == 1
