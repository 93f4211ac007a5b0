"""A private certificate authority and the certificates that the scenes need."""

import hashlib
import ssl
from datetime import datetime, timezone
from pathlib import Path

import trustme

__all__ = ["Authority"]


class Authority:
    """A certificate authority that no trust store knows.

    Attributes:
        file: Its certificate, in PEM.
    """

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def server(self, *names: str) -> ssl.SSLContext:
        """Return a server's context with a certificate for `names`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*names).configure_cert(context)
        return context

    def expired_server(self, *names: str) -> ssl.SSLContext:
        """Return a server's context with a certificate for `names` that has expired."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        past = datetime(2001, 1, 1, tzinfo=timezone.utc)
        self._ca.issue_cert(*names, not_after=past).configure_cert(context)
        return context

    def pinned_server(self, *names: str) -> tuple[ssl.SSLContext, bytes]:
        """Return a server's context, and the SHA-256 digest of its certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate = self._ca.issue_cert(*names)
        certificate.configure_cert(context)
        der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
        return context, hashlib.sha256(der).digest()

    def write(self, *names: str, certificate: Path, key: Path) -> None:
        """Write a certificate for `names` and its key, for a server that is no program of Python."""
        issued = self._ca.issue_cert(*names)
        issued.private_key_pem.write_to_path(str(key))
        certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))

    def client(self) -> ssl.SSLContext:
        """Return a client's context that trusts this authority alone."""
        return ssl.create_default_context(cafile=str(self.file))
