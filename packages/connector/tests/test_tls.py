"""TLS options of two eras, folded into one value."""

from __future__ import annotations

import ssl
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_connector import ClientCertificate, Fingerprint, TlsPolicy, tls_policy

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
        ({"ssl": TlsPolicy(alpn=())}, TlsPolicy(alpn=())),
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


LAX = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
LAX.check_hostname = False
LAX.verify_mode = ssl.CERT_NONE
STRICT_BASE = TlsPolicy(context=CONTEXT, fingerprint=PIN, server_hostname="base.example")
LAX_BASE = TlsPolicy(verify=False, fingerprint=PIN)
SHOWN = ClientCertificate("shown.pem", password="hush")
BUILT = TlsPolicy(trust="certifi", client_certificate=SHOWN, alpn=("http/1.0",))


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
        pytest.param(
            TlsPolicy(server_hostname="x.example"),
            BUILT,
            TlsPolicy(
                trust="certifi", client_certificate=SHOWN, alpn=("http/1.0",), server_hostname="x.example"
            ),
            id="how to build a context is inherited",
        ),
        pytest.param(tls_policy(ssl=True), BUILT, BUILT, id="verified in the way of the base"),
        pytest.param(
            tls_policy(verify_ssl=False),
            BUILT,
            TlsPolicy(verify=False, trust="certifi", client_certificate=SHOWN, alpn=("http/1.0",)),
            id="not verified, the rest as before",
        ),
        pytest.param(
            tls_policy(ssl=False), BUILT, TlsPolicy(verify=False), id="ssl says everything, shown or not"
        ),
        pytest.param(
            tls_policy(ssl=CONTEXT), BUILT, TlsPolicy(context=CONTEXT), id="a context says everything"
        ),
        pytest.param(
            TlsPolicy(client_certificate=SHOWN),
            STRICT_BASE,
            TlsPolicy(client_certificate=SHOWN, fingerprint=PIN, server_hostname="base.example"),
            id="what a context would have to say",
        ),
        pytest.param(
            TlsPolicy(alpn=()),
            BUILT,
            TlsPolicy(trust="certifi", client_certificate=SHOWN, alpn=()),
            id="no protocol is not nothing said",
        ),
    ],
)
def test_a_request_says_more_than_its_connector(
    request_policy: TlsPolicy | None, base: TlsPolicy, expected: TlsPolicy
) -> None:
    assert (base if request_policy is None else request_policy.over(base)) == expected


CONTEXTS = st.sampled_from([None, CONTEXT, LAX])
POINTS = {
    "verify": st.sampled_from([None, True, False]),
    "fingerprint": st.sampled_from([None, PIN, Fingerprint(bytes(32))]),
    "server_hostname": st.sampled_from([None, "x.example"]),
    "is_whole": st.booleans(),
}
BUILDING = {
    "trust": st.sampled_from([None, "system", "certifi"]),
    "client_certificate": st.sampled_from([None, SHOWN]),
    "alpn": st.sampled_from([None, (), ("http/1.1",)]),
}
POLICIES = st.one_of(
    st.builds(TlsPolicy, context=CONTEXTS, **POINTS), st.builds(TlsPolicy, **POINTS, **BUILDING)
)


@given(POLICIES, POLICIES)
def test_what_a_request_says_is_never_lost_and_nothing_is_made_laxer(own: TlsPolicy, base: TlsPolicy) -> None:
    """R-15."""
    merged = own.over(base)
    if own.context is not None:
        assert merged.context is own.context
    elif own.verify is not None:
        assert merged.verifies is own.verify
    else:
        assert merged.verifies or not base.verifies
    for point in ("fingerprint", "server_hostname", "trust", "client_certificate", "alpn"):
        if (said := getattr(own, point)) is not None:
            assert getattr(merged, point) == said
    if own.fingerprint is None and not own.is_whole:
        assert merged.fingerprint == base.fingerprint


@given(POLICIES)
def test_who_says_nothing_gets_what_there_is(base: TlsPolicy) -> None:
    merged = TlsPolicy().over(base)
    assert merged == replace(base, is_whole=False)


@pytest.mark.parametrize("point", [{"trust": "certifi"}, {"client_certificate": SHOWN}, {"alpn": ()}])
def test_a_context_leaves_nothing_to_build(point: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="context"):
        TlsPolicy(context=CONTEXT, **point)


def test_a_keys_password_is_not_shown() -> None:
    assert "hush" not in repr(BUILT)
