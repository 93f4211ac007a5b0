"""Which hosts need no proxy: the entries of NO_PROXY, read once and asked often.

Text goes in through `NoProxy.from_text`; `NoProxy.rule_for` answers with the entry that covers a host and
port. No name is resolved: an entry that is an address covers hosts given as addresses, whichever way they
are spelled, and an entry that is a name covers names. What no rule understands covers nothing and is no
error. `whimbrel_connector.environment` documents the grammar and its reasons.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import TypeAlias

from yarl import URL

__all__ = ["Address", "NoProxy", "read_host"]

_PORT = re.compile(r"[1-9][0-9]{0,4}").fullmatch
_PREFIX_BITS = re.compile(r"[0-9]{1,3}").fullmatch
_HOST_CHARACTERS = 254  # 253 and the dot of the root (RFC 1035 section 3.1)
_MAPPED = 0xFFFF  # what stands above the 32 bits of an IPv4-mapped address (RFC 4291 section 2.5.5.2)


@dataclass(frozen=True, slots=True)
class Address:
    """An address, however it was spelled.

    Attributes:
        number: Its 128 bits; an IPv4 address is its mapped IPv6 address.
        zone: The zone it is scoped to, in lower case, or an empty string (RFC 4007 section 11).
    """

    number: int
    zone: str = ""

    @property
    def is_ipv4(self) -> bool:
        """Whether it is an IPv4 address, mapped or not."""
        return self.number >> 32 == _MAPPED


Host: TypeAlias = Address | str


@dataclass(frozen=True, slots=True)
class _Everything:
    text: str

    def covers(self, _host: Host, _port: int | None) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class _Domain:
    text: str
    name: str
    port: int | None
    itself: bool

    def covers(self, host: Host, port: int | None) -> bool:
        if isinstance(host, Address) or self.port not in (None, port):
            return False
        return host.endswith("." + self.name) or (self.itself and host == self.name)


@dataclass(frozen=True, slots=True)
class _Network:
    text: str
    address: Address
    bits: int
    port: int | None = None

    def covers(self, host: Host, port: int | None) -> bool:
        if isinstance(host, str) or self.port not in (None, port):
            return False
        if self.address.zone not in ("", host.zone):
            return False
        if self.bits < 96 and host.is_ipv4:  # ::/0 means all of IPv6, and nothing else
            return False
        return (self.address.number ^ host.number) >> (128 - self.bits) == 0


_Rule: TypeAlias = _Everything | _Domain | _Network


@dataclass(frozen=True, slots=True)
class NoProxy:
    """The rules of one NO_PROXY value.

    Attributes:
        rules: One for each entry that means something, in their order.
    """

    rules: tuple[_Rule, ...] = ()

    @classmethod
    def from_text(cls, value: str) -> "NoProxy":
        """Read entries separated by commas and blanks; never fails.

        >>> NoProxy.from_text("shore.example, 10.0.0.0/8").rule_for("www.shore.example", 443)
        'shore.example'
        """
        entries = value.replace(",", " ").split()
        return cls(tuple(rule for entry in entries if (rule := _read(entry)) is not None))

    def rule_for(self, host: str, port: int | None) -> str | None:
        """Return the first entry that covers `host` at `port`, as it was written, or None.

        Args:
            host: A name or an address without brackets; a zone may be percent-encoded (RFC 6874).
            port: The port, also where the URL leaves it out.
        """
        if not self.rules:
            return None
        target = read_host(host.replace("%25", "%", 1)) or ""  # what is no host is still part of everything
        return next((rule.text for rule in self.rules if rule.covers(target, port)), None)


def read_host(text: str) -> Host | None:
    """Return the address that `text` spells, or else the one spelling of a name; None if it is neither.

    Letter case and one trailing dot do not matter; an international name becomes ASCII (IDNA).
    """
    # The limit stands before the encoder, whose work grows faster than its input.
    if len(text) > _HOST_CHARACTERS:
        return None
    if not text.isascii():
        try:
            text = URL.build(scheme="http", host=text).raw_host or ""
        except ValueError:
            return None
    text = text.lower().removesuffix(".")
    literal, percent, zone = text.partition("%")
    if ":" not in literal and not literal[-1:].isdigit():
        return text or None  # most hosts: a refusal of ip_address costs more than the rest of a lookup
    try:
        address = ipaddress.ip_address(literal)
    except ValueError:
        return text or None
    if isinstance(address, ipaddress.IPv4Address):
        # A zone has no meaning here: the text is neither an address nor a name.
        return None if percent else Address(_MAPPED << 32 | int(address))
    return Address(int(address), zone)


def _read(entry: str) -> _Rule | None:
    if entry == "*":
        return _Everything(entry)
    if "/" in entry:
        return _read_network(entry)
    text, port_text = _split_port(entry)
    if port_text and not (_PORT(port_text) and int(port_text) <= 65535):
        return None
    port = int(port_text) if port_text else None
    subdomains_only = text.startswith("*.")
    name = text.removeprefix("*.") if subdomains_only else text.removeprefix(".")
    host = read_host(name)
    if isinstance(host, Address):
        return _Network(entry, host, 128, port) if name == text else None
    return None if host is None else _Domain(entry, host, port, itself=not subdomains_only)


def _read_network(entry: str) -> _Network | None:
    text, _, bits_text = entry.partition("/")
    address = read_host(_unbracketed(text))
    if not isinstance(address, Address) or not _PREFIX_BITS(bits_text):
        return None
    bits = int(bits_text) + (0 if ":" in text else 96)
    return _Network(entry, address, bits) if bits <= 128 else None


def _split_port(entry: str) -> tuple[str, str]:
    """Split `host`, `host:port`, `[address]`, `[address]:port` or a bare IPv6 address."""
    if entry.startswith("["):
        text, colon, port = entry.rpartition("]:")
        return (_unbracketed(text + "]"), port) if colon else (_unbracketed(entry), "")
    if entry.count(":") > 1:
        return entry, ""
    text, _, port = entry.partition(":")
    return text, port


def _unbracketed(text: str) -> str:
    """Return what the brackets of an IPv6 address hold; other text stays as it is."""
    return text[1:-1] if text.startswith("[") and text.endswith("]") and ":" in text else text
