"""Fingerprints in all their forms, and certificates compared with them."""

from __future__ import annotations

import hashlib
import warnings

import pytest

from whimbrel_connector import Fingerprint, FingerprintMismatch
from whimbrel_connector.fingerprint import check_fingerprint

SHA256 = bytes(range(32))


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
        pin = Fingerprint(digest)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_fingerprint(pin, b"der", "shore.example", 443)
        with pytest.raises(FingerprintMismatch):
            check_fingerprint(pin, b"another", "shore.example", 443)


@pytest.mark.parametrize(
    "given", [SHA256, SHA256.hex(), SHA256.hex().encode(), SHA256.hex(":"), SHA256.hex(":").encode()]
)
def test_a_mismatch_is_told_in_the_form_that_was_given(given: bytes | str) -> None:
    pin = Fingerprint(given)
    with pytest.raises(FingerprintMismatch) as caught:
        check_fingerprint(pin, b"der", "shore.example", 443)
    assert caught.value.expected == given
    assert type(caught.value.got) is type(given)
    assert len(caught.value.got) == len(given)
    assert Fingerprint(caught.value.got).fingerprint == hashlib.sha256(b"der").digest()
