"""TLS: who is trusted, who is not, and what the errors say."""

import asyncio
import contextlib
import pickle
import ssl
import sys
import warnings
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import trustme
from peers.alone import run_alone
from peers.bin import Bin, pattern
from peers.certificates import Authority
from peers.detour import Detour
from peers.scripted import OK, Peer, ScriptedServer, always, response

import whimbrel as aiohttp
from whimbrel import ClientSession, Fingerprint, TCPConnector
from whimbrel_connector import ClientCertificate, TlsPolicy

FETCH = Path(__file__).parent / "scenes" / "fetch.py"


async def test_a_private_authority_is_trusted_by_its_context(authority: Authority) -> None:
    """S168, S169, S171."""
    async with Bin(ssl=authority.server("127.0.0.1")) as site, ClientSession() as session:
        sslcontext = ssl.create_default_context(cafile=str(authority.file))
        r = await session.get(f"{site.url}events", ssl=sslcontext)
        assert (r.status, len(await r.json())) == (200, 1)
        r = await session.get(f"{site.url}events", ssl_context=sslcontext)
        assert r.status == 200
        await r.read()
        assert site.connections.accepted == 1


async def test_default_verification_refuses_it_before_a_byte_is_sent(authority: Authority) -> None:
    """S166, S172 to S182."""
    async with ScriptedServer(always(OK), ssl=authority.server("127.0.0.1")) as server:
        async with ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorCertificateError) as caught:
                await session.get(server.url)
        assert not server.requests
    fault = caught.value
    for kind in (
        aiohttp.ClientConnectorSSLError,
        aiohttp.ClientSSLError,
        aiohttp.ClientConnectorError,
        aiohttp.ClientOSError,
        aiohttp.ClientConnectionError,
        ssl.SSLError,
        ssl.CertificateError,
    ):
        assert isinstance(fault, kind)
    assert (fault.host, fault.port, fault.ssl) == ("127.0.0.1", server.port, True)
    assert isinstance(fault.certificate_error, Exception)
    assert f"127.0.0.1:{server.port}" in str(fault)
    assert "certificate verify failed" in str(fault)


async def test_a_certificate_for_another_host_is_refused(authority: Authority) -> None:
    """S179, S181."""
    async with Bin(ssl=authority.server("right.example")) as site:
        connector = TCPConnector(resolver=Detour({443: site.port}), ssl=authority.client())
        async with ClientSession(connector=connector) as session:
            async with session.get("https://right.example/get") as r:
                assert r.status == 200
            with pytest.raises(aiohttp.ClientConnectorCertificateError, match=r"wrong\.example"):
                await session.get("https://wrong.example/")


async def test_another_name_can_be_checked_in_place_of_the_host(authority: Authority) -> None:
    async with Bin(ssl=authority.server("right.example")) as site, ClientSession() as session:
        options: dict[str, Any] = {"ssl": authority.client(), "server_hostname": "right.example"}
        async with session.get(site.url, **options) as r:
            assert r.status == 200


async def test_what_a_request_does_not_say_is_inherited_from_the_connector(authority: Authority) -> None:
    """S197: `None` means inherit, for each setting by itself."""
    context, digest = authority.pinned_server("right.example")
    async with Bin(ssl=context) as site:
        async with ClientSession(connector=TCPConnector(ssl=authority.client())) as session:
            async with session.get(site.url, server_hostname="right.example") as r:
                assert r.status == 200
            async with session.get(site.url, server_hostname="right.example", fingerprint=digest) as r:
                assert r.status == 200


async def test_an_expired_certificate_is_refused_with_the_guides_handler(tmp_path: Path) -> None:
    """S178, S180."""
    ca = trustme.CA()
    old = _expired(ca)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.configure_cert(context)
    trusting = ssl.create_default_context()
    ca.configure_trust(trusting)
    async with Bin(ssl=context) as site, ClientSession() as session:
        entered = False
        try:
            await session.get(site.url, ssl=trusting)
        except aiohttp.ClientConnectorSSLError as e:
            entered = True
            assert isinstance(e, ssl.SSLError)  # noqa: PT017  the example does
            assert "expired" in str(e)  # noqa: PT017  as above
        assert entered


