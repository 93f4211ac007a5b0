"""TLS options of two eras, folded into one value."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import warnings
from typing import Any

import pytest

from whimbrel_connector import Fingerprint, FingerprintMismatch, TlsPolicy, tls_policy
from whimbrel_connector.tls import check_fingerprint, tls_context

SHA256 = bytes(range(32))
PIN = Fingerprint(SHA256)
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.mark.parametrize(
    ("options", "policy"),
    [
        ({}, None),
        ({"ssl": True}, TlsPolicy(verify=True, is_whole=True)),
        ({"ssl": False}, TlsPolicy(verify=False, is_whole=True)),
        ({"ssl": CONTEXT}, TlsPolicy(context=CONTEXT, is_whole=True)),
        ({"ssl": PIN}, TlsPolicy(verify=False, fingerprint=PIN, is_whole=True)),
        ({"verify_ssl": True}, TlsPolicy(verify=True)),
        ({"verify_ssl": False}, TlsPolicy(verify=False)),
        ({"ssl_context": CONTEXT}, TlsPolicy(context=CONTEXT)),
        ({"ssl_context": CONTEXT, "verify_ssl": True}, TlsPolicy(verify=True, context=CONTEXT)),
        ({"fingerprint": SHA256}, TlsPolicy(fingerprint=PIN)),
        ({"fingerprint": SHA256, "verify_ssl": False}, TlsPolicy(verify=False, fingerprint=PIN)),
    ],
)
def test_options_become_a_policy(options: dict[str, Any], policy: TlsPolicy | None) -> None:
    assert tls_policy(**options) == policy


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"verify_ssl": False, "ssl_context": CONTEXT}, ValueError),
        ({"ssl": False, "verify_ssl": True}, ValueError),
        ({"ssl": CONTEXT, "fingerprint": SHA256}, ValueError),
        ({"ssl": "yes"}, TypeError),
        ({"fingerprint": b"short"}, ValueError),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        tls_policy(**options)


@pytest.mark.parametrize(
    "form",
    [SHA256, SHA256.hex(), SHA256.hex().upper(), SHA256.hex().encode(), ":".join(f"{n:02x}" for n in SHA256)],
)
def test_a_fingerprint_has_several_forms(form: bytes | str) -> None:
    assert Fingerprint(form).fingerprint == SHA256


@pytest.mark.parametrize(
    "form", [b"", "", b"x" * 31, "0x" + "0" * 62, "0" * 63 + "g", "0" * 40, "\uff10" * 64]
)
def test_what_is_no_digest_is_refused(form: bytes | str) -> None:
    with pytest.raises(ValueError):
        Fingerprint(form)


@pytest.mark.parametrize(("name", "size"), [("md5", 16), ("sha1", 20)])
def test_digests_that_can_be_forged_are_taken_with_a_warning(name: str, size: int) -> None:
    digest = hashlib.new(name, b"der", usedforsecurity=False).digest()
    assert len(digest) == size
    with pytest.warns(DeprecationWarning, match=name):
        policy = tls_policy(fingerprint=digest)
    assert policy is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_fingerprint(policy, b"der", "shore.example", 443)
        with pytest.raises(FingerprintMismatch):
            check_fingerprint(policy, b"another", "shore.example", 443)


@pytest.mark.parametrize(
    "given", [SHA256, SHA256.hex(), SHA256.hex().encode(), SHA256.hex(":"), SHA256.hex(":").encode()]
)
def test_a_mismatch_is_told_in_the_form_that_was_given(given: bytes | str) -> None:
    policy = tls_policy(fingerprint=given)
    assert policy is not None
    with pytest.raises(FingerprintMismatch) as caught:
        check_fingerprint(policy, b"der", "shore.example", 443)
    assert caught.value.expected == given
    assert type(caught.value.got) is type(given)
    assert len(caught.value.got) == len(given)
    assert Fingerprint(caught.value.got).fingerprint == hashlib.sha256(b"der").digest()


LAX = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
LAX.check_hostname = False
LAX.verify_mode = ssl.CERT_NONE
STRICT_BASE = TlsPolicy(context=CONTEXT, fingerprint=PIN, server_hostname="base.example")
LAX_BASE = TlsPolicy(verify=False, fingerprint=PIN)


@pytest.mark.parametrize(
    ("request_policy", "base", "expected"),
    [
        pytest.param(tls_policy(), STRICT_BASE, STRICT_BASE, id="nothing said"),
        pytest.param(
            TlsPolicy(server_hostname="x.example"),
            STRICT_BASE,
            TlsPolicy(context=CONTEXT, fingerprint=PIN, server_hostname="x.example"),
            id="S197 a name alone",
        ),
        pytest.param(
            tls_policy(verify_ssl=True),
            LAX_BASE,
            TlsPolicy(verify=True, fingerprint=PIN),
            id="S199 verify after all",
        ),
        pytest.param(
            tls_policy(verify_ssl=True), STRICT_BASE, STRICT_BASE, id="the base verifies in its own way"
        ),
        pytest.param(
            tls_policy(verify_ssl=True),
            TlsPolicy(context=LAX),
            TlsPolicy(verify=True),
            id="a context that does not",
        ),
        pytest.param(
            tls_policy(verify_ssl=False),
            STRICT_BASE,
            TlsPolicy(verify=False, fingerprint=PIN, server_hostname="base.example"),
            id="S167 not verified, but pinned",
        ),
        pytest.param(
            tls_policy(ssl=False),
            STRICT_BASE,
            TlsPolicy(verify=False, server_hostname="base.example"),
            id="ssl says everything",
        ),
        pytest.param(
            tls_policy(ssl_context=CONTEXT),
            LAX_BASE,
            TlsPolicy(context=CONTEXT, fingerprint=PIN),
            id="S198 a context",
        ),
        pytest.param(
            tls_policy(fingerprint=bytes(32)),
            STRICT_BASE,
            TlsPolicy(context=CONTEXT, fingerprint=Fingerprint(bytes(32)), server_hostname="base.example"),
            id="S197 another pin",
        ),
        pytest.param(
            tls_policy(ssl=Fingerprint(bytes(32))),
            STRICT_BASE,
            TlsPolicy(verify=False, fingerprint=Fingerprint(bytes(32)), server_hostname="base.example"),
            id="a pin instead of the chain",
        ),
    ],
)
def test_a_request_says_more_than_its_connector(
    request_policy: TlsPolicy | None, base: TlsPolicy, expected: TlsPolicy
) -> None:
    assert (base if request_policy is None else request_policy.over(base)) == expected


def test_no_pin_is_no_check() -> None:
    check_fingerprint(TlsPolicy(), b"", "shore.example", 443)


async def test_contexts_are_shared_and_say_what_the_policy_says() -> None:
    verifying = await asyncio.gather(*(tls_context(TlsPolicy()) for _ in range(20)))
    assert all(context is verifying[0] for context in verifying)
    assert (verifying[0].verify_mode, verifying[0].check_hostname) == (ssl.CERT_REQUIRED, True)
    lax = await tls_context(TlsPolicy(verify=False))
    assert (lax.verify_mode, lax.check_hostname) == (ssl.CERT_NONE, False)
    assert await tls_context(TlsPolicy(verify=False, fingerprint=PIN)) is lax
    assert await tls_context(TlsPolicy(context=CONTEXT)) is CONTEXT
