"""TLS sessions: resumed where everything is as it was, and nowhere else."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from yarl import URL

from whimbrel_connector import (
    ClientCertificate,
    Fingerprint,
    FingerprintMismatch,
    Proxy,
    Route,
    TCPConnector,
    TlsPolicy,
)
from whimbrel_connector._resumption import TlsSessions

from .conftest import politely

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .conftest import Authority, Line, Peer, Serve

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
trustme = pytest.importorskip("trustme")


class Watched:
    """A server that remembers which of its connections resumed a session."""

    def __init__(self, peer: Peer, resumed: list[bool]) -> None:
        self.peer = peer
        self.resumed = resumed

    async def fetch(self, connector: TCPConnector, **options: Any) -> None:
        assert (await self.peer.fetch(connector, **options)).status == 200


async def watched(serve: Serve, context: ssl.SSLContext) -> Watched:
    resumed: list[bool] = []

    async def script(line: Line) -> None:
        resumed.append(line.writer.get_extra_info("ssl_object").session_reused)
        await politely(line)

    return Watched(await serve(script, context=context), resumed)


def server_context(authority: Authority, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = authority.server("127.0.0.1", "shore.example", "localhost")
    context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_a_new_connection_resumes_where_the_host_is_known(
    serve: Serve, authority: Authority, version: ssl.TLSVersion
) -> None:
    """The first that is lost may leave nothing: most hosts see one connection alone."""
    server = await watched(serve, server_context(authority, version))
    async with TCPConnector(ssl=authority.client(), force_close=True) as connector:
        for _ in range(5):
            await server.fetch(connector)
    assert not server.resumed[0]
    assert server.resumed[2:] == [True, True, True]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_a_connection_beside_another_resumes_its_session(
    serve: Serve, authority: Authority, version: ssl.TLSVersion
) -> None:
    server = await watched(serve, server_context(authority, version))
    async with TCPConnector(ssl=authority.client()) as connector:
        await server.fetch(connector)
        held = await connector.connect(server.peer.url)
        await server.fetch(connector)
        await server.fetch(connector)
        held.close()
    assert server.resumed == [False, True]


async def test_a_connection_that_was_aborted_leaves_a_session(serve: Serve, authority: Authority) -> None:
    server = await watched(serve, server_context(authority))
    async with TCPConnector(ssl=authority.client()) as connector:
        for _ in range(4):
            await server.fetch(connector)
            held = await connector.connect(server.peer.url)
            held.close()
            await server.peer.until(lambda: not server.peer.open)
    assert server.resumed[-1]


async def test_nothing_is_resumed_where_that_is_switched_off(serve: Serve, authority: Authority) -> None:
    server = await watched(serve, server_context(authority))
    async with TCPConnector(ssl=authority.client(), force_close=True, resume_tls=False) as connector:
        for _ in range(4):
            await server.fetch(connector)
    assert not any(server.resumed)


class Own(ssl.SSLContext):
    """A context that may make of a handshake what it likes."""


async def test_contexts_of_other_classes_are_left_alone(serve: Serve, authority: Authority) -> None:
    server = await watched(serve, server_context(authority))
    own = Own(ssl.PROTOCOL_TLS_CLIENT)
    own.load_verify_locations(authority.file)
    async with TCPConnector(ssl=own, force_close=True) as connector:
        for _ in range(4):
            await server.fetch(connector)
    assert not any(server.resumed)


async def test_a_pin_is_compared_again(serve: Serve, authority: Authority) -> None:
    """R-14: the certificate of a resumed session is that of its first connection."""
    server = await watched(serve, server_context(authority))
    pin = Fingerprint(hashlib.sha256(authority.certificate).digest())
    async with TCPConnector(ssl=pin, force_close=True) as connector:
        for _ in range(4):
            await server.fetch(connector)
        with pytest.raises(FingerprintMismatch):
            await server.fetch(connector, tls=TlsPolicy(verify=False, fingerprint=Fingerprint(bytes(32))))
    assert server.resumed[2:4] == [True, True]


async def test_the_failure_of_a_handshake_spoils_no_later_one(serve: Serve, authority: Authority) -> None:
    broken = iter([False, False, False, True, False])

    async def front(line: Line) -> None:
        if next(broken):
            line.reset()
            return
        reader, writer = await asyncio.open_connection("127.0.0.1", server.peer.port)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(65536):
                    sink.write(data)
            finally:
                sink.close()

        await asyncio.gather(pump(line.reader, writer), pump(reader, line.writer), return_exceptions=True)

    server = await watched(serve, server_context(authority))
    peer = await serve(front)
    peer.url = f"https://127.0.0.1:{peer.port}"
    async with TCPConnector(ssl=authority.client(), force_close=True) as connector:
        for _ in range(3):
            assert (await peer.fetch(connector)).status == 200
        with pytest.raises(OSError):
            await peer.fetch(connector)
        assert (await peer.fetch(connector)).status == 200
    assert (server.resumed[0], server.resumed[2], len(server.resumed)) == (False, True, 4)


async def test_both_ends_of_a_tunnel_resume_each_its_own(serve: Serve, authority: Authority) -> None:
    """The proxy's sessions are the proxy's, the origin's the origin's."""
    if sys.version_info < (3, 11) and isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop):
        pytest.skip("asyncio has no TLS within TLS here")
    resumed_by_proxy: list[bool] = []

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                sink.write(data)
        finally:
            sink.close()

    async def relay(line: Line) -> None:
        resumed_by_proxy.append(line.writer.get_extra_info("ssl_object").session_reused)
        await line.head()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.peer.port)
        line.send(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pump(line.reader, writer), pump(reader, line.writer), return_exceptions=True)

    server = await watched(serve, server_context(authority))
    front = await serve(relay, context=server_context(authority))
    proxy = Proxy(URL(front.url), tls=TlsPolicy(context=authority.client()))
    async with TCPConnector(ssl=authority.client(), force_close=True) as connector:
        for _ in range(5):
            await server.fetch(connector, proxy=proxy)
    assert (server.resumed[0], resumed_by_proxy[0]) == (False, False)
    assert (server.resumed[2:], resumed_by_proxy[2:]) == ([True] * 3, [True] * 3)


# What parts one connection's sessions from another's: handshakes in memory.


def handshake(offered: ssl.SSLContext, server: ssl.SSLContext, name: str = "shore.example") -> ssl.SSLObject:
    """Return the client's end of a connection whose tickets have come."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = offered.wrap_bio(back, there, server_hostname=name)
    peer = server.wrap_bio(there, back, server_side=True)
    waiting: list[Callable[[], object]] = [client.do_handshake, peer.do_handshake]
    while waiting:
        for step in tuple(waiting):
            try:
                step()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(step)
    peer.write(b"x")
    assert client.read(1) == b"x"
    return client


