"""TCP and TLS: how a connection comes about, and why it does not."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import (
    AddressNotFound,
    CertificateRejected,
    ConnectFailed,
    ConnectTimeout,
    Fingerprint,
    FingerprintMismatch,
    StaticResolver,
    TCPConnector,
    Timeouts,
    TlsFailed,
    TlsPolicy,
)

if TYPE_CHECKING:
    from aiohappyeyeballs import AddrInfoType

    from .conftest import Authority, Line, Serve


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def test_a_refused_port_is_named(connector: TCPConnector) -> None:
    port = free_port()
    with pytest.raises(ConnectFailed) as caught:
        await connector.connect(f"http://127.0.0.1:{port}")
    assert (caught.value.host, caught.value.port) == ("127.0.0.1", port)
    assert str(caught.value).startswith(f"cannot connect to 127.0.0.1:{port}: ")
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.errno == caught.value.__cause__.errno
    assert connector.statistics.open == 0


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


async def test_a_local_address_is_bound(serve: Serve) -> None:
    peer = await serve()
    async with TCPConnector(local_addr=("127.0.0.3", 0)) as connector:
        exchange = await connector.connect(peer.url)
        assert exchange.get_extra_info("sockname")[0] == "127.0.0.3"
        exchange.close()


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
        (await connector.connect(f"https://shore.example.:{peer.port}")).close()


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
