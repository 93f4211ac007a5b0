"""What every connector does: one loop, one pool, one end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import (
    BodyWriter,
    ConnectorClosed,
    ExchangeClosed,
    PoolStatistics,
    Request,
    TCPConnector,
    TlsPolicy,
    UnixConnector,
)

if TYPE_CHECKING:
    from .conftest import Authority, Line, Serve


def get() -> Request:
    return Request("GET", "/", [("Host", "shore.example")])


def test_it_is_made_without_a_loop() -> None:
    connector = TCPConnector(limit=5, limit_per_host=2)
    assert (connector.limit, connector.limit_per_host, connector.force_close) == (5, 2, False)
    assert connector.statistics == PoolStatistics(open=0, idle=0, waiting=0)
    connector.close()
    assert connector.closed
    assert TCPConnector(limit=None).limit == 0


def test_options_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="force_close"):
        TCPConnector(force_close=True, keepalive_timeout=3)


async def test_a_closed_connector_connects_no_more() -> None:
    connector = TCPConnector()
    await connector.close()
    await connector.close()
    with pytest.raises(ConnectorClosed):
        await connector.connect("http://127.0.0.1:1")


@pytest.mark.parametrize("url", ["/path", "ftp2://shore.example/", "http:///path"])
async def test_a_url_without_host_or_port_is_refused(connector: TCPConnector, url: str) -> None:
    with pytest.raises(ValueError):
        await connector.connect(url)


@pytest.mark.parametrize("scheme", ["ftp", "socks5", "file", "unix", "gopher9"])
async def test_a_scheme_of_somebody_else_s_is_refused_by_name(connector: TCPConnector, scheme: str) -> None:
    for url in (f"{scheme}://shore.example", f"{scheme}://shore.example:80"):
        with pytest.raises(ValueError, match=f"TCPConnector connects for http, .* not for '{scheme}'"):
            await connector.connect(url)


async def test_the_second_loop_is_told(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve()
    await peer.fetch(connector)

    async def elsewhere() -> None:
        with pytest.raises(RuntimeError, match=r"another event loop .* made at .*conftest\.py:\d+$"):
            await connector.connect(peer.url)

    await asyncio.get_running_loop().run_in_executor(None, asyncio.run, elsewhere())


def test_closing_after_the_loop_was_closed_does_no_harm() -> None:
    async def use() -> None:
        with pytest.raises(OSError):
            await connector.connect("http://127.0.0.1:1")

    connector = TCPConnector()
    asyncio.run(use())
    connector.close()
    assert connector.closed
    asyncio.run(_await_close(connector))


async def _await_close(connector: TCPConnector) -> None:
    await connector.close()


async def test_closing_ends_what_is_under_way(serve: Serve) -> None:
    async def slow(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\n\r\nwhim")
        await line.end()

    peer = await serve(slow)
    connector = TCPConnector()
    reading = await connector.connect(peer.url)
    await reading.send(get())
    waiting = await connector.connect(peer.url)
    answer = asyncio.ensure_future(waiting.send(get()))
    body = asyncio.ensure_future(reading.content.read())
    await asyncio.sleep(0)
    await connector.close()
    with pytest.raises(ExchangeClosed):  # and not an end: nobody has said that the body is complete
        await body
    with pytest.raises(ExchangeClosed):
        await answer
    assert connector.statistics.open == 0


async def test_closing_waits_for_uploads_to_end(serve: Serve) -> None:
    class Careful:
        ended = False

        async def write(self, writer: BodyWriter) -> None:
            try:
                await writer.write(b"whim")
                begun.set()
                await asyncio.get_running_loop().create_future()
            finally:
                for _ in range(20):
                    await asyncio.sleep(0)
                self.ended = True

    async def listening(line: Line) -> None:
        await line.end()

    begun = asyncio.Event()
    peer = await serve(listening)
    body = Careful()
    async with TCPConnector() as connector:
        exchange = await connector.connect(peer.url)
        headers = [("Host", "shore.example"), ("Transfer-Encoding", "chunked")]
        sending = asyncio.ensure_future(exchange.send(Request("POST", "/", headers, body)))
        await begun.wait()
        sending.cancel()
        await asyncio.wait([sending])
        assert not body.ended
    assert body.ended


async def test_closing_is_bounded_when_the_peer_does_not_read(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(line: Line) -> None:
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport can
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr("whimbrel_connector._connection.CLOSING_SECONDS", 0.05)
    peer = await serve(deaf)
    connector = TCPConnector()
    exchange = await connector.connect(peer.url)
    headers = [("Host", "shore.example"), ("Content-Length", str(64 << 20))]
    sending = asyncio.ensure_future(exchange.send(Request("POST", "/", headers, bytes(64 << 20))))
    await asyncio.sleep(0)
    await connector.close()
    assert connector.statistics.open == 0
    with pytest.raises(ExchangeClosed):
        await sending


async def test_what_a_failed_exchange_has_not_sent_does_not_hold_its_place(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(line: Line) -> None:
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport can
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr("whimbrel_connector._connection.CLOSING_SECONDS", 3600)
    peer = await serve(deaf)
    async with TCPConnector() as connector:
        exchange = await connector.connect(peer.url)
        headers = [("Host", "shore.example"), ("Content-Length", str(64 << 20))]
        sending = asyncio.ensure_future(exchange.send(Request("POST", "/", headers, bytes(64 << 20))))
        await asyncio.sleep(0)
        lost = exchange._connection.lost
        sending.cancel()
        await lost
        assert connector.statistics.open == 0


async def test_closing_is_bounded_when_the_peer_says_no_goodbye(
    serve: Serve, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(line: Line) -> None:
        await line.request()
        line.answer()
        await line.writer.drain()
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport can
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr("whimbrel_connector._connection.CLOSING_SECONDS", 0.05)
    peer = await serve(deaf, context=authority.server("127.0.0.1"))
    connector = TCPConnector(ssl=authority.client())
    assert (await peer.fetch(connector)).body == b"shore"
    await connector.close()
    assert connector.statistics.open == 0


@pytest.mark.filterwarnings("ignore::whimbrel_connector.UnverifiedTlsWarning")
async def test_the_policy_of_a_request_makes_another_connection(serve: Serve, authority: Authority) -> None:
    peer = await serve(context=authority.server("127.0.0.1", "shore.example"))
    policies = [
        TlsPolicy(context=authority.client()),
        TlsPolicy(context=authority.client()),
        TlsPolicy(context=authority.client(), server_hostname="shore.example"),
        TlsPolicy(verify=False),
    ]
    policies.append(TlsPolicy(context=policies[0].context, server_hostname="shore.example"))
    async with TCPConnector() as connector:
        for policy in policies:
            assert not (await peer.fetch(connector, tls=policy)).reused
        for policy in policies:
            assert (await peer.fetch(connector, tls=policy)).reused
    assert peer.accepted == len(policies)


SCRIPT = """
import asyncio, sys, warnings
from whimbrel_connector import TCPConnector, Request

