"""Which addresses a connector may connect to: the hook, and one ready for use against SSRF.

A host name says nothing about where it leads. An address filter sees what it led to, whatever way it came:
by a resolver, as a literal in a URL, by a redirect.
"""

from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Protocol

__all__ = ["AddressFilter", "public_addresses_only"]


class AddressFilter(Protocol):
    """Decides about each address before a connection to it is opened."""

    def __call__(self, host: str, address: IPv4Address | IPv6Address, port: int, /) -> str | None:
        """Return None to allow the connection, or the reason why not, in a few words.

        Args:
            host: The host name, or the literal address, that was asked for; a proxy's where there is one.
            address: What it led to.
            port: The port of the connection.
        """


def public_addresses_only(host: str, address: IPv4Address | IPv6Address, port: int, /) -> str | None:
    """Allow addresses of the public Internet alone: an `AddressFilter` against server-side request forgery.

    Refused is whatever IANA's registries of special-purpose addresses (RFC 6890) do not call globally
    reachable, multicast, and the metadata address of a cloud that lies outside of them. The IPv4 address
    within an IPv4-mapped (`::ffff:0:0/96`) or translated one (NAT64, `64:ff9b::/96`) is judged in its
    place; 6to4 and Teredo are refused. The table is our own: Python's `is_global` differs by release.

    What it cannot know: a NAT64 prefix of a network's own, and public addresses that are yours.
    """
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is None:
            return _reason(address)
        reason = public_addresses_only(host, inner, port)
        return None if reason is None else f"{inner} within it: {reason}"
    return _reason(address)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that is reached by way of `address`, if it is such a one."""
    if any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


def _reason(address: IPv4Address | IPv6Address) -> str | None:
    for network, what in _special(address.version):
        if address in network:
            return f"{what} ({network})"
    if isinstance(address, IPv6Address) and address not in _UNICAST_6:
        return f"not in the public part of IPv6 ({_UNICAST_6})"
    return None


@cache
def _special(version: int) -> "tuple[tuple[IPv4Network | IPv6Network, str], ...]":
    """Return the networks that are not public; they are read at the first use, and not when imported."""
    return tuple((ip_network(text), what) for text, what in (_SPECIAL_4 if version == 4 else _SPECIAL_6))


_TRANSLATED = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
_UNICAST_6 = IPv6Network("2000::/3")

_SPECIAL_4 = (
    ("0.0.0.0/8", "this host"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared by a carrier"),
    ("127.0.0.0/8", "loopback"),
    ("168.63.129.16/32", "a cloud's metadata"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "reserved"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
)

_SPECIAL_6 = (
    ("::/128", "this host"),
    ("::1/128", "loopback"),
    ("64:ff9b:1::/48", "a local translation to IPv4"),
    ("100::/64", "discarded"),
    ("2001::/32", "Teredo"),
    ("2001::/23", "reserved"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("ff00::/8", "multicast"),
)
