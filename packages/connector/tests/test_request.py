"""A request that is sent more than once: as it is, where it has no body, or with a body of its own each time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import Request, TCPConnector
from whimbrel_http1 import LocalError

from .conftest import get, politely

if TYPE_CHECKING:
    from .conftest import Line, Serve

HOST = ("Host", "shore.example")


def put(*headers: tuple[str, str], body: bytes = b"egg") -> Request:
    return Request("PUT", "/nest", [HOST, *headers], body, expects_continue=True, offers_upgrade=True)


def test_another_body_has_the_same_framing() -> None:
    request = put(("Content-Length", "3"))
    other = request.with_body(b"nut")
    assert (other.method, other.body, other.encoder) == ("PUT", b"nut", request.encoder)
    assert (other.expects_continue, other.offers_upgrade) == (True, True)
    assert request.body == b"egg"


def test_a_body_of_another_length_is_framed_anew() -> None:
    request = put(("Content-Length", "3"))
    request.encoder.data(b"egg")
    first, second = request.resized(b"eggs", 4), request.with_body(b"").resized(b"", 0)
    assert (first.body, second.body) == (b"eggs", b"")
    assert first.encoder.head == b"PUT /nest HTTP/1.1\r\nHost: shore.example\r\nContent-Length: 4\r\n\r\n"
    assert first.encoder.data(b"eggs") + first.encoder.end() == b"eggs"
    assert second.encoder.done
    assert (first.method, first.expects_continue, first.offers_upgrade) == ("PUT", True, True)


def test_a_body_that_comes_in_chunks_has_no_length_to_change() -> None:
    with pytest.raises(LocalError):
        put(("Transfer-Encoding", "chunked")).resized(b"eggs", 4)


async def test_without_a_body_it_is_sent_any_number_of_times(serve: Serve) -> None:
    peer = await serve(politely)
    request = get("/nest")

    async def fetch(connector: TCPConnector) -> bytes:
        exchange = await connector.connect(peer.url, request=request)
        await exchange.send(request)
        return await exchange.content.read()

    async with TCPConnector(limit=3) as connector:
        assert await asyncio.gather(*(fetch(connector) for _ in range(20))) == [b"/nest"] * 20


@pytest.mark.parametrize(
    ("framing", "body", "fault"),
    [
        (("Content-Length", "3"), b"egg", LocalError),
        (("Transfer-Encoding", "chunked"), b"egg", RuntimeError),
        (("Transfer-Encoding", "chunked"), b"", RuntimeError),
    ],
)
async def test_with_a_body_it_is_sent_once(
    serve: Serve, framing: tuple[str, str], body: bytes, fault: type[Exception]
) -> None:
    heads: list[bytes] = []

    async def script(line: Line) -> None:
        while head := await line.head():
            heads.append(head)
            if head.startswith(b"PUT"):
                await line.reader.readuntil(b"0\r\n\r\n" if b"chunked" in head else body)
            line.answer()

    peer = await serve(script)
    request = Request("PUT", "/nest", [HOST, framing], body)
    async with TCPConnector(limit=1) as connector:
        first = await connector.connect(peer.url)
        await first.send(request)
        await first.content.read()
        second = await connector.connect(peer.url)
        with pytest.raises(fault):
            await second.send(request)
        third = await connector.connect(peer.url)
        await third.send(get("/after"))
        await third.content.read()
    assert [head.split(b" ", 2)[1] for head in heads] == [b"/nest", b"/after"]
