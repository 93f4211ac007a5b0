"""From a policy to the context of its handshakes.

A context is built once for each way to build it, in a thread, and shared: reading a trust store takes
milliseconds that would stop the loop. Where SSLKEYLOGFILE names a file, the keys of connections under these
contexts are written there, as by other programs, so that a capture of the traffic can be read.
"""

import asyncio
import os
import ssl
import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from whimbrel_connector._trust import trusting_context
from whimbrel_connector.errors import UnusableTls
from whimbrel_connector.tls import ClientCertificate, TlsPolicy, TrustStore

__all__ = ["tls_context", "trusted_by"]

_MOST_SHARED = 64
_SPOKEN = ("http/1.1",)


@dataclass(frozen=True, slots=True)
class _Recipe:
    """All that makes one context different from another."""

    verify: bool
    trust: TrustStore | None
    alpn: tuple[str, ...]
    client_certificate: ClientCertificate | None
    files: tuple[tuple[int, int, int], ...] = ()


_shared: OrderedDict[_Recipe, ssl.SSLContext] = OrderedDict()
_trusted: WeakKeyDictionary[ssl.SSLContext, str] = WeakKeyDictionary()
_building = threading.Lock()


async def tls_context(policy: TlsPolicy) -> ssl.SSLContext:
    """Return the context for `policy`: the caller's own, or one that all share.

    Raises:
        UnusableTls: It cannot be built: a file cannot be read, or a library is not installed.
    """
    if policy.context is not None:
        return policy.context
    recipe = _recipe(policy)
    known = _shared.get(recipe)
    if known is None:
        known = await asyncio.get_running_loop().run_in_executor(None, _share, recipe)
    return known


def trusted_by(context: ssl.SSLContext) -> str:
    """Return in words whom a certificate had to come from under a context that `tls_context` gave."""
    return _trusted.get(context, "the context given")


def _recipe(policy: TlsPolicy) -> _Recipe:
    alpn = _SPOKEN if policy.alpn is None else policy.alpn
    verify, shown = policy.verify is not False, policy.client_certificate
    trust = policy.trust if verify else None
    return _Recipe(verify, trust, alpn, shown, _states(shown) if shown is not None else ())


def _states(shown: ClientCertificate) -> tuple[tuple[int, int, int], ...]:
    """Return what changes with the files."""
    try:
        found = [os.stat(path) for path in (shown.certificate, shown.key) if path is not None]
    except OSError as fault:
        raise UnusableTls("the client certificate", str(fault)) from fault
    return tuple((state.st_ino, state.st_mtime_ns, state.st_size) for state in found)


def _share(recipe: _Recipe) -> ssl.SSLContext:
    with _building:
        known = _shared.get(recipe)
        if known is None:
            try:
                known = _build(recipe)
            except OSError as fault:
                raise UnusableTls("SSLKEYLOGFILE", str(fault)) from fault
            _shared[recipe] = known
            if len(_shared) > _MOST_SHARED:
                _shared.popitem(last=False)
        return known


def _build(recipe: _Recipe) -> ssl.SSLContext:
    if recipe.verify:
        context, trusted = trusting_context(recipe.trust)
    else:
        context, trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "everybody"
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    _log_keys(context)
    if recipe.alpn:
        context.set_alpn_protocols(list(recipe.alpn))
    if recipe.client_certificate is not None:
        _load(context, recipe.client_certificate)
    _trusted[context] = trusted
    return context


def _log_keys(context: ssl.SSLContext) -> None:
    """Do as `ssl.create_default_context` does, where the context was made in another way."""
    name = os.environ.get("SSLKEYLOGFILE")
    if name and not sys.flags.ignore_environment:
        context.keylog_filename = name


def _load(context: ssl.SSLContext, shown: ClientCertificate) -> None:
    try:
        # Without a password OpenSSL would ask for one at the terminal.
        context.load_cert_chain(shown.certificate, shown.key, shown.password or "")
    except (OSError, ValueError) as fault:
        raise UnusableTls("the client certificate", f"{os.fspath(shown.certificate)}: {fault}") from fault