def _expired(ca: trustme.CA) -> trustme.LeafCert:
    return ca.issue_cert("127.0.0.1", not_after=datetime(2001, 1, 1, tzinfo=timezone.utc))


@pytest.mark.filterwarnings("ignore::whimbrel_connector.UnverifiedTlsWarning")
@pytest.mark.parametrize("option", [{"ssl": False}, {"verify_ssl": False}])
async def test_verification_can_be_switched_off(authority: Authority, option: dict[str, bool]) -> None:
    """S167."""
    async with Bin(ssl=authority.server("another.example")) as site:
        async with ClientSession() as session, session.get(site.url, **option) as r:  # type: ignore[arg-type]  # both are booleans
            assert r.status == 200
        async with ClientSession(connector=TCPConnector(**option)) as session:  # type: ignore[arg-type]  # both are booleans
            async with session.get(site.url) as r:
                assert r.status == 200


async def test_a_session_warns_once_of_tls_that_nobody_verifies(authority: Authority) -> None:
    """R-15: where the session was made; a pinned certificate is verified."""
    context, digest = authority.pinned_server("127.0.0.1")
    async with Bin(ssl=context) as site:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            async with ClientSession() as session:
                async with session.get(site.url, ssl=Fingerprint(digest)) as r:
                    await r.read()
                assert caught == []
                for _ in range(3):
                    async with session.get(site.url, ssl=False, headers={"Connection": "close"}) as r:
                        await r.read()
        assert [(each.category, each.filename) for each in caught] == [
            (aiohttp.UnverifiedTlsWarning, __file__)
        ]


@pytest.mark.filterwarnings("ignore::whimbrel_connector.UnverifiedTlsWarning")
async def test_a_request_is_stricter_or_laxer_than_its_connector(authority: Authority) -> None:
    """S197 to S199, S201: and an unverified connection is never lent to a request that verifies."""
    async with Bin(ssl=authority.server("127.0.0.1")) as site:
        async with ClientSession(connector=TCPConnector(verify_ssl=False)) as session:
            async with session.get(site.url) as r:
                await r.read()
            for strict in (
                {"verify_ssl": True},
                {"ssl": True},
                {"ssl_context": ssl.create_default_context()},
            ):
                with pytest.raises(aiohttp.ClientConnectorCertificateError):
                    await session.get(site.url, **strict)
        async with ClientSession(connector=TCPConnector(ssl=authority.client())) as session:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await session.get(site.url, ssl=ssl.create_default_context())
            async with session.get(site.url) as r:
                assert r.status == 200


async def test_contradictory_options_are_refused_before_anything_is_opened(authority: Authority) -> None:
    """S200."""
    async with ClientSession() as session:
        with pytest.raises(ValueError, match="mutually exclusive"):
            await session.get("https://127.0.0.1:1/", verify_ssl=False, ssl_context=authority.client())
    with pytest.raises(ValueError, match="mutually exclusive"):
        TCPConnector(verify_ssl=False, ssl_context=authority.client())


async def test_a_fingerprint_takes_the_place_of_the_chain(authority: Authority) -> None:
    """S184, S185, S193."""
    context, digest = authority.pinned_server("another.example")
    async with Bin(ssl=context) as site, ClientSession() as session:
        for pin in (digest, digest.hex(), ":".join(f"{byte:02X}" for byte in digest)):
            async with session.get(site.url, ssl=Fingerprint(pin)) as r:
                assert r.status == 200
                await r.read()
        assert site.connections.accepted == 1


