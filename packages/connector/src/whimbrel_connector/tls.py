"""What a TLS connection must satisfy, as one value."""

import os
import ssl as ssl_module
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from whimbrel_connector.fingerprint import Fingerprint

__all__ = ["ClientCertificate", "TlsOption", "TlsPolicy", "TrustStore", "tls_policy"]

TrustStore: TypeAlias = Literal["system", "certifi", "truststore"]


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """The certificate that this side shows where a server asks for one.

    The files are read when a connection first needs them, and again for new connections once they changed.

    Attributes:
        certificate: Path of the certificate with its chain, in PEM.
        key: Path of its key in PEM; None: it stands in the same file.
        password: The key's password, or None where it has none. It is not shown.
    """

    certificate: str | os.PathLike[str]
    key: str | os.PathLike[str] | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsPolicy:
    """What a TLS connection must satisfy; None leaves a point open.

    Attributes:
        verify: Check the certificate chain and the host name; open means yes. Where a `context` is
            given, that decides.
        context: The caller's own context. It must not change once it was used: connections, and TLS
            sessions for an hour, outlive what it said when they were made.
        fingerprint: What the server's certificate must match besides.
        server_hostname: The name to send (SNI) and to check instead of the URL's host.
        is_whole: Nothing is left open but `server_hostname`: no fingerprint means none.
        trust: Whom to trust where no context is given. "system": OpenSSL's default paths, or those that
            SSL_CERT_FILE and SSL_CERT_DIR name, or the stores of Windows. "certifi" and "truststore": what
            these libraries know; each needs the extra of that name. Open means the system, or certifi
            where there is no system store and certifi is installed.
        client_certificate: What to show to a server that asks, where no context is given.
        alpn: The protocols to offer (RFC 7301), where no context is given; open means http/1.1, and an
            empty tuple offers none. What a server chooses besides http/1.1 and http/1.0 fails.

    Raises:
        ValueError: `trust`, `client_certificate` or `alpn` stand beside a `context`, which says them itself.
    """

    verify: bool | None = None
    context: ssl_module.SSLContext | None = None
    fingerprint: Fingerprint | None = None
    server_hostname: str | None = None
    is_whole: bool = False
    trust: TrustStore | None = None
    client_certificate: ClientCertificate | None = None
    alpn: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.context is not None and self._builds:
            msg = "a context says trust, client_certificate and alpn itself"
            raise ValueError(msg)

    @property
    def verifies(self) -> bool:
        """Whether certificates are checked."""
        if self.context is not None:
            return self.context.verify_mode is ssl_module.CERT_REQUIRED
        return self.verify is not False

    def over(self, base: "TlsPolicy") -> "TlsPolicy":
        """Return this policy with what it leaves open taken from `base`.

        To verify is content with a `base` that does, in its own way; not to verify, or a context, is not,
        nor is what a context of `base` would have to say.
        """
        is_content = self.context is None and (self.verify is None or (self.verify and base.verifies))
        is_content = is_content and not (self._builds and base.context is not None)
        way = base if is_content else self
        inherits_pin = self.fingerprint is None and not self.is_whole
        own, below = self, base if is_content or not self.is_whole else _SILENT
        if way.context is not None:  # it says all that is left
            own = below = _SILENT
        return TlsPolicy(
            verify=way.verify,
            context=way.context,
            fingerprint=base.fingerprint if inherits_pin else self.fingerprint,
            server_hostname=self.server_hostname or base.server_hostname,
            trust=below.trust if own.trust is None else own.trust,
            client_certificate=own.client_certificate or below.client_certificate,
            alpn=below.alpn if own.alpn is None else own.alpn,
        )

    @property
    def _builds(self) -> bool:
        """Whether it says how a context is to be built."""
        return not (self.trust is None and self.client_certificate is None and self.alpn is None)


_SILENT = TlsPolicy()

TlsOption: TypeAlias = bool | Fingerprint | ssl_module.SSLContext | TlsPolicy


def tls_policy(
    *,
    ssl: TlsOption | None = None,
    verify_ssl: bool | None = None,
    ssl_context: ssl_module.SSLContext | None = None,
    fingerprint: bytes | str | None = None,
) -> TlsPolicy | None:
    """Fold aiohttp's two generations of TLS options into one policy.

    Args:
        ssl: True to verify, False not to, a context to use, a fingerprint to check instead of the
            chain, a policy, or None to say nothing.
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
    if isinstance(ssl, TlsPolicy):
        return ssl
    if isinstance(ssl, bool):
        return TlsPolicy(verify=ssl, is_whole=True)
    if isinstance(ssl, Fingerprint):
        return TlsPolicy(verify=False, fingerprint=ssl, is_whole=True)
    if isinstance(ssl, ssl_module.SSLContext):
        return TlsPolicy(context=ssl, is_whole=True)
    msg = f"ssl should be SSLContext, Fingerprint, or bool, got {ssl!r} instead."  # type: ignore[unreachable]  # reached by callers without a type checker
    raise TypeError(msg)
