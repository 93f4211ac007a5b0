"""Whom a context trusts: certificates are loaded into it, and what was loaded is said in words.

It reads files: for a thread, not for the loop.
"""

import os
import re
import ssl
import sys

from whimbrel_connector.errors import UnusableTls
from whimbrel_connector.tls import TrustStore

__all__ = ["trusting_context"]

_hashed_name = re.compile(r"[0-9a-f]{8}\.[0-9]+").fullmatch  # as `openssl rehash` names them


def trusting_context(trust: TrustStore | None) -> tuple[ssl.SSLContext, str]:
    """Return a client's context that verifies, and whom it trusts, in words.

    Raises:
        UnusableTls: A library is asked for that is not installed.
    """
    if trust == "truststore":
        return _truststore()
    if trust == "certifi":
        return _certifi("")
    context = ssl.create_default_context()
    paths = _system_paths()
    if paths or sys.platform == "win32" or context.cert_store_stats()["x509_ca"]:
        return context, f"the system's store ({', '.join(paths) or sys.platform})"
    named = _named_paths()
    if trust is None and not named:
        try:
            return _certifi("; no system store was found")
        except UnusableTls:
            named = "certifi is not installed either: pip install 'whimbrel-connector[certifi]'"
    return context, f"nobody: no system store was found; {named}"


def _system_paths() -> list[str]:
    """Return the file and the folder that OpenSSL reads by default, where they hold something."""
    paths = ssl.get_default_verify_paths()
    found = [paths.cafile] if paths.cafile else []
    if paths.capath and any(map(_hashed_name, os.listdir(paths.capath))):
        found.append(paths.capath)
    return found


def _named_paths() -> str:
    """Return the variables that name a store: who sets them wants no other."""
    paths = ssl.get_default_verify_paths()
    names = (paths.openssl_cafile_env, paths.openssl_capath_env)
    return ", ".join(f"{name}={os.environ[name]}" for name in names if os.environ.get(name))


def _certifi(why: str) -> tuple[ssl.SSLContext, str]:
    try:
        import certifi  # noqa: PLC0415  an extra
    except ImportError as absent:
        raise UnusableTls("trust", "it needs certifi: pip install 'whimbrel-connector[certifi]'") from absent
    return ssl.create_default_context(cafile=certifi.where()), f"certifi {certifi.__version__}{why}"


def _truststore() -> tuple[ssl.SSLContext, str]:
    try:
        import truststore  # noqa: PLC0415  an extra
    except ImportError as absent:
        what = "it needs truststore: pip install 'whimbrel-connector[truststore]'"
        raise UnusableTls("trust", what) from absent
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return context, f"truststore {truststore.__version__}"
