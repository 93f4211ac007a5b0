"""Tunnels: what a proxy may answer, when it may leave, and what is left behind."""

from __future__ import annotations

import asyncio
import ssl
import sys
from typing import TYPE_CHECKING

import pytest
from yarl import URL

from whimbrel_connector import (
    CertificateRejected,
    ConnectTimeout,
    Fingerprint,
    FingerprintMismatch,
    Proxy,
    ProxyFailed,
    ProxyRefused,
    Request,
    TCPConnector,
    Timeouts,
    TlsFailed,
    TlsPolicy,
    UnixConnector,
    UnsupportedProxy,
)

from .conftest import get, response

if TYPE_CHECKING:
    from .conftest import Authority, Line, Peer, Serve

ORIGIN = "wss://shore.example"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


def by(peer: Peer, policy: TlsPolicy | None = None) -> Proxy:
    return Proxy(URL(peer.url), tls=TlsPolicy() if policy is None else policy)


def saying(*pieces: bytes) -> object:
    async def script(line: Line) -> None:
        await line.head()
        for piece in pieces:
            line.send(piece)
            await asyncio.sleep(0)
        if line.writer.can_write_eof():
            line.writer.write_eof()
        await line.end()

    return script


async def test_what_is_plain_text_passes_a_tunnel_untouched(serve: Serve, connector: TCPConnector) -> None:
    heads: list[bytes] = []

    async def script(line: Line) -> None:
        heads.append(await line.head())
        line.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" + ESTABLISHED)
        while request := await line.request():
            heads.append(request)
            line.answer()

    proxy = by(await serve(script))
    for reused in (False, True):
        exchange = await connector.connect("ws://shore.example", proxy=proxy)
        assert (await exchange.send(get("/x"))).status == 200
        assert (await exchange.content.read(), exchange.reused) == (b"shore", reused)
    assert heads[0] == b"CONNECT shore.example:80 HTTP/1.1\r\nHost: shore.example:80\r\n\r\n"
    assert heads[1:] == [b"GET /x HTTP/1.1\r\nHost: shore.example\r\n\r\n"] * 2


async def test_a_forwarding_proxy_is_an_ordinary_connection(serve: Serve, connector: TCPConnector) -> None:
    peer = await serve()
    for url, reused in (("http://a.example", False), ("http://b.example", True)):
        exchange = await connector.connect(url, proxy=by(peer))
        await exchange.send(Request("GET", url, [("Host", "a.example")]))
        assert (await exchange.content.read(), exchange.reused) == (url.encode(), reused)


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (response(b"no", status="403 Forbidden"), 403, b"no"),
        (b"HTTP/1.0 502 Bad Gateway\r\n\r\nuntil the end", 502, b"until the end"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\ncut", 503, b"cut"),
        (response(b"x" * 9000, status="403 Forbidden"), 403, b"x" * 4096),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 101, b""),
        (b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n", 302, b""),
        (b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\nbroken", 403, b"no"),
    ],
)
async def test_a_refusal_is_told_with_status_and_a_piece_of_the_body(
    serve: Serve, connector: TCPConnector, answer: bytes, status: int, body: bytes
) -> None:
    peer = await serve(saying(answer))
    with pytest.raises(ProxyRefused, match=f"127.0.0.1:{peer.port} refused the tunnel: {status}") as caught:
        await connector.connect(ORIGIN, proxy=by(peer))
    assert (caught.value.status, caught.value.body) == (status, body)
    assert (caught.value.host, caught.value.port) == ("127.0.0.1", peer.port)
    assert connector.statistics.open == 0
    await peer.until(lambda: not peer.open)


async def test_a_refusal_whose_body_never_ends_is_told_all_the_same(
    serve: Serve, connector: TCPConnector
) -> None:
    async def script(line: Line) -> None:
        await line.head()
        line.send(b"HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\nContent-Length: 99\r\n\r\nslow")
        await line.end()

    with pytest.raises(ProxyRefused) as caught:
        await connector.connect(ORIGIN, proxy=by(await serve(script)))
    assert caught.value.body == b"slow"
    assert (b"Proxy-Authenticate", b"Basic") in caught.value.headers


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ((), "closed the connection after 0 bytes"),
        ((b"HTTP/1.1 200 O",), "closed the connection after 14 bytes"),
        ((b"HTTP/1.1 200 OK\r\nA: b\r\n",), "closed the connection after 23 bytes"),
        ((b"HTTP/1.1 100 Continue\r\n\r\n",), "closed the connection"),
        ((b"SSH-2.0-OpenSSH_9.2\r\n\r\n",), "its answer is no HTTP"),
        ((ESTABLISHED + b"early",), "sent bytes into the tunnel"),
    ],
)
async def test_a_proxy_that_breaks_off_is_named(
    serve: Serve, connector: TCPConnector, pieces: tuple[bytes, ...], words: str
) -> None:
    peer = await serve(saying(*pieces))
    with pytest.raises(ProxyFailed, match=words) as caught:
        await connector.connect(ORIGIN, proxy=by(peer))
    assert (caught.value.host, caught.value.port, caught.value.is_tls) == ("127.0.0.1", peer.port, False)
    assert str(caught.value).startswith(f"cannot go through the proxy 127.0.0.1:{peer.port}: ")
    assert connector.statistics.open == 0
    await peer.until(lambda: not peer.open)


@pytest.mark.parametrize("pieces", [(ESTABLISHED,), (ESTABLISHED, b"no TLS\r\n\r\n")])
async def test_a_tunnel_that_ends_in_the_handshake_is_the_origins_failure(
    serve: Serve, connector: TCPConnector, pieces: tuple[bytes, ...]
) -> None:
    peer = await serve(saying(*pieces))
    with pytest.raises((TlsFailed, ProxyFailed)):
        await connector.connect(ORIGIN, proxy=by(peer))
    assert connector.statistics.open == 0
    await peer.until(lambda: not peer.open)


