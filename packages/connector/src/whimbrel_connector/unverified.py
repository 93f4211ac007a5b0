"""The one warning about TLS that nobody verifies: who switches that off is told so, once."""

import ssl
import warnings

from whimbrel_connector.route import Route
from whimbrel_connector.tls import TlsPolicy

__all__ = ["UnverifiedTlsWarning", "unverified_end", "warn_of_unverified"]


class UnverifiedTlsWarning(UserWarning):
    """A connection is secured with a server that may be anybody: its certificate is not checked.

    Each connector warns once, at its first such connection. A pinned certificate (`Fingerprint`) is a check.
    """


def unverified_end(route: Route) -> str | None:
    """Return who is not verified on the way, in words: the proxy or the origin; None if all TLS is."""
    proxy = route.proxy
    if proxy is not None and proxy.url.scheme == "https" and not _is_checked(Route.way_to(proxy).tls):
        return f"the proxy {proxy.url.host}:{proxy.url.port}"
    return None if _is_checked(route.tls) else route.origin


def warn_of_unverified(end: str, made_at: str) -> None:
    """Warn of TLS with `end`, at the line, `file:number`, that made the connector.

    Raises:
        UnverifiedTlsWarning: The filters of warnings make it an error.
    """
    what = (
        f"TLS with {end} is not verified: whoever is on the way can read and change what is sent. "
        "Trust its certificate with ssl=context, or pin it with ssl=Fingerprint(...). This is said once "
        "for a connector"
    )
    file, _, line = made_at.rpartition(":")
    warnings.warn_explicit(what, UnverifiedTlsWarning, file, int(line))


def _is_checked(policy: TlsPolicy | None) -> bool:
    if policy is None or policy.fingerprint is not None:
        return True
    if policy.context is not None:
        return policy.context.verify_mode is not ssl.CERT_NONE
    return policy.verify is not False