class Client:
    """Connections of one connector, without a network."""

    def __init__(self, server: ssl.SSLContext, clock: Callable[[], float]) -> None:
        self.sessions = TlsSessions(clock=clock)
        self._server = server
        self._lost: list[asyncio.Future[None]] = []

    def resumes(self, route: Route, context: ssl.SSLContext, name: str = "shore.example") -> bool:
        """Open one more connection and tell whether it resumed a session."""
        with self.sessions.offering(route, context) as offered:
            established = handshake(offered, self._server, name)
        self._lost.append(asyncio.get_running_loop().create_future())
        self.sessions.keep(route, established, self._lost[-1])
        return bool(established.session_reused)

    async def lose_all(self) -> None:
        for lost in self._lost:
            if not lost.done():
                lost.set_result(None)
        await asyncio.sleep(0)


NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
HOUR = 3600.0


@pytest.fixture(scope="module")
def ca() -> Any:
    return trustme.CA()


def issued(ca: Any, **options: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("shore.example", "sea.example", **options).configure_cert(context)
    return context


def trusting(ca: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ca.configure_trust(context)
    return context


PROXY = Proxy(URL("http://proxy.example"))
PLAIN = Route("shore.example", 443, TlsPolicy())
OTHERS: Sequence[tuple[str, Route]] = [
    ("host", PLAIN._replace(host="sea.example")),
    ("port", PLAIN._replace(port=444)),
    ("name", PLAIN._replace(tls=TlsPolicy(server_hostname="sea.example"))),
    ("verify", PLAIN._replace(tls=TlsPolicy(verify=False))),
    ("pin", PLAIN._replace(tls=TlsPolicy(fingerprint=Fingerprint(bytes(32))))),
    ("trust", PLAIN._replace(tls=TlsPolicy(trust="certifi"))),
    ("alpn", PLAIN._replace(tls=TlsPolicy(alpn=()))),
    ("client certificate", PLAIN._replace(tls=TlsPolicy(client_certificate=ClientCertificate("me.pem")))),
    ("context", PLAIN._replace(tls=TlsPolicy(context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)))),
    ("proxy", PLAIN._replace(proxy=PROXY)),
    ("user of the proxy", PLAIN._replace(proxy=replace(PROXY, authorization="Basic YTpi"))),
    ("the proxy itself", Route.way_to(Proxy(URL("https://shore.example")))),
    ("another user of the proxy itself", Route.way_to(Proxy(URL("https://shore.example"), "Basic YTpi"))),
]


@pytest.mark.parametrize(("one", "other"), [("before", "after"), ("after", "before")])
@pytest.mark.parametrize("route", [route for _, route in OTHERS], ids=[name for name, _ in OTHERS])
async def test_no_session_crosses_routes(ca: Any, route: Route, one: str, other: str) -> None:
    """R-13."""
    client, context = Client(issued(ca), NOW.timestamp), trusting(ca)
    routes = {one: PLAIN, other: route}
    assert not client.resumes(routes["before"], context)
    assert not client.resumes(routes["after"], context)
    assert client.resumes(routes["before"], context)
    assert client.resumes(routes["after"], context)


async def test_no_session_crosses_contexts_or_connectors(ca: Any) -> None:
    server, context = issued(ca), trusting(ca)
    client = Client(server, NOW.timestamp)
    assert not client.resumes(PLAIN, context)
    assert not client.resumes(PLAIN, trusting(ca))
    assert not Client(server, NOW.timestamp).resumes(PLAIN, context)
    assert client.resumes(PLAIN, context)


def _stop_verifying(context: ssl.SSLContext) -> None:
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE


def _stop_checking_names(context: ssl.SSLContext) -> None:
    context.check_hostname = False


def _check_revocation(context: ssl.SSLContext) -> None:
    context.verify_flags ^= ssl.VerifyFlags.VERIFY_X509_TRUSTED_FIRST


def _trust_another(context: ssl.SSLContext) -> None:
    trustme.CA().configure_trust(context)


@pytest.mark.parametrize("change", [_stop_verifying, _stop_checking_names, _check_revocation, _trust_another])
async def test_a_context_whose_trust_has_changed_begins_anew(
    ca: Any, change: Callable[[ssl.SSLContext], None]
) -> None:
    client, context = Client(issued(ca), NOW.timestamp), trusting(ca)
    assert not client.resumes(PLAIN, context)
    change(context)
    assert not client.resumes(PLAIN, context)


async def test_a_session_that_was_not_verified_is_no_way_around_verifying(ca: Any) -> None:
    client, context = Client(issued(ca), NOW.timestamp), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _stop_verifying(context)
    assert not client.resumes(PLAIN, context)
    assert client.resumes(PLAIN, context)
    context.verify_mode = ssl.CERT_REQUIRED
    with pytest.raises(ssl.SSLCertVerificationError):
        client.resumes(PLAIN, context)


async def test_an_hour_after_the_certificate_was_checked_it_is_checked_again(ca: Any) -> None:
    """However often the session was resumed meanwhile."""
    now = NOW.timestamp()
    client, context = Client(issued(ca), lambda: now), trusting(ca)
    assert not client.resumes(PLAIN, context)
    for _ in range(3):
        now += HOUR / 4
        assert client.resumes(PLAIN, context)
        await client.lose_all()
    now += HOUR / 4
    assert not client.resumes(PLAIN, context)
    now += HOUR / 4
    assert client.resumes(PLAIN, context)


async def test_an_expired_certificate_is_not_resumed(ca: Any) -> None:
    now = datetime.now(tz=timezone.utc)
    time = now.timestamp()
    server = issued(ca, not_after=now + timedelta(minutes=20))
    client, context = Client(server, lambda: time), trusting(ca)
    assert not client.resumes(PLAIN, context)
    time += 19 * 60
    assert client.resumes(PLAIN, context)
    time += 2 * 60
    assert not client.resumes(PLAIN, context)


async def test_each_session_is_used_once(ca: Any) -> None:
    client, context = Client(issued(ca), NOW.timestamp), trusting(ca)
    assert not client.resumes(PLAIN, context)
    with (
        client.sessions.offering(PLAIN, context) as first,
        client.sessions.offering(PLAIN, context) as second,
    ):
        assert first is not context
        assert second is context


async def test_sessions_are_few(ca: Any) -> None:
    """R-36: of many routes those of late, and of one route no more than some."""
    server, context = issued(ca), trusting(ca)
    client = Client(server, NOW.timestamp)
    established = handshake(context, server)
    for port in range(129):
        client.sessions.keep(PLAIN._replace(port=port), established, asyncio.Future())
    for _ in range(10):
        client.sessions.keep(PLAIN, established, asyncio.Future())

    def offers(route: Route) -> bool:
        with client.sessions.offering(route, context) as offered:
            return offered is not context

    assert [offers(PLAIN._replace(port=port)) for port in (0, 1, 2, 128)] == [False, False, True, True]
    assert [offers(PLAIN) for _ in range(5)] == [True] * 4 + [False]


async def test_a_closed_connector_keeps_nothing(ca: Any) -> None:
    client, context = Client(issued(ca), NOW.timestamp), trusting(ca)
    client.resumes(PLAIN, context)
    client.sessions.close()
    assert not client.resumes(PLAIN, context)
    assert not client.resumes(PLAIN, context)
    await client.lose_all()


async def test_a_session_from_before_its_ticket_is_not_offered(ca: Any) -> None:
    server, context = issued(ca), trusting(ca)
    server.num_tickets = 0
    client = Client(server, NOW.timestamp)
    assert not client.resumes(PLAIN, context)
    assert not client.resumes(PLAIN, context)
    await client.lose_all()
    assert not client.resumes(PLAIN, context)
