"""Canonical host names, and which domain covers which host (RFC 6265bis sections 5.1.2 and 5.1.3).

One function gives a host its one spelling; everything else in this package compares only such spellings.
"""

import ipaddress
import re
from functools import lru_cache

import idna

__all__ = ["canonical_host", "domain_match", "is_ip_address", "parent_domains"]

_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*").fullmatch
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*").fullmatch
_QUAD = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}").fullmatch
_HOST_CHARACTERS = 253


@lru_cache(maxsize=1024)
def canonical_host(host: str) -> str | None:
    """Return the one spelling of `host`, or None where it cannot name a host.

    Names become lower case, international ones are encoded (IDNA 2008 with UTS 46 mapping), and one
    trailing dot goes. IPv6 literals, with or without brackets, are compressed. A name that ends in a number
    is an IPv4 address or nothing: short, octal and hexadecimal spellings are refused.

    >>> canonical_host("WWW.Bücher.Example.")
    'www.xn--bcher-kva.example'
    >>> canonical_host("[2001:DB8:0::1]"), canonical_host("127.1")
    ('2001:db8::1', None)
    """
    if host.startswith("[") and host.endswith("]"):
        return _canonical_ipv6(host[1:-1])
    return _canonical_ipv6(host) if ":" in host else _canonical_name(host)


def is_ip_address(host: str) -> bool:
    """Tell whether a canonical host is an address rather than a name."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def domain_match(host: str, domain: str) -> bool:
    """Tell whether `domain` covers `host` (RFC 6265bis section 5.1.3); both canonical.

    >>> domain_match("www.shore.example", "shore.example")
    True
    >>> domain_match("offshore.example", "shore.example")
    False
    """
    if host == domain:
        return True
    return bool(domain) and host.endswith("." + domain) and not is_ip_address(host)


def parent_domains(host: str) -> list[str]:
    """Return the domains above a canonical host name, nearest first.

    >>> parent_domains("a.shore.example")
    ['shore.example', 'example']
    """
    if is_ip_address(host):
        return []
    parents = []
    dot = host.find(".")
    while dot >= 0:
        parents.append(host[dot + 1 :])
        dot = host.find(".", dot + 1)
    return parents


def _canonical_name(name: str) -> str | None:
    # The limit stands before the encoder, whose work grows faster than its input.
    if len(name) > _HOST_CHARACTERS + 1:
        return None
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except UnicodeError:
            return None
    name = name.lower().removesuffix(".")
    if len(name) > _HOST_CHARACTERS or not _NAME(name):
        return None
    return name if _is_quad(name) or not _NUMBER(name.rpartition(".")[2]) else None


def _canonical_ipv6(text: str) -> str | None:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped
    if mapped is not None and address.scope_id is None:
        # Interpreters differ in how they print these: hexadecimal everywhere, then.
        high, low = divmod(int(mapped), 1 << 16)
        return f"::ffff:{high:x}:{low:x}"
    return str(address)


def _is_quad(host: str) -> bool:
    return bool(_QUAD(host)) and all(int(part) <= 255 for part in host.split("."))