async def test_the_guides_bogus_fingerprint_mismatches(authority: Authority) -> None:
    """S183, S186 to S189: the example as printed, but for the URL, and for the trust it takes for granted."""
    context, digest = authority.pinned_server("127.0.0.1")
    async with Bin(ssl=context) as site:
        async with ClientSession() as session:
            bad_fingerprint = b"0" * 64
            exc = None
            try:
                await session.get(site.url, fingerprint=bad_fingerprint, ssl_context=authority.client())
            except aiohttp.FingerprintMismatch as e:
                exc = e
            assert exc is not None
            assert exc.expected == bad_fingerprint

            assert exc.got == digest.hex().encode()
            assert (exc.host, exc.port) == ("127.0.0.1", site.port)


@pytest.mark.filterwarnings("ignore::whimbrel_connector.UnverifiedTlsWarning")
async def test_a_wrong_fingerprint_is_refused_before_a_byte_is_sent(authority: Authority) -> None:
    """S192."""
    async with ScriptedServer(always(OK), ssl=authority.server("127.0.0.1")) as server:
        async with ClientSession() as session:
            async with session.get(server.url, ssl=False) as r:
                await r.read()
            with pytest.raises(aiohttp.ServerFingerprintMismatch) as caught:
                await session.get(server.url, ssl=Fingerprint(bytes(32)))
            assert caught.value.expected == bytes(32)
            assert len(server.requests) == 1


@pytest.mark.parametrize("trusting", [True, False])
async def test_the_earlier_fingerprint_is_checked_besides_the_chain(
    authority: Authority, trusting: bool
) -> None:
    """S193."""
    context, digest = authority.pinned_server("127.0.0.1")
    async with Bin(ssl=context) as site, ClientSession() as session:
        if trusting:
            async with session.get(site.url, fingerprint=digest, ssl_context=authority.client()) as r:
                assert r.status == 200
        else:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await session.get(site.url, fingerprint=digest)
            async with session.get(site.url, fingerprint=digest, verify_ssl=False) as r:
                assert r.status == 200


async def test_ssl_cert_file_is_honoured(authority: Authority) -> None:
    async with Bin(ssl=authority.server("127.0.0.1")) as site:
        url = f"{site.url}bytes/3"
        printed = await run_alone(FETCH, url, env={"SSL_CERT_FILE": str(authority.file)})
        assert printed == "200 3\n"
        assert (await run_alone(FETCH, url)).startswith("ClientConnectorCertificateError")


async def test_a_client_shows_its_certificate_where_it_is_asked_for(authority: Authority) -> None:
    """S170."""
    ca = trustme.CA()
    server_context = authority.server("127.0.0.1")
    server_context.verify_mode = ssl.CERT_REQUIRED
    ca.configure_trust(server_context)
    sslcontext = ssl.create_default_context(cafile=str(authority.file))
    ca.issue_cert("client@shore.example").configure_cert(sslcontext)
    async with Bin(ssl=server_context) as site, ClientSession() as session:
        async with session.get(site.url, ssl=sslcontext) as r:
            assert r.status == 200
        with pytest.raises(aiohttp.ClientError):
            await session.get(site.url, ssl=authority.client())


@pytest.fixture
def shown(tmp_path: Path) -> tuple[trustme.CA, ClientCertificate]:
    """An authority for clients, and a certificate of it in a file."""
    ca = trustme.CA()
    path = tmp_path / "shown.pem"
    ca.issue_cert("client@shore.example").private_key_and_cert_chain_pem.write_to_path(str(path))
    return ca, ClientCertificate(path)


async def test_a_policy_names_the_certificate_to_show(
    authority: Authority, shown: tuple[trustme.CA, ClientCertificate]
) -> None:
    """For a connector and for a request; and a connection that showed one serves no request that shows none."""
    ca, certificate = shown
    context, digest = authority.pinned_server("127.0.0.1")
    context.verify_mode = ssl.CERT_OPTIONAL
    ca.configure_trust(context)
    subjects: list[object] = []

    async def script(peer: Peer) -> None:
        subjects.append(bool(peer.writer.get_extra_info("peercert")))
        await always(OK)(peer)

    policy = TlsPolicy(verify=False, fingerprint=Fingerprint(digest), client_certificate=certificate)
    async with ScriptedServer(script, ssl=context) as server, ClientSession() as session:
        for option in (policy, Fingerprint(digest), policy):
            async with session.get(server.url, ssl=option) as r:
                await r.read()
        async with ClientSession(connector=TCPConnector(ssl=policy)) as other:
            async with other.get(server.url) as r:
                await r.read()
        assert subjects == [True, False, True]