async def serve(reader, writer):
    try:
        while await reader.readuntil(b"\\r\\n\\r\\n"):
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
    except asyncio.IncompleteReadError:
        pass
    writer.close()
    await writer.wait_closed()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with TCPConnector() as connector:
        exchanges = [await connector.connect(f"http://127.0.0.1:{port}") for _ in range(3)]
        for exchange in exchanges:
            await exchange.send(Request("GET", "/", [("Host", "x")]))
            print(await exchange.content.read())
    server.close()

loop = asyncio.new_event_loop()
loop.run_until_complete(main())
loop.close()
"""


def test_the_loop_can_be_closed_at_once_and_nothing_warns() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", SCRIPT],
        capture_output=True,
        check=False,
        timeout=100,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.splitlines() == [b"b'ok'"] * 3


def test_a_unix_connector_has_the_same_face() -> None:
    connector = UnixConnector("/tmp/nowhere.sock", limit=3)
    assert (connector.path, connector.limit) == ("/tmp/nowhere.sock", 3)


async def test_the_earlier_spelling_of_async_with_closes_too() -> None:
    with pytest.warns(DeprecationWarning, match="async with"):
        opened = TCPConnector().__enter__()
    opened.__exit__(None, None, None)
    assert opened.closed


async def test_none_means_for_ever_and_goes_with_force_close() -> None:
    async with TCPConnector(keepalive_timeout=None, force_close=True) as connector:
        assert connector.force_close
