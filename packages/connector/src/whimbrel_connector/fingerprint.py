"""A certificate known by its digest."""

import hashlib
import hmac
import warnings
from string import hexdigits

from whimbrel_connector.errors import FingerprintMismatch

__all__ = ["Fingerprint", "check_fingerprint"]

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


def check_fingerprint(pin: Fingerprint, certificate: bytes, host: str, port: int) -> None:
    """Compare the pinned digest with that of `certificate` (DER), in constant time.

    Raises:
        FingerprintMismatch: They differ.
    """
    got = pin.of(certificate)
    if not hmac.compare_digest(got, pin.fingerprint):
        raise FingerprintMismatch(pin.given, pin.in_form(got), host, port)


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
