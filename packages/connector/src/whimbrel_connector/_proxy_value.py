"""The proxy that one variable of the environment names.

Text goes in through `read_proxy`; a URL comes out, or in words what is wrong with the text.
"""

import re

from yarl import URL

from whimbrel_connector._no_proxy import Address, read_host

__all__ = ["masked", "read_proxy"]

_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_SOCKS_PORT = 1080  # registered for it, and what curl and Go take

_scheme_of = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://").match
_unescaped = re.compile(r"[\x00-\x20\x7f/?#\\]").search
_host_name = re.compile(r"[A-Za-z0-9_.-]+").fullmatch


def read_proxy(value: str) -> URL | str:
    """Return the proxy's URL, or in words what is wrong with it, without quoting the value."""
    explicit = _scheme_of(value)
    scheme = explicit[1].lower() if explicit else "http"
    if scheme == "socks":  # what some desktops write, and curl takes for version 4
        scheme = "socks4"
    if scheme not in _SCHEMES:
        return f"a scheme other than {', '.join(_SCHEMES[:-1])} or {_SCHEMES[-1]}"
    authority = (value[explicit.end() :] if explicit else value).removesuffix("/")
    # A password with a raw "/" would otherwise turn its beginning into the host that is trusted.
    if (found := _unescaped(authority)) is not None:
        return f"{found[0]!a}, to be written %{ord(found[0]):02X},"
    try:
        proxy = URL(f"{scheme}://{authority}")
        host, port = proxy.raw_host or "", proxy.explicit_port
    except ValueError:  # its text may quote the password: it is not chained
        return "no valid host or port"
    if port == 0 or not (_host_name(host) or isinstance(read_host(host), Address)):
        return "no valid host or port"
    return proxy.with_port(_SOCKS_PORT) if port is None and scheme.startswith("socks") else proxy


def masked(value: str) -> str:
    """Return a proxy's text with `***` for all before its last "@" but the scheme."""
    credentials, at, place = value.rpartition("@")
    if not at:
        return value
    scheme = _scheme_of(credentials)
    return f"{scheme[0] if scheme else ''}***@{place}"