@pytest.mark.filterwarnings("ignore::whimbrel_connector.UnverifiedTlsWarning")
async def test_a_requests_certificate_is_not_shown_where_a_redirect_leads(
    authority: Authority, shown: tuple[trustme.CA, ClientCertificate]
) -> None:
    """R-02: to another origin; its own sees it again."""
    ca, certificate = shown
    context = authority.server("127.0.0.1")
    context.verify_mode = ssl.CERT_OPTIONAL
    ca.configure_trust(context)
    seen: list[tuple[str, bool]] = []
    elsewhere = ""

    async def script(peer: Peer) -> None:
        while True:
            target = (await peer.request()).target
            seen.append((target, bool(peer.writer.get_extra_info("peercert"))))
            location = {"/first": "/second", "/second": f"{elsewhere}third"}.get(target)
            await peer.send(
                OK if location is None else response(b"", f"Location: {location}", status="302 Found")
            )

    policy = TlsPolicy(verify=False, client_certificate=certificate)
    async with ScriptedServer(script, ssl=context) as one, ScriptedServer(script, ssl=context) as other:
        elsewhere = other.url
        async with ClientSession(connector=TCPConnector(ssl=False)) as session:
            async with session.get(f"{one.url}first", ssl=policy) as r:
                assert r.status == 200
    assert seen == [("/first", True), ("/second", True), ("/third", False)]


async def test_a_certificate_that_cannot_be_read_is_the_documented_error(tmp_path: Path) -> None:
    policy = TlsPolicy(client_certificate=ClientCertificate(tmp_path / "none.pem"))
    async with ScriptedServer(always(OK)) as server, ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorSSLError, match=r"client certificate .*none\.pem"):
            await session.get(f"https://127.0.0.1:{server.port}/", ssl=policy)
        assert not server.connections.accepted


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (TlsPolicy(), "trusted is the system's store ("),
        (TlsPolicy(trust="certifi"), "trusted is certifi 20"),
        (TlsPolicy(trust="truststore"), "trusted is truststore "),
        (TlsPolicy(context=ssl.create_default_context()), "trusted is the context given"),
    ],
    ids=["system", "certifi", "truststore", "context"],
)
async def test_a_rejected_certificate_names_place_cause_and_store(
    authority: Authority, policy: TlsPolicy, words: str
) -> None:
    async with Bin(ssl=authority.server("127.0.0.1")) as site, ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError) as caught:
            await session.get(site.url, ssl=policy)
    text = str(caught.value)
    for part in (f"127.0.0.1:{site.port}", "certificate", words):
        assert part in text
    assert str(pickle.loads(pickle.dumps(caught.value))) == text


async def test_truststore_trusts_what_the_system_does(authority: Authority) -> None:
    async with Bin(ssl=authority.server("127.0.0.1")) as site:
        printed = await run_alone(
            FETCH, f"{site.url}bytes/3", "truststore", env={"SSL_CERT_FILE": str(authority.file)}
        )
    assert printed == "200 3\n"


async def test_keys_are_logged_for_who_reads_the_traffic(authority: Authority, tmp_path: Path) -> None:
    log = tmp_path / "keys.log"
    async with Bin(ssl=authority.server("127.0.0.1")) as site:
        variables = {"SSL_CERT_FILE": str(authority.file), "SSLKEYLOGFILE": str(log)}
        assert await run_alone(FETCH, f"{site.url}bytes/3", env=variables) == "200 3\n"
    assert "CLIENT_TRAFFIC_SECRET_0" in log.read_text()


