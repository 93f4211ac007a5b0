"""IP addresses as dialling needs them: what a resolver answered, checked and put into order."""

import socket
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from string import hexdigits
from typing import TYPE_CHECKING, NamedTuple, TypedDict

if TYPE_CHECKING:
    from aiohappyeyeballs import AddrInfoType

__all__ = [
    "NUMERIC",
    "Candidate",
    "ResolveResult",
    "candidates",
    "check_answer",
    "ends_in_number",
    "is_address",
    "literal_address",
    "rotated",
]

NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class ResolveResult(TypedDict):
    """One address, as aiohttp's resolvers give it.

    Attributes:
        hostname: The name that was asked for.
        host: The IP address; an IPv6 address may carry its zone (`fe80::1%eth0`).
        port: The port to connect to.
        family: `AF_INET` or `AF_INET6`.
        proto: 0, or `IPPROTO_TCP`.
        flags: As `getaddrinfo` would need them to read `host` again.
    """

    hostname: str
    host: str
    port: int
    family: int
    proto: int
    flags: int


class Candidate(NamedTuple):
    """An address that a connection may be opened to.

    Attributes:
        address: The address.
        port: The port.
    """

    address: IPv4Address | IPv6Address
    port: int

    @property
    def family(self) -> socket.AddressFamily:
        """The address family."""
        return socket.AF_INET if self.address.version == 4 else socket.AF_INET6

    @property
    def info(self) -> "AddrInfoType":
        """The address in the form of `getaddrinfo`.

        Raises:
            OSError: Its zone names an interface that is not there.
        """
        kind = socket.SOCK_STREAM, socket.IPPROTO_TCP, ""
        if isinstance(self.address, IPv4Address):
            return (self.family, *kind, (str(self.address), self.port))
        host, _, zone = str(self.address).partition("%")
        return (self.family, *kind, (host, self.port, 0, _scope_of(zone)))

    def __str__(self) -> str:
        return f"{self.address}:{self.port}" if self.address.version == 4 else f"[{self.address}]:{self.port}"


def candidates(answer: Iterable[ResolveResult], family: int) -> list[Candidate]:
    """Return the addresses of `answer` that are of `family`, each once, in their order.

    What counts is the address itself; its `family` is not looked at, as in aiohttp.

    Raises:
        ValueError: An address is none.
    """
    found = [Candidate(_read(result["host"]), result["port"]) for result in answer]
    return list(dict.fromkeys(each for each in found if family in (socket.AF_UNSPEC, each.family)))


def check_answer(answer: Sequence[Mapping[str, object]]) -> None:
    """Make sure that a resolver gave what one has to give.

    Raises:
        OSError: It is no sequence of mappings with a host, a `str`, and a port, an `int`.
    """
    found: object = answer
    try:
        for found in answer:
            if not isinstance(found["host"], str) or not isinstance(found["port"], int):
                break
        else:
            return
    except (TypeError, KeyError):
        pass
    raise OSError(f"the resolver's answer is of no use: no mapping with host and port: {found!a:.100}")


def is_address(host: str) -> bool:
    """Tell whether `host` is an IP address already, with or without a zone."""
    if not host[-1:].isdigit() and ":" not in host:
        return False
    try:
        _parsed(host)
    except ValueError:
        return False
    return True


def ends_in_number(host: str) -> bool:
    """Tell whether the last label is a number, as no host name's is (RFC 1123 section 2.1)."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    if last.startswith("0x"):
        return not last[2:].strip(hexdigits)
    return last.isascii() and last.isdigit()


def literal_address(hostname: str, address: str, port: int) -> ResolveResult:
    """Return the answer that needs no lookup.

    Raises:
        ValueError: `address` is no IP address.
    """
    family = socket.AF_INET6 if _parsed(address).version == 6 else socket.AF_INET
    return ResolveResult(hostname=hostname, host=address, port=port, family=family, proto=0, flags=NUMERIC)


def rotated(answer: Sequence[ResolveResult], turns: int) -> list[ResolveResult]:
    """Return a copy of `answer` with the addresses of each family moved up, the first ones to the end.

    The families keep their places: which of them is tried first is the resolver's choice (RFC 6724).
    """
    places: dict[bool, list[int]] = {}
    for place, result in enumerate(answer):
        places.setdefault(":" in str(result["host"]), []).append(place)
    source = list(range(len(answer)))
    for of_family in places.values():
        for number, place in enumerate(of_family):
            source[place] = of_family[(number + turns) % len(of_family)]
    return [answer[place].copy() for place in source]


def _read(host: object) -> IPv4Address | IPv6Address:
    if not isinstance(host, str):  # integers and bytes would be read as addresses too
        msg = f"{host!r} is no IP address"
        raise ValueError(msg)
    return _parsed(host)


@lru_cache(maxsize=1024)  # the few hosts of a client are dialled again and again
def _parsed(address: str) -> IPv4Address | IPv6Address:
    return ip_address(address)


def _scope_of(zone: str) -> int:
    """Return the number of an IPv6 zone, which is given by number or by the interface's name."""
    if not zone or zone.isdecimal():
        return int(zone or 0)
    return socket.if_nametoindex(zone)
