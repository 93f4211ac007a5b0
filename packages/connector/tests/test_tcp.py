"""TCP and TLS: how a connection comes about, and why it does not."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from whimbrel_connector import (
    AddressNotFound,
    CertificateRejected,
    ConnectFailed,
    ConnectTimeout,
    Fingerprint,
    FingerprintMismatch,
    ResolveResult,
    StaticResolver,
    TCPConnector,
    Timeouts,
    TlsFailed,
    TlsPolicy,
)

if TYPE_CHECKING:
    from aiohappyeyeballs import AddrInfoType

    from .conftest import Authority, Line, Serve


async def test_a_refused_port_is_named(connector: TCPConnector, refused_port: int) -> None:
    port = refused_port
    with pytest.raises(ConnectFailed) as caught:
        await connector.connect(f"http://127.0.0.1:{port}")
    assert (caught.value.host, caught.value.port) == ("127.0.0.1", port)
    assert str(caught.value).startswith(f"cannot connect to 127.0.0.1:{port}: ")
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.errno == caught.value.__cause__.errno
    assert connector.statistics.open == 0


async def test_a_failure_names_every_address_and_its_reason(refused_port: int) -> None:
    port = refused_port
    resolver = StaticResolver({"shore.example": ["127.0.0.2", "127.0.0.1", "127.0.0.2", "fe80::1%nowhere"]})
    for delay in (None, 0.01):
        async with TCPConnector(resolver=resolver, happy_eyeballs_delay=delay) as connector:
            with pytest.raises(ConnectFailed) as caught:
                await connector.connect(f"http://shore.example:{port}")
        refused = "Connection refused"
        assert {(attempt.address, attempt.port) for attempt in caught.value.attempts} == {
            ("127.0.0.2", port),
            ("127.0.0.1", port),
            ("fe80::1%nowhere", port),
        }
        assert all(
            attempt.what == refused
            for attempt in caught.value.attempts
            if attempt.errno == errno.ECONNREFUSED
        )
        for text in (f"127.0.0.1: {refused}", f"127.0.0.2: {refused}", "fe80::1%nowhere: "):
            assert text in str(caught.value)
        assert isinstance(caught.value.__cause__, OSError)


async def test_attempts_that_fail_alike_have_their_number_in_common(refused_port: int) -> None:
    resolver = StaticResolver({"shore.example": ["127.0.0.2", "127.0.0.1"]})
    async with TCPConnector(resolver=resolver) as connector:
        with pytest.raises(ConnectFailed) as caught:
            await connector.connect(f"http://shore.example:{refused_port}")
    assert caught.value.errno == errno.ECONNREFUSED
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


async def test_an_unknown_host_is_named() -> None:
    async with TCPConnector(resolver=StaticResolver({})) as connector:
        with pytest.raises(AddressNotFound, match=r"cannot resolve nowhere\.example:80: .* not in the table"):
            await connector.connect("http://nowhere.example")


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "127.0.0.1.", "1.2.3.0x4"])
async def test_addresses_in_unusual_forms_reach_no_resolver(host: str) -> None:
    async with TCPConnector() as connector:
        with pytest.raises(AddressNotFound):
            await connector.connect(f"http://{host}:1/")


async def test_a_label_that_is_too_long_is_no_crash() -> None:
    async with TCPConnector() as connector:
        with pytest.raises(AddressNotFound):
            await connector.connect("http://" + "x" * 64 + ".example")


async def test_a_resolver_that_gives_nothing_is_an_error() -> None:
    class Empty:
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[object]:
            return []

    async with TCPConnector(resolver=Empty()) as connector:  # type: ignore[arg-type]  # of what, it does not matter
        with pytest.raises(AddressNotFound, match="no address"):
            await connector.connect("http://shore.example")


async def test_a_name_is_resolved_and_its_addresses_are_tried_in_turn(serve: Serve) -> None:
    peer = await serve()
    resolver = StaticResolver({"shore.example": ["127.0.0.2", "127.0.0.1"]})
    for delay in (None, 0.01):
        async with TCPConnector(resolver=resolver, happy_eyeballs_delay=delay) as connector:
            exchange = await connector.connect(f"http://SHORE.example:{peer.port}")
            assert exchange.get_extra_info("peername")[0] == "127.0.0.1"
            exchange.close()


async def test_the_family_is_asked_for(serve: Serve) -> None:
    peer = await serve()
    resolver = StaticResolver({"shore.example": ["::1", "127.0.0.1"]})
    async with TCPConnector(resolver=resolver, family=socket.AF_INET) as connector:
        assert connector.family == socket.AF_INET
        exchange = await connector.connect(f"http://shore.example:{peer.port}")
        assert exchange.get_extra_info("peername")[0] == "127.0.0.1"
        exchange.close()


async def test_ipv6_addresses_are_connected_to(serve: Serve, connector: TCPConnector) -> None:
    try:
        peer = await serve(host="::1")
    except OSError:
        pytest.skip("there is no IPv6 here")
    exchange = await connector.connect(f"http://[::1]:{peer.port}")
    assert exchange.get_extra_info("peername")[0] == "::1"
    exchange.close()
    zoned = await connector.connect(f"http://[::1%25{socket.if_indextoname(1)}]:{peer.port}")
    zoned.close()


@pytest.mark.parametrize(
    "answer",
    [None, 7, ["127.0.0.1"], [("127.0.0.1", 80)], [{"host": "127.0.0.1"}], [{"host": 1, "port": 80}], "::1"],
)
async def test_a_resolvers_answer_that_is_none_is_refused(answer: Any) -> None:
    class Wrong:
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> Any:
            return answer

    async with TCPConnector(resolver=Wrong()) as connector:
        with pytest.raises(AddressNotFound, match="answer is of no use: no mapping with host and port: "):
            await connector.connect("http://shore.example")


async def test_a_resolvers_answer_that_is_no_address_is_refused() -> None:
    class Wrong:
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
            return [
                {"hostname": host, "host": "localhost", "port": port, "family": 2, "proto": 0, "flags": 0}
            ]

    async with TCPConnector(resolver=Wrong()) as connector:
        with pytest.raises(AddressNotFound, match=r"answer is of no use: 'localhost' does not appear"):
            await connector.connect("http://shore.example")


async def test_a_resolver_that_takes_too_long_knows_no_address() -> None:
    class Late:
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
            raise asyncio.TimeoutError

    async with TCPConnector(resolver=Late()) as connector:
        with pytest.raises(AddressNotFound, match="TimeoutError"):
            await connector.connect("http://shore.example")


async def test_a_resolver_that_is_given_is_not_closed_by_the_connector(refused_port: int) -> None:
    class Mine(StaticResolver):
        closed = False

        async def close(self) -> None:
            self.closed = True

    mine = Mine({"shore.example": ["127.0.0.1"]})
    async with TCPConnector(resolver=mine) as connector:
        with pytest.raises(ConnectFailed):
            await connector.connect(f"http://shore.example:{refused_port}")
    assert not mine.closed


async def test_a_local_address_is_bound(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(local_addr=("127.0.0.3", 0)) as connector:
        exchange = await connector.connect(peer.url)
        assert exchange.get_extra_info("sockname")[0] == "127.0.0.3"
        exchange.close()


async def test_a_local_host_may_be_a_name(serve: Serve) -> None:
    peer = await serve()
    resolver = StaticResolver({"mine.example": ["::1", "127.0.0.3"]})
    async with TCPConnector(local_addr=("mine.example", 0), resolver=resolver) as connector:
        exchange = await connector.connect(peer.url)
        assert exchange.get_extra_info("sockname")[0] == "127.0.0.3"
        exchange.close()


async def test_a_local_address_that_is_not_here_is_named() -> None:
    async with TCPConnector(local_addr=("192.0.2.200", 0)) as connector:
        with pytest.raises(ConnectFailed, match=r"192\.0\.2\.200"):
            await connector.connect("http://127.0.0.1:1")


async def test_connections_wait_for_nothing_and_look_after_their_peer(serve: Serve) -> None:
    def bare(address: AddrInfoType) -> socket.socket:
        return socket.socket(*address[:2])  # of no protocol by name: asyncio would leave TCP_NODELAY off

    def alive(sock: socket.socket) -> bool:
        return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))

    peer = await serve()
    for options, asks in (({}, True), ({"tcp_keepalive": None}, False), ({"socket_factory": bare}, False)):
        async with TCPConnector(**options) as connector:
            exchange = await connector.connect(peer.url)
            sock = exchange.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert alive(sock) is asks
            if asks and hasattr(socket, "TCP_KEEPIDLE"):
                assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15
            exchange.close()


@pytest.mark.parametrize("turns", range(8))
async def test_a_race_that_is_cancelled_leaves_no_socket(serve: Serve, turns: int) -> None:
    def factory(address: AddrInfoType) -> socket.socket:
        made.append(socket.socket(*address[:3]))
        return made[-1]

    made: list[socket.socket] = []
    peer = await serve()
    resolver = StaticResolver({"shore.example": ["127.0.0.1", "127.0.0.2", "127.0.0.3"]})
    connector = TCPConnector(resolver=resolver, socket_factory=factory, happy_eyeballs_delay=0)
    connecting = asyncio.ensure_future(connector.connect(f"http://shore.example:{peer.port}"))
    for _ in range(turns):
        await asyncio.sleep(0)
    connecting.cancel()
    await asyncio.wait([connecting])
    if not connecting.cancelled():
        connecting.result().close()
    await connector.close()
    for _ in range(3):
        await asyncio.sleep(0)
    assert [sock for sock in made if sock.fileno() != -1] == []


async def test_sockets_can_be_made_by_the_user(serve: Serve) -> None:
    def factory(address: AddrInfoType) -> socket.socket:
        made.append(address)
        return socket.socket(*address[:2])

    made: list[AddrInfoType] = []
    peer = await serve()
    async with TCPConnector(socket_factory=factory) as connector:
        await peer.fetch(connector)
    assert [address[4] for address in made] == [("127.0.0.1", peer.port)]


async def test_the_dns_cache_can_be_cleared(serve: Serve) -> None:
    lookups: list[str] = []

    class Counting(StaticResolver):
        async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET):  # type: ignore[no-untyped-def]  # as inherited
            lookups.append(host)
            return await super().resolve(host, port, family)

    peer = await serve()
    resolver = Counting({"shore.example": ["127.0.0.1"]})
    async with TCPConnector(resolver=resolver, force_close=True) as connector:

        async def connect() -> None:
            (await connector.connect(f"http://shore.example:{peer.port}")).close()

        await connect()
        await connect()
        assert len(lookups) == 1
        connector.clear_dns_cache("shore.example", peer.port)
        await connect()
        assert len(lookups) == 2
        connector.clear_dns_cache()
        await connect()
        assert len(lookups) == 3
        with pytest.raises(ValueError, match="both host and port"):
            connector.clear_dns_cache("shore.example")
    async with TCPConnector(resolver=resolver, use_dns_cache=False) as connector:
        for _ in range(2):
            (await connector.connect(f"http://shore.example:{peer.port}")).close()
    assert len(lookups) == 5


# TLS.


async def test_a_trusted_server_is_talked_to_and_its_connection_kept(
    serve: Serve, authority: Authority
) -> None:
    peer = await serve(context=authority.server("127.0.0.1"))
    async with TCPConnector(ssl=authority.client()) as connector:
        for number in range(20):
            fetched = await peer.fetch(connector, f"/{number}")
            assert (fetched.body, fetched.reused) == (f"/{number}".encode(), number > 0)
    assert peer.accepted == 1


async def test_a_large_body_passes_through_tls(serve: Serve, authority: Authority) -> None:
    async def large(line: Line) -> None:
        await line.request()
        line.answer(body)
        await line.end()

    body = bytes(range(256)) * 8192
    peer = await serve(large, context=authority.server("127.0.0.1"))
    async with TCPConnector(ssl=authority.client()) as connector:
        assert (await peer.fetch(connector)).body == body
        assert connector.statistics.idle == 1


async def test_a_server_of_an_unknown_authority_is_refused(serve: Serve, authority: Authority) -> None:
    peer = await serve(context=authority.server("127.0.0.1"))
    async with TCPConnector() as connector:
        with pytest.raises(CertificateRejected, match="cannot agree on TLS with") as caught:
            await connector.connect(peer.url)
        assert isinstance(caught.value.__cause__, ssl.CertificateError)
        assert connector.statistics.open == 0


async def test_a_certificate_for_another_host_is_refused(serve: Serve, authority: Authority) -> None:
    peer = await serve(context=authority.server("elsewhere.example"))
    async with TCPConnector(ssl=authority.client()) as connector:
        with pytest.raises(CertificateRejected):
            await connector.connect(peer.url)
        policy = TlsPolicy(context=authority.client(), server_hostname="elsewhere.example")
        assert (await peer.fetch(connector, tls=policy)).body == b"/"


async def test_a_trailing_dot_is_no_part_of_the_name(serve: Serve, authority: Authority) -> None:
    peer = await serve(context=authority.server("shore.example"))
    resolver = StaticResolver({"shore.example.": ["127.0.0.1"]})
    async with TCPConnector(ssl=authority.client(), resolver=resolver) as connector:
        exchange = await connector.connect(f"https://shore.example.:{peer.port}")
        assert exchange.get_extra_info("ssl_object").server_hostname == "shore.example"
        exchange.close()


@pytest.mark.filterwarnings("ignore::whimbrel_connector.UnverifiedTlsWarning")
async def test_verification_can_be_turned_off_and_on_again(serve: Serve, authority: Authority) -> None:
    peer = await serve(context=authority.server("elsewhere.example"))
    for off in (TCPConnector(ssl=False), TCPConnector(verify_ssl=False)):
        async with off:
            assert (await peer.fetch(off)).body == b"/"
            with pytest.raises(CertificateRejected):
                await peer.fetch(off, tls=TlsPolicy(verify=True))


async def test_a_pinned_certificate_is_accepted_in_every_form(serve: Serve, authority: Authority) -> None:
    peer = await serve(context=authority.server("127.0.0.1"))
    digest = hashlib.sha256(authority.certificate).digest()
    colons = ":".join(f"{octet:02X}" for octet in digest)
    for form in (digest, digest.hex(), colons, digest.hex().encode()):
        async with TCPConnector(ssl=Fingerprint(form)) as connector:
            assert (await peer.fetch(connector)).body == b"/"
    async with TCPConnector(fingerprint=digest, ssl_context=authority.client()) as connector:
        assert (await peer.fetch(connector)).body == b"/"
    async with TCPConnector(fingerprint=digest) as connector:  # besides the chain, which nobody trusts
        with pytest.raises(CertificateRejected):
            await peer.fetch(connector)


async def test_another_certificate_than_the_pinned_one_sees_no_byte(
    serve: Serve, authority: Authority
) -> None:
    async def listening(line: Line) -> None:
        received.append(await line.end())

    received: list[bytes] = []
    peer = await serve(listening, context=authority.server("127.0.0.1"))
    wrong = hashlib.sha256(b"another").digest()
    async with TCPConnector(ssl=Fingerprint(wrong)) as connector:
        with pytest.raises(FingerprintMismatch) as caught:
            await connector.connect(peer.url)
        assert caught.value.expected == wrong
        assert caught.value.got == hashlib.sha256(authority.certificate).digest()
        assert (caught.value.host, caught.value.port) == ("127.0.0.1", peer.port)
        assert connector.statistics.open == 0
    await peer.close()
    assert received in ([], [b""])


async def test_a_server_that_speaks_no_tls_is_an_error(serve: Serve) -> None:
    async def plain(line: Line) -> None:
        line.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await line.end()

    peer = await serve(plain)
    async with TCPConnector() as connector:
        with pytest.raises(TlsFailed):
            await connector.connect(peer.url.replace("http:", "https:"))


async def test_a_server_that_leaves_during_the_handshake_is_an_error(serve: Serve) -> None:
    async def leaving(line: Line) -> None:
        await line.reader.read(1)
        line.reset()

    peer = await serve(leaving)
    async with TCPConnector() as connector:
        with pytest.raises((TlsFailed, ConnectFailed)):
            await connector.connect(peer.url.replace("http:", "https:"))
        assert connector.statistics.open == 0


async def test_a_handshake_that_takes_too_long_is_an_error(serve: Serve) -> None:
    async def silent(line: Line) -> None:
        await line.end()

    peer = await serve(silent)
    async with TCPConnector() as connector:
        with pytest.raises(ConnectTimeout):
            await connector.connect(peer.url.replace("http:", "https:"), timeouts=Timeouts(connect=0.05))
        assert connector.statistics.open == 0
    await peer.until(lambda: not peer.open)


async def test_idle_tls_connections_that_the_server_ends_are_not_taken(
    serve: Serve, authority: Authority
) -> None:
    async def once(line: Line) -> None:
        await line.request()
        line.answer()

    peer = await serve(once, context=authority.server("127.0.0.1"))
    async with TCPConnector(ssl=authority.client()) as connector:
        for _ in range(5):
            assert not (await peer.fetch(connector)).reused
            await peer.until(lambda: not peer.open)
            for _turn in range(10):
                await asyncio.sleep(0)
    assert peer.accepted == 5


async def test_a_body_until_close_ends_with_the_goodbye_of_tls(serve: Serve, authority: Authority) -> None:
    async def leaving(line: Line) -> None:
        await line.request()
        line.send(b"HTTP/1.1 200 OK\r\n\r\nwhimbrel")

    peer = await serve(leaving, context=authority.server("127.0.0.1"))
    async with TCPConnector(ssl=authority.client()) as connector:
        assert (await peer.fetch(connector)).body == b"whimbrel"