async def test_a_protocol_that_is_not_spoken_is_refused_before_a_byte_is_sent(authority: Authority) -> None:
    server_context, client_context = authority.server("127.0.0.1"), authority.client()
    server_context.set_alpn_protocols(["h2"])
    client_context.set_alpn_protocols(["h2", "http/1.1"])
    async with ScriptedServer(always(OK), ssl=server_context) as server, ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorSSLError, match="the server chose 'h2'"):
            await session.get(server.url, ssl=client_context)
        assert not server.requests
        await server.connections.until(lambda: not server.connections.open)


@pytest.mark.filterwarnings("ignore::whimbrel_connector.UnverifiedTlsWarning")
@pytest.mark.parametrize(
    ("offered", "expected"), [(None, "http/1.1"), ((), None), (("http/1.0",), "http/1.0")]
)
async def test_protocols_are_offered_as_the_policy_says(
    authority: Authority, offered: tuple[str, ...] | None, expected: str | None
) -> None:
    context = authority.server("127.0.0.1")
    context.set_alpn_protocols(["http/1.1", "http/1.0"])
    chosen: list[str | None] = []

    async def script(peer: Peer) -> None:
        chosen.append(peer.writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await always(OK)(peer)

    async with ScriptedServer(script, ssl=context) as server, ClientSession() as session:
        async with session.get(server.url, ssl=TlsPolicy(verify=False, alpn=offered)) as r:
            assert r.status == 200
    assert chosen == [expected]


async def test_what_is_no_tls_is_a_tls_error() -> None:
    async def script(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with ScriptedServer(script) as server, ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorSSLError):
            await session.get(f"https://127.0.0.1:{server.port}/")
        await server.connections.until(lambda: not server.connections.open)


async def test_tls_options_mean_nothing_to_plain_text() -> None:
    """S196."""
    async with ScriptedServer(always(OK)) as server, ClientSession() as session:
        for options in ({"ssl": False}, {"fingerprint": bytes(32)}, {}):
            async with session.get(server.url, **options) as r:
                await r.read()
        assert server.connections.accepted == 1


async def test_a_large_response_comes_whole_over_tls(authority: Authority) -> None:
    async with Bin(ssl=authority.server("127.0.0.1")) as site:
        async with ClientSession(connector=TCPConnector(ssl=authority.client())) as session:
            for _ in range(3):
                async with session.get(f"{site.url}bytes/3000000") as r:
                    assert await r.read() == pattern(3_000_000)
            assert site.connections.accepted == 1


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
async def test_a_refused_certificate_leaves_no_socket(authority: Authority) -> None:
    async with ScriptedServer(always(OK), ssl=authority.server("127.0.0.1")) as server:
        async with ClientSession() as session:
            for _ in range(10):
                with pytest.raises(aiohttp.ClientConnectorCertificateError):
                    await session.get(server.url)
        await server.connections.until(lambda: not server.connections.open)


@pytest.mark.parametrize("abort", [False, True])
async def test_closing_may_abort_tls(authority: Authority, abort: bool) -> None:
    """Then the peer is told nothing: not one byte more is sent."""
    sent = bytearray()

    async def overhear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward = await asyncio.open_connection("127.0.0.1", server.port)
        back = asyncio.ensure_future(_relay(onward_reader, writer, bytearray()))
        await _relay(reader, onward, sent)
        await back

    async with ScriptedServer(always(OK), ssl=authority.server("127.0.0.1")) as server:
        between = await asyncio.start_server(overhear, "127.0.0.1", 0)
        connector = TCPConnector(ssl=authority.client())
        async with ClientSession(connector=connector) as session:
            async with session.get(f"https://127.0.0.1:{between.sockets[0].getsockname()[1]}/") as response:
                await response.read()
            before = len(sent)
            await connector.close(abort_ssl=abort)
        await server.connections.until(lambda: not server.connections.open)
        between.close()
        await between.wait_closed()
    assert (len(sent) == before) is abort


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, overheard: bytearray) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            overheard += piece
            writer.write(piece)
    writer.close()