async def test_a_proxy_that_resets_is_named(serve: Serve, connector: TCPConnector) -> None:
    async def script(line: Line) -> None:
        await line.head()
        line.reset()

    with pytest.raises(ProxyFailed):
        await connector.connect(ORIGIN, proxy=by(await serve(script)))


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n", ESTABLISHED])
async def test_silence_at_any_stage_meets_the_limit(
    serve: Serve, connector: TCPConnector, answer: bytes
) -> None:
    async def script(line: Line) -> None:
        await line.head()
        line.send(answer)
        await line.end()

    peer = await serve(script)
    with pytest.raises(ConnectTimeout):
        await connector.connect(ORIGIN, proxy=by(peer), timeouts=Timeouts(connect=0.05))
    assert connector.statistics.open == 0
    await peer.until(lambda: not peer.open)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n", ESTABLISHED])
async def test_cancelling_leaves_no_connection(serve: Serve, connector: TCPConnector, answer: bytes) -> None:
    arrived = asyncio.Event()

    async def script(line: Line) -> None:
        await line.head()
        line.send(answer)
        arrived.set()
        await line.end()

    peer = await serve(script)
    task = asyncio.ensure_future(connector.connect(ORIGIN, proxy=by(peer)))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert connector.statistics.open == 0
    await peer.until(lambda: not peer.open)


def skip_without_tls_in_tls() -> None:
    if sys.version_info < (3, 11) and isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop):
        pytest.skip("asyncio has no TLS within TLS here")


def relaying(origin: Peer) -> object:
    """Return a script that makes every tunnel end at `origin`."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
        finally:
            writer.close()

    async def script(line: Line) -> None:
        await line.head()
        reader, writer = await asyncio.open_connection("127.0.0.1", origin.port)
        line.send(ESTABLISHED)
        await asyncio.gather(pump(line.reader, writer), pump(reader, line.writer), return_exceptions=True)

    return script


@pytest.mark.parametrize("is_tls", [False, True], ids=["plain proxy", "https proxy"])
async def test_origin_and_proxy_satisfy_each_its_own_policy(
    serve: Serve, authority: Authority, is_tls: bool
) -> None:
    if is_tls:
        skip_without_tls_in_tls()
    origin = await serve(context=authority.server("shore.example"))
    peer = await serve(relaying(origin), context=authority.server("127.0.0.1") if is_tls else None)
    policy = TlsPolicy(context=authority.client())
    proxy = by(peer, policy)
    async with TCPConnector() as connector:
        for target, reused in (("/one", False), ("/two", True)):
            exchange = await connector.connect("https://shore.example", proxy=proxy, tls=policy)
            await exchange.send(get(target))
            assert (await exchange.content.read(), exchange.reused) == (target.encode(), reused)
        with pytest.raises(CertificateRejected) as rejected:
            await connector.connect("https://shore.example", proxy=proxy)
        assert (rejected.value.host, rejected.value.port) == ("shore.example", 443)
        with pytest.raises(CertificateRejected):
            await connector.connect("https://sea.example", proxy=proxy, tls=policy)
        pinned = TlsPolicy(verify=False, fingerprint=Fingerprint(bytes(32)))
        with pytest.raises(FingerprintMismatch, match=r"shore\.example:443"):
            await connector.connect("https://shore.example", proxy=proxy, tls=pinned)
        if is_tls:
            with pytest.raises(ProxyFailed) as failed:
                await connector.connect("https://shore.example", proxy=by(peer), tls=policy)
            assert isinstance(failed.value.__cause__, ssl.SSLError)
            assert failed.value.is_tls
            with pytest.raises(FingerprintMismatch, match=f"127.0.0.1:{peer.port}"):
                await connector.connect("https://shore.example", proxy=by(peer, pinned), tls=policy)
        assert connector.statistics.open == connector.statistics.idle == 1
    await peer.until(lambda: not peer.open)


@pytest.mark.skipif(sys.version_info >= (3, 11), reason="asyncio has TLS within TLS here")
async def test_where_tls_within_tls_is_missing_the_error_says_so(serve: Serve, authority: Authority) -> None:
    if not isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop):
        pytest.skip("this loop has it")
    peer = await serve(saying(ESTABLISHED), context=authority.server("127.0.0.1"))
    async with TCPConnector() as connector:
        with pytest.raises(UnsupportedProxy, match=r"needs Python 3\.11, uvloop or aiofastnet"):
            await connector.connect(ORIGIN, proxy=by(peer, TlsPolicy(context=authority.client())))
        assert connector.statistics.open == 0


async def test_an_origin_that_answers_in_plain_text_fails_its_handshake(
    serve: Serve, authority: Authority, connector: TCPConnector
) -> None:
    skip_without_tls_in_tls()

    async def script(line: Line) -> None:
        line.send(b"220 ready\r\n")
        await line.end()

    peer = await serve(relaying(await serve(script)), context=authority.server("127.0.0.1"))
    with pytest.raises((TlsFailed, ProxyFailed)):
        await connector.connect(
            "https://shore.example", proxy=by(peer, TlsPolicy(context=authority.client()))
        )


async def test_a_unix_socket_is_reached_without_a_proxy() -> None:
    async with UnixConnector("/nowhere") as connector:
        with pytest.raises(UnsupportedProxy, match="UNIX socket"):
            await connector.connect("http://shore.example", proxy=Proxy(URL("http://proxy.example")))
