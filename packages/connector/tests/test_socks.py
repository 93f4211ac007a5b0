"""The way through a SOCKS proxy, byte for byte; and what happens when it refuses, breaks off or is silent."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import TYPE_CHECKING

import pytest
from yarl import URL

from whimbrel_connector import (
    AddressNotFound,
    CertificateRejected,
    ConnectTimeout,
    Fingerprint,
    FingerprintMismatch,
    Proxy,
    ProxyFailed,
    SocksRefused,
    StaticResolver,
    TCPConnector,
    Timeouts,
    TlsFailed,
    TlsPolicy,
    UnsupportedProxy,
)

from .conftest import get, politely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .conftest import Authority, Line, Peer, Script, Serve

pytest.importorskip("python_socks")

HELLO, WELCOME = b"\x05\x01\x00", b"\x05\x00"
GRANTED = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
BY_NAME = b"\x05\x01\x00\x03\x0dshore.example\x00\x50"


def by(peer: Peer, scheme: str = "socks5h", credentials: tuple[str, str] | None = None) -> Proxy:
    return Proxy(URL(f"{scheme}://127.0.0.1:{peer.port}"), credentials=credentials)


def saying(*dialogue: tuple[bytes, bytes], then: Script = politely) -> Script:
    """Return a script that hears and answers what stands there, and goes on as `then`."""

    async def script(line: Line) -> None:
        for expected, answer in dialogue:
            assert await line.reader.readexactly(len(expected)) == expected
            line.send(answer)
        await then(line)

    return script


async def until_end(line: Line) -> None:
    assert await line.end() == b""


@pytest.mark.parametrize(
    ("scheme", "host", "credentials", "dialogue"),
    [
        pytest.param("socks5h", "shore.example", None, [(HELLO, WELCOME), (BY_NAME, GRANTED)], id="5h name"),
        pytest.param(
            "socks5h",
            "[2001:db8::1]",
            None,
            [
                (HELLO, WELCOME),
                (
                    b"\x05\x01\x00\x04" + socket.inet_pton(socket.AF_INET6, "2001:db8::1") + b"\0\x50",
                    GRANTED,
                ),
            ],
            id="5h IPv6",
        ),
        pytest.param(
            "socks5",
            "shore.example",
            None,
            [(HELLO, WELCOME), (b"\x05\x01\x00\x01\x0a\x00\x00\x07\x00\x50", GRANTED)],
            id="5 looks up here",
        ),
        pytest.param(
            "socks5h",
            "shore.example",
            ("me", "hush"),
            [
                (b"\x05\x02\x00\x02", b"\x05\x02"),
                (b"\x01\x02me\x04hush", b"\x01\x00"),
                (BY_NAME, b"\x05\x00\x00\x03\x05bound\x00\x50"),
            ],
            id="5h credentials, bound to a name",
        ),
        pytest.param(
            "socks5h",
            "shore.example",
            ("me", "hush"),
            [
                (b"\x05\x02\x00\x02", WELCOME),
                (BY_NAME, b"\x05\x00\x00\x04" + bytes(18)),
            ],
            id="5h credentials not wanted, bound to IPv6",
        ),
        pytest.param(
            "socks4a",
            "shore.example",
            None,
            [(b"\x04\x01\x00\x50\x00\x00\x00\x01\x00shore.example\x00", b"\x00\x5a" + bytes(6))],
            id="4a name",
        ),
        pytest.param(
            "socks4",
            "shore.example",
            ("me", "not sent"),
            [(b"\x04\x01\x00\x50\x0a\x00\x00\x07me\x00", b"\x00\x5a" + bytes(6))],
            id="4 looks up here",
        ),
    ],
)
async def test_each_version_is_spoken_and_the_scheme_says_who_looks_the_name_up(
    serve: Serve,
    scheme: str,
    host: str,
    credentials: tuple[str, str] | None,
    dialogue: Sequence[tuple[bytes, bytes]],
) -> None:
    peer = await serve(saying(*dialogue))
    looks_up_here = scheme in ("socks4", "socks5")
    resolver = StaticResolver({"shore.example": ["10.0.0.7"]} if looks_up_here else {})
    async with TCPConnector(resolver=resolver) as connector:
        for target, reused in (("/one", False), ("/two", True)):
            exchange = await connector.connect(f"http://{host}", proxy=by(peer, scheme, credentials))
            await exchange.send(get(target))
            assert (await exchange.content.read(), exchange.reused) == (target.encode(), reused)


async def test_connections_are_told_apart_by_proxy_scheme_and_credentials(serve: Serve) -> None:
    """R-13."""

    async def script(line: Line) -> None:
        methods = await line.reader.readexactly((await line.reader.readexactly(2))[1])
        if 2 in methods:
            line.send(b"\x05\x02")
            await line.reader.readexactly(5)
            line.send(b"\x01\x00")
        else:
            line.send(WELCOME)
        await line.reader.readexactly(10)
        line.send(GRANTED)
        await politely(line)

    one, two = await serve(script), await serve(script)
    proxies = [
        by(one),
        by(two),
        by(one, "socks5"),
        by(one, credentials=("a", "b")),
        by(one, credentials=("a", "c")),
    ]
    async with TCPConnector() as connector:
        for number, proxy in enumerate([*proxies, *proxies]):
            exchange = await connector.connect("http://10.0.0.7", proxy=proxy)
            await exchange.send(get())
            await exchange.content.read()
            assert exchange.reused == (number >= len(proxies))


# Refusals.


@pytest.mark.parametrize(
    ("scheme", "dialogue", "reply", "words"),
    [
        (
            "socks5h",
            [(HELLO, WELCOME), (BY_NAME, b"\x05\x02\x00\x01" + bytes(6))],
            2,
            "not allowed by ruleset",
        ),
        ("socks5h", [(HELLO, WELCOME), (BY_NAME, b"\x05\x05\x00\x01" + bytes(6))], 5, "refused"),
        (
            "socks4a",
            [(b"\x04\x01\x00\x50\x00\x00\x00\x01\x00shore.example\x00", b"\x00\x5b" + bytes(6))],
            91,
            "rejected or failed",
        ),
    ],
)
async def test_a_refusal_names_proxy_origin_and_reason(
    serve: Serve,
    connector: TCPConnector,
    scheme: str,
    dialogue: Sequence[tuple[bytes, bytes]],
    reply: int,
    words: str,
) -> None:
    peer = await serve(saying(*dialogue, then=until_end))
    with pytest.raises(SocksRefused, match=words) as caught:
        await connector.connect("http://shore.example", proxy=by(peer, scheme))
    refusal = caught.value
    assert (refusal.host, refusal.port) == ("127.0.0.1", peer.port)
    assert (refusal.origin, refusal.reply) == ("shore.example:80", reply)
    assert f"127.0.0.1:{peer.port} does not connect to shore.example:80" in str(refusal)
    assert connector.statistics.open == 0
    await peer.until(lambda: not peer.open)


@pytest.mark.parametrize(
    ("credentials", "dialogue", "words"),
    [
        (
            ("me", "hush"),
            [(b"\x05\x02\x00\x02", b"\x05\x02"), (b"\x01\x02me\x04hush", b"\x01\x01")],
            "authentication",
        ),
        (None, [(HELLO, b"\x05\xff")], "authentication"),
        (None, [(HELLO, b"HTTP/1.1 400 Bad Request\r\n\r\n")], "version"),
        (None, [(HELLO, WELCOME), (BY_NAME, b"\x05\x77\x00\x01")], "code"),
    ],
    ids=["wrong password", "wants credentials", "no SOCKS", "no such code"],
)
async def test_what_goes_wrong_with_the_proxy_is_its_failure(
    serve: Serve,
    connector: TCPConnector,
    credentials: tuple[str, str] | None,
    dialogue: Sequence[tuple[bytes, bytes]],
    words: str,
) -> None:
    async def leave(line: Line) -> None:
        await line.end()

    peer = await serve(saying(*dialogue, then=leave))
    with pytest.raises(ProxyFailed, match=words) as caught:
        await connector.connect("http://shore.example", proxy=by(peer, credentials=credentials))
    assert f"127.0.0.1:{peer.port}" in str(caught.value)
    assert "hush" not in str(caught.value)
    assert connector.statistics.open == 0
    await peer.until(lambda: not peer.open)


@pytest.mark.parametrize("said", [0, 1])
@pytest.mark.parametrize("resets", [False, True])
async def test_a_proxy_that_breaks_off_is_named(
    serve: Serve, connector: TCPConnector, said: int, resets: bool
) -> None:
    async def leave(line: Line) -> None:
        await line.reader.read(100)
        if resets:
            line.reset()

    peer = await serve(saying(*[(HELLO, WELCOME)][:said], then=leave))
    with pytest.raises(ProxyFailed, match=f"127.0.0.1:{peer.port}"):
        await connector.connect("http://shore.example", proxy=by(peer))
    assert connector.statistics.open == 0


async def test_a_proxy_that_is_not_there_is_named(connector: TCPConnector, refused_port: int) -> None:
    port = refused_port
    with pytest.raises(ProxyFailed, match=f"127.0.0.1:{port}") as caught:
        await connector.connect("http://shore.example", proxy=Proxy(URL(f"socks5h://127.0.0.1:{port}")))
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


@pytest.mark.parametrize("said", [0, 1])
async def test_silence_meets_the_limit_and_leaves_nothing(
    serve: Serve, connector: TCPConnector, said: int
) -> None:
    async def silent(line: Line) -> None:
        await line.end()

    peer = await serve(saying(*[(HELLO, WELCOME)][:said], then=silent))
    with pytest.raises(ConnectTimeout):
        await connector.connect("http://shore.example", proxy=by(peer), timeouts=Timeouts(connect=0.05))
    assert connector.statistics.open == 0
    await peer.until(lambda: not peer.open)


@pytest.mark.parametrize("said", [0, 1])
async def test_cancelling_leaves_no_connection(serve: Serve, connector: TCPConnector, said: int) -> None:
    arrived = asyncio.Event()

    async def silent(line: Line) -> None:
        await line.reader.readexactly(3)
        arrived.set()
        await line.end()

    peer = await serve(saying(*[(HELLO, WELCOME)][:said], then=silent))
    task = asyncio.ensure_future(connector.connect("http://shore.example", proxy=by(peer)))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert connector.statistics.open == 0
    await peer.until(lambda: not peer.open)


# Names and addresses.


async def test_addresses_found_here_are_tried_one_after_another(serve: Serve) -> None:
    def asking_for(address: str) -> bytes:
        return b"\x05\x01\x00\x01" + socket.inet_aton(address) + b"\x00\x50"

    asked = iter(["10.0.0.1", "10.0.0.2", "10.0.0.3"])

    async def script(line: Line) -> None:
        address = next(asked)
        reply = b"\x05\x04\x00\x01" + bytes(6) if address != "10.0.0.3" else GRANTED
        await saying((HELLO, WELCOME), (asking_for(address), reply))(line)

    peer = await serve(script)
    table = {"shore.example": ["10.0.0.1", "10.0.0.2", "10.0.0.3"]}
    async with TCPConnector(resolver=StaticResolver(table)) as connector:
        exchange = await connector.connect("http://shore.example", proxy=by(peer, "socks5"))
        await exchange.send(get("/there"))
        assert await exchange.content.read() == b"/there"
    assert peer.accepted == 3


async def test_a_ruleset_is_not_asked_twice(serve: Serve) -> None:
    async def script(line: Line) -> None:
        await saying((HELLO, WELCOME), (b"\x05\x01\x00\x01\x0a\x00\x00\x01\x00\x50", b"\x05\x02\x00\x01"))(
            line
        )

    peer = await serve(script)
    table = {"shore.example": ["10.0.0.1", "10.0.0.2"]}
    async with TCPConnector(resolver=StaticResolver(table)) as connector:
        with pytest.raises(SocksRefused, match=r"10\.0\.0\.1:80"):
            await connector.connect("http://shore.example", proxy=by(peer, "socks5"))
    assert peer.accepted == 1


@pytest.mark.parametrize(
    ("scheme", "host"),
    [
        ("socks4", "[2001:db8::1]"),
        ("socks4a", "[2001:db8::1]"),
        ("socks5h", "[fe80::1%251]"),
        ("socks5h", "0x7f.1"),
        ("socks5h", "a..example"),
        ("socks5h", ".".join(["label"] * 50)),
        ("socks4a", "x" * 64 + ".example"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused_before_anything_is_opened(
    serve: Serve, connector: TCPConnector, scheme: str, host: str
) -> None:
    """A name too long must not become another one (RFC 1928 section 5: its length is one byte)."""
    peer = await serve()
    with pytest.raises(AddressNotFound):
        await connector.connect(
            URL.build(scheme="http", authority=host, encoded=True), proxy=by(peer, scheme)
        )
    assert peer.accepted == 0


# TLS with the origin.


def relaying(origin: Peer) -> Script:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
        finally:
            writer.close()

    async def relay(line: Line) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", origin.port)
        await asyncio.gather(pump(line.reader, writer), pump(reader, line.writer), return_exceptions=True)

    return saying((HELLO, WELCOME), (BY_NAME[:-2] + b"\x01\xbb", GRANTED), then=relay)


async def test_tls_is_agreed_on_with_the_origin_under_its_policy(serve: Serve, authority: Authority) -> None:
    origin = await serve(context=authority.server("shore.example"))
    peer = await serve(relaying(origin))
    policy = TlsPolicy(context=authority.client())
    async with TCPConnector() as connector:
        for target, reused in (("/one", False), ("/two", True)):
            exchange = await connector.connect("https://shore.example", proxy=by(peer), tls=policy)
            await exchange.send(get(target))
            assert (await exchange.content.read(), exchange.reused) == (target.encode(), reused)
        with pytest.raises(CertificateRejected) as rejected:
            await connector.connect("https://shore.example", proxy=by(peer))
        assert (rejected.value.host, rejected.value.port) == ("shore.example", 443)
        pinned = TlsPolicy(verify=False, fingerprint=Fingerprint(bytes(32)))
        with pytest.raises(FingerprintMismatch, match=r"shore\.example:443"):
            await connector.connect("https://shore.example", proxy=by(peer), tls=pinned)
        assert connector.statistics.open == connector.statistics.idle == 1
    await peer.until(lambda: not peer.open)


async def test_an_origin_that_leaves_in_the_handshake_fails_it(serve: Serve, connector: TCPConnector) -> None:
    async def leave(line: Line) -> None:
        await line.reader.read(1)

    peer = await serve(saying((HELLO, WELCOME), (BY_NAME[:-2] + b"\x01\xbb", GRANTED), then=leave))
    with pytest.raises(TlsFailed, match=r"shore\.example:443"):
        await connector.connect("https://shore.example", proxy=by(peer))


async def test_where_python_socks_is_absent_the_error_names_the_extra(
    serve: Serve, connector: TCPConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = await serve()
    monkeypatch.delitem(sys.modules, "whimbrel_connector._socks", raising=False)
    monkeypatch.setitem(sys.modules, "python_socks", None)
    with pytest.raises(UnsupportedProxy, match=r"pip install 'whimbrel-connector\[socks\]'"):
        await connector.connect("http://shore.example", proxy=by(peer))
    assert peer.accepted == 0
