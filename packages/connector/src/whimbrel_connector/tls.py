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


class Fingerprint:
    """A certificate's digest; two of one digest are equal.

    Args:
        fingerprint: The digest of the DER certificate: 32 bytes of SHA-256, or its 64 hexadecimal
            digits, colons allowed; 20 bytes of SHA-1 or 16 of MD5 are taken with a DeprecationWarning.

    Attributes:
        given: What the caller gave.
    """

    __slots__ = ("_digest", "given")

    def __init__(self, fingerprint: bytes | str) -> None:
        self.given = fingerprint
        self._digest = _digest_of(fingerprint)

    @property
    def fingerprint(self) -> bytes:
        """The digest."""
        return self._digest

    def of(self, certificate: bytes) -> bytes:
        """Return the same kind of digest of another certificate (DER)."""
        name = _DIGESTS[len(self._digest)]
        return hashlib.new(name, certificate, usedforsecurity=name == "sha256").digest()

    def in_form(self, digest: bytes) -> bytes | str:
        """Return `digest` in the form in which this one was given."""
        if self.given == self._digest:
            return digest
        text = digest.hex(":") if _has_colons(self.given) else digest.hex()
        return text if isinstance(self.given, str) else text.encode()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fingerprint) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.given!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsPolicy:
    """What a TLS connection must satisfy; None leaves a point open.

    Attributes:
        verify: Check the certificate chain and the host name; open means yes. Where a `context` is
            given, that decides.
        context: The caller's own context.
        fingerprint: What the server's certificate must match besides.
        server_hostname: The name to send (SNI) and to check instead of the URL's host.
        is_whole: Nothing is left open but `server_hostname`: no fingerprint means none.
    """

    verify: bool | None = None
    context: ssl_module.SSLContext | None = None
    fingerprint: Fingerprint | None = None
    server_hostname: str | None = None
    is_whole: bool = False

    @property
    def verifies(self) -> bool:
        """Whether certificates are checked."""
        if self.context is not None:
            return self.context.verify_mode is ssl_module.CERT_REQUIRED
        return self.verify is not False

    def over(self, base: "TlsPolicy") -> "TlsPolicy":
        """Return this policy with what it leaves open taken from `base`.

        To verify is content with a `base` that does, in its own way; not to verify, or a context, is not.
        """
        is_content = self.context is None and (self.verify is None or (self.verify and base.verifies))
        trust = base if is_content else self
        inherits_pin = self.fingerprint is None and not self.is_whole
        return TlsPolicy(
            verify=trust.verify,
            context=trust.context,
            fingerprint=base.fingerprint if inherits_pin else self.fingerprint,
            server_hostname=self.server_hostname or base.server_hostname,
        )


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
        pin = Fingerprint(fingerprint) if fingerprint is not None else None
        return TlsPolicy(verify=verify_ssl, context=ssl_context, fingerprint=pin)
    if ssl is None:
        return None
    if isinstance(ssl, bool):
        return TlsPolicy(verify=ssl, is_whole=True)
    if isinstance(ssl, Fingerprint):
        return TlsPolicy(verify=False, fingerprint=ssl, is_whole=True)
    if isinstance(ssl, ssl_module.SSLContext):
        return TlsPolicy(context=ssl, is_whole=True)
    msg = f"ssl should be SSLContext, Fingerprint, or bool, got {ssl!r} instead."  # type: ignore[unreachable]  # reached by callers without a type checker
    raise TypeError(msg)


def _digest_of(fingerprint: bytes | str) -> bytes:
    """Return the digest, from its bytes or from 64 hexadecimal digits (colons allowed)."""
    text = fingerprint if isinstance(fingerprint, str) else None
    if isinstance(fingerprint, bytes):
        if len(fingerprint) in _DIGESTS:
            if len(fingerprint) != 32:
                msg = f"{_DIGESTS[len(fingerprint)]} fingerprints can be forged: use sha256"
                warnings.warn(msg, DeprecationWarning, stacklevel=5)
            return fingerprint
        text = fingerprint.decode("latin-1")
    digits = (text or "").replace(":", "")
    if len(digits) != 64 or any(digit not in hexdigits for digit in digits):
        msg = "a fingerprint is a digest of 16, 20 or 32 bytes, or the 64 hexadecimal digits of SHA-256"
        raise ValueError(msg)
    return bytes.fromhex(digits)


def _has_colons(fingerprint: bytes | str) -> bool:
    return ":" in fingerprint if isinstance(fingerprint, str) else b":" in fingerprint


_shared: dict[bool, ssl_module.SSLContext] = {}
_building = threading.Lock()


async def tls_context(policy: TlsPolicy) -> ssl_module.SSLContext:
    """Return the context for `policy`: the caller's own, or one that all share.

    The shared ones read the trust store (OpenSSL's default paths, or those that `SSL_CERT_FILE` and
    `SSL_CERT_DIR` name) once, in a thread: it takes milliseconds that would stop the loop.
    """
    if policy.context is not None:
        return policy.context
    verify = policy.verify is not False
    known = _shared.get(verify)
    if known is None:
        known = await asyncio.get_running_loop().run_in_executor(None, _shared_context, verify)
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
    pin = policy.fingerprint
    if pin is None:
        return
    got = pin.of(certificate)
    if not hmac.compare_digest(got, pin.fingerprint):
        raise FingerprintMismatch(pin.given, pin.in_form(got), host, port)
