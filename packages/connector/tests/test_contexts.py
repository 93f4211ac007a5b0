"""Contexts: built once for each way to build them, off the loop, from files that may change or be missing."""

from __future__ import annotations

import asyncio
import ssl
import threading
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import ClientCertificate, Fingerprint, TlsPolicy, UnusableTls, _contexts
from whimbrel_connector._contexts import tls_context, trusted_by

if TYPE_CHECKING:
    from pathlib import Path

PIN = Fingerprint(bytes(32))
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def test_contexts_are_shared_and_say_what_the_policy_says() -> None:
    verifying = await asyncio.gather(*(tls_context(TlsPolicy()) for _ in range(20)))
    assert all(context is verifying[0] for context in verifying)
    assert (verifying[0].verify_mode, verifying[0].check_hostname) == (ssl.CERT_REQUIRED, True)
    lax = await tls_context(TlsPolicy(verify=False))
    assert (lax.verify_mode, lax.check_hostname) == (ssl.CERT_NONE, False)
    assert await tls_context(TlsPolicy(verify=False, fingerprint=PIN)) is lax
    assert await tls_context(TlsPolicy(verify=False, trust="certifi")) is lax
    assert await tls_context(TlsPolicy(context=CONTEXT)) is CONTEXT
    assert await tls_context(TlsPolicy(alpn=())) is not verifying[0]
    assert trusted_by(CONTEXT) == "the context given"


async def test_contexts_are_built_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a trust store takes milliseconds that would stop the loop."""
    threads: set[int] = set()
    build = ssl.create_default_context

    def watched() -> ssl.SSLContext:
        threads.add(threading.get_ident())
        return build()

    monkeypatch.setattr(ssl, "create_default_context", watched)
    await asyncio.gather(*(tls_context(TlsPolicy(alpn=("http/1.1", "x-built-here"))) for _ in range(5)))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """R-36."""
    monkeypatch.setattr(_contexts, "_shared", type(_contexts._shared)())
    for number in range(80):
        await tls_context(TlsPolicy(verify=False, alpn=(f"x-{number}",)))
    assert len(_contexts._shared) == 64


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    trustme = pytest.importorskip("trustme")
    path = tmp_path / "shown.pem"
    trustme.CA().issue_cert("me@shore.example").private_key_and_cert_chain_pem.write_to_path(str(path))
    return path


async def test_a_client_certificate_is_read_once_until_its_file_changes(shown: Path) -> None:
    trustme = pytest.importorskip("trustme")
    policy = TlsPolicy(verify=False, client_certificate=ClientCertificate(shown))
    first = await tls_context(policy)
    assert await tls_context(policy) is first
    assert await tls_context(TlsPolicy(verify=False)) is not first
    trustme.CA().issue_cert("a.longer.name@shore.example").private_key_and_cert_chain_pem.write_to_path(
        str(shown)
    )
    assert await tls_context(policy) is not first


async def test_what_cannot_be_read_is_named(shown: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    for certificate in (ClientCertificate(other), ClientCertificate(shown, other)):
        with pytest.raises(UnusableTls, match=r"the client certificate cannot be used: .*other\.pem"):
            await tls_context(TlsPolicy(client_certificate=certificate))
    other.write_text("no certificate")
    with pytest.raises(UnusableTls, match=r"other\.pem"):
        await tls_context(TlsPolicy(client_certificate=ClientCertificate(other)))


@pytest.fixture
def locked(shown: Path, tmp_path: Path) -> Path:
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    key = serialization.load_pem_private_key(shown.read_bytes(), None)
    path = tmp_path / "key.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"hush"),
        )
    )
    return path


async def test_an_encrypted_key_needs_its_password_and_nobody_is_asked_for_it(
    shown: Path, locked: Path
) -> None:
    await tls_context(TlsPolicy(client_certificate=ClientCertificate(shown, locked, "hush")))
    for wrong in (None, "loud"):
        with pytest.raises(UnusableTls, match="the client certificate") as caught:
            await tls_context(TlsPolicy(client_certificate=ClientCertificate(shown, locked, wrong)))
        assert "loud" not in str(caught.value)


@pytest.mark.parametrize("verify", [True, False])
async def test_keys_are_logged_where_the_environment_says(
    verify: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(path))
    context = await tls_context(TlsPolicy(verify=verify, alpn=("x-logged",)))
    assert context.keylog_filename == str(path)
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "missing" / "keys.log"))
    with pytest.raises(UnusableTls, match=r"SSLKEYLOGFILE cannot be used: .*missing"):
        await tls_context(TlsPolicy(verify=verify, alpn=("x-not-logged",)))
