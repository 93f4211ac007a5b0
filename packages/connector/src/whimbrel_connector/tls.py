"""What a TLS connection must satisfy, as one value; and the contexts that follow from it.

Contexts are built once per policy and shared: building one reads a whole trust store from disk.
"""

import asyncio
import hashlib
import hmac
import ssl as ssl_module
import threading
import warnings
from dataclasses import dataclass
from string import hexdigits

from whimbrel_connector.errors import FingerprintMismatch

__all__ = ["Fingerprint", "TlsPolicy", "check_fingerprint", "tls_context", "tls_policy"]

_DIGESTS = {16: "md5", 20: "sha1", 32: "sha256"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsPolicy:
    """What a TLS connection must satisfy.

    Attributes:
        verify: Check the certificate chain and the host name. Ignored when `context` is given.
        context: The caller's own context, or None for the default one.
        fingerprint: Digest of the server's DER certificate that must match besides: 32 bytes of
            SHA-256, or, where an old pin must be kept, 20 of SHA-1 or 16 of MD5. Empty: no pin.
        server_hostname: The name to send (SNI) and to check instead of the URL's host, or None.
    """

    verify: bool = True
    context: ssl_module.SSLContext | None = None
    fingerprint: bytes = b""
    server_hostname: str | None = None

    def __post_init__(self) -> None:
        """Refuse a fingerprint that is no digest."""
        if self.fingerprint and len(self.fingerprint) not in _DIGESTS:
            msg = f"a fingerprint has 16, 20 or 32 bytes, not {len(self.fingerprint)}"
            raise ValueError(msg)


class Fingerprint:
    """A certificate's digest, to be checked in place of the chain of trust.

    Args:
        fingerprint: The digest of the DER certificate: 32 bytes of SHA-256, or its 64 hexadecimal
            digits; 20 bytes of SHA-1 or 16 of MD5 are taken with a DeprecationWarning.
    """

    def __init__(self, fingerprint: bytes | str) -> None:
        self._fingerprint = _digest_of(fingerprint)

    @property
    def fingerprint(self) -> bytes:
        """The digest."""
        return self._fingerprint


def tls_policy(
    *,
    ssl: bool | Fingerprint | ssl_module.SSLContext | None = None,
    verify_ssl: bool | None = None,
    ssl_context: ssl_module.SSLContext | None = None,
    fingerprint: bytes | str | None = None,
) -> TlsPolicy | None:
    """Fold aiohttp's two generations of TLS options into one policy.

    Args:
        ssl: True to verify, False not to, a context to use, a fingerprint to check instead of the
            chain, or None to say nothing.
        verify_ssl: The earlier spelling of True and False.
        ssl_context: The earlier spelling of a context.
        fingerprint: A digest to check besides the chain.

    Returns:
        The policy, or None when nothing was said.

    Raises:
        ValueError: `verify_ssl=False` together with a context, or options of both generations.
        TypeError: `ssl` is nothing of the above.
    """
    if verify_ssl is False and ssl_context is not None:
        msg = "verify_ssl=False and ssl_context are mutually exclusive"
        raise ValueError(msg)
    earlier = verify_ssl is not None or ssl_context is not None or fingerprint is not None
    if earlier:
        if ssl is not None and ssl is not True:
            msg = "ssl and verify_ssl, ssl_context or fingerprint are mutually exclusive"
            raise ValueError(msg)
        pin = _digest_of(fingerprint) if fingerprint is not None else b""
        return TlsPolicy(verify=verify_ssl is not False, context=ssl_context, fingerprint=pin)
    if ssl is None:
        return None
    if isinstance(ssl, bool):
        return TlsPolicy(verify=ssl)
    if isinstance(ssl, Fingerprint):
        return TlsPolicy(verify=False, fingerprint=ssl.fingerprint)
    if isinstance(ssl, ssl_module.SSLContext):
        return TlsPolicy(context=ssl)
    msg = f"ssl should be SSLContext, Fingerprint, or bool, got {ssl!r} instead."  # type: ignore[unreachable]  # reached by callers without a type checker
    raise TypeError(msg)


def _digest_of(fingerprint: bytes | str) -> bytes:
    """Return the digest, from its bytes or from 64 hexadecimal digits (colons allowed)."""
    text = fingerprint if isinstance(fingerprint, str) else None
    if isinstance(fingerprint, bytes):
        if len(fingerprint) in _DIGESTS:
            if len(fingerprint) != 32:
                msg = f"{_DIGESTS[len(fingerprint)]} fingerprints can be forged: use sha256"
                warnings.warn(msg, DeprecationWarning, stacklevel=4)
            return fingerprint
        text = fingerprint.decode("latin-1")
    digits = (text or "").replace(":", "")
    if len(digits) != 64 or any(digit not in hexdigits for digit in digits):
        msg = "a fingerprint is a digest of 16, 20 or 32 bytes, or the 64 hexadecimal digits of SHA-256"
        raise ValueError(msg)
    return bytes.fromhex(digits)


_shared: dict[bool, ssl_module.SSLContext] = {}
_building = threading.Lock()


async def tls_context(policy: TlsPolicy) -> ssl_module.SSLContext:
    """Return the context for `policy`: the caller's own, or one that all share.

    The shared ones read the trust store (OpenSSL's default paths, or those that `SSL_CERT_FILE` and
    `SSL_CERT_DIR` name) once, in a thread: it takes milliseconds that would stop the loop.
    """
    if policy.context is not None:
        return policy.context
    known = _shared.get(policy.verify)
    if known is None:
        known = await asyncio.get_running_loop().run_in_executor(None, _shared_context, policy.verify)
    return known


def _shared_context(verify: bool) -> ssl_module.SSLContext:
    with _building:
        known = _shared.get(verify)
        if known is None:
            known = _shared[verify] = _build_context(verify)
        return known


def _build_context(verify: bool) -> ssl_module.SSLContext:
    context = ssl_module.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl_module.CERT_NONE
    return context


def check_fingerprint(policy: TlsPolicy, certificate: bytes, host: str, port: int) -> None:
    """Compare the pinned digest with that of `certificate` (DER), in constant time.

    Raises:
        FingerprintMismatch: They differ.
    """
    if not policy.fingerprint:
        return
    name = _DIGESTS[len(policy.fingerprint)]
    got = hashlib.new(name, certificate, usedforsecurity=name == "sha256").digest()
    if not hmac.compare_digest(got, policy.fingerprint):
        raise FingerprintMismatch(policy.fingerprint, got, host, port)
