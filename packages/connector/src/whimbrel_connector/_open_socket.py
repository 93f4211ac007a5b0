"""From a host to a connected socket: address lookup, address filter, Happy Eyeballs (RFC 8305)."""

import asyncio
import errno
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from aiohappyeyeballs import AddrInfoType, SocketFactoryType, start_connection

from whimbrel_connector._addresses import (
    Candidate,
    ResolveResult,
    candidates,
    ends_in_number,
    is_address,
    literal_address,
)
from whimbrel_connector._race import first_success, interleaved
from whimbrel_connector._resumption import TlsSessions
from whimbrel_connector.address_filter import AddressFilter
from whimbrel_connector.errors import AddressNotFound, AddressRefused, ConnectAttempt, ConnectFailed
from whimbrel_connector.observer import limit_of, note_attempts
from whimbrel_connector.resolver import Resolver
from whimbrel_connector.route import Route
from whimbrel_connector.timeout_errors import DnsTimeout, TcpTimeout
from whimbrel_connector.transports import LOOP_TRANSPORTS, Transports

__all__ = [
    "DialOptions",
    "Found",
    "LookupStep",
    "filtered",
    "find_addresses",
    "open_socket",
    "refuse_odd_address",
    "words_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DialOptions:
    """How TCP connections are made.

    Attributes:
        family: Which addresses to ask for; `AF_UNSPEC` for both kinds.
        local_addr: Local host and port to bind to, or None.
        happy_eyeballs_delay: Seconds before the next address is tried beside the first; None tries
            them one after another.
        interleave: How many addresses of one family come before the other; None for 1 where attempts
            overlap, else for the resolver's order.
        socket_factory: Makes the socket for an address, or None for the default.
        keepalive_seconds: Seconds of silence after which the system asks whether the peer is still
            there, and between its questions; None: it never asks.
        address_filter: Decides about each address, or None where all will do.
        transports: Who makes transports.
        sessions: The TLS sessions to resume.
    """

    family: socket.AddressFamily = socket.AF_UNSPEC
    local_addr: tuple[str, int] | None = None
    happy_eyeballs_delay: float | None = 0.25
    interleave: int | None = None
    socket_factory: SocketFactoryType | None = None
    keepalive_seconds: int | None = None
    address_filter: AddressFilter | None = None
    transports: Transports = LOOP_TRANSPORTS
    sessions: TlsSessions = field(default_factory=TlsSessions)


class LookupStep:
    """Somebody's own step from a host to its addresses: it is asked about hosts that are addresses, too.

    Args:
        look_up: The step.
        usual: The resolver for all that is no host of a request.
    """

    def __init__(
        self, look_up: Callable[[str, int], Awaitable[Sequence[ResolveResult]]], usual: Resolver
    ) -> None:
        self._look_up = look_up
        self.usual = usual

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002  the step knows its own
    ) -> Sequence[ResolveResult]:
        """Return the addresses that the step gives."""
        return await self._look_up(host, port)


class Found(NamedTuple):
    """The addresses of a host.

    Attributes:
        allowed: Those that may be connected to, at least one.
        refused: Those that the address filter refused.
    """

    allowed: list[Candidate]
    refused: list[ConnectAttempt]


async def open_socket(route: Route, resolver: Resolver, options: DialOptions) -> socket.socket:
    """Return a socket that is connected to the route's host; the caller closes it.

    Raises:
        AddressNotFound: The host has no address.
        AddressRefused: The address filter allows none of them.
        ConnectFailed: None of them answers.
    """
    found = await find_addresses(route, resolver, options, options.family)
    local = None
    if options.local_addr is not None:
        usual = resolver.usual if isinstance(resolver, LookupStep) else resolver
        here = await _look_up(*options.local_addr, usual, options.family)
        local = [address.info for address in here]
    dialling = _Dialling(route, options, local, found.refused)
    note_attempts(dialling.attempts)
    with limit_of(TcpTimeout):
        connected = await dialling.connect(found.allowed)
    note_attempts(None)
    return connected


async def find_addresses(
    route: Route, resolver: Resolver, options: DialOptions, family: socket.AddressFamily
) -> Found:
    """Return the addresses of the route's host, filtered.

    Raises:
        AddressNotFound: There is none.
        AddressRefused: The address filter allows none of them.
    """
    with limit_of(DnsTimeout):
        found = await _look_up(route.host, route.port, resolver, family)
    return filtered(route, found, options.address_filter)


def filtered(route: Route, found: list[Candidate], address_filter: AddressFilter | None) -> Found:
    """Tell the addresses of the route's host that may be connected to from the others.

    Raises:
        AddressRefused: The filter allows none of them.
    """
    if address_filter is None:
        return Found(found, [])
    allowed, refused = [], []
    for candidate in found:
        reason = address_filter(route.host, candidate.address, candidate.port)
        if reason is None:
            allowed.append(candidate)
        else:
            refused.append(ConnectAttempt(str(candidate.address), candidate.port, f"refused: {reason}"))
    if not allowed:
        raise AddressRefused(route.host, route.port, refused)
    return Found(allowed, refused)


def refuse_odd_address(host: str, port: int) -> None:
    """Refuse a host that some resolvers would read as an address, 0x7f.1 as 127.0.0.1.

    Raises:
        AddressNotFound: The host is no name.
    """
    if ends_in_number(host):
        raise AddressNotFound(host, port, "not an IPv4 address in its usual form")


async def _look_up(host: str, port: int, resolver: Resolver, family: socket.AddressFamily) -> list[Candidate]:
    """Return the addresses of `host`, at least one."""
    if is_address(host):
        address = host.replace("%25", "%")  # a zone stands encoded in a URL (RFC 6874 section 2)
        if not isinstance(resolver, LookupStep):
            return candidates([literal_address(host, address, port)], socket.AF_UNSPEC)
        host, family = address, socket.AF_UNSPEC
    else:
        refuse_odd_address(host, port)
    try:
        answer = await resolver.resolve(host, port, family=family)
    except (OSError, asyncio.TimeoutError) as fault:
        raise AddressNotFound(host, port, words_of(fault), getattr(fault, "errno", None)) from fault
    except UnicodeError as fault:  # the system's resolver refuses labels that are too long or empty
        raise AddressNotFound(host, port, str(fault)) from fault
    try:
        found = candidates(answer, family)
    except ValueError as fault:
        raise AddressNotFound(host, port, f"the resolver's answer is of no use: {fault}") from fault
    if not found:
        raise AddressNotFound(host, port, "the resolver gave no address")
    return found


class _Dialling:
    """The attempts to connect to the addresses of one host.

    Args:
        route: Where to.
        options: How.
        local: What sockets may be bound to, or None.
        refused: Addresses that are not to be tried.
    """

    def __init__(
        self,
        route: Route,
        options: DialOptions,
        local: list[AddrInfoType] | None,
        refused: list[ConnectAttempt],
    ) -> None:
        self._route = route
        self._options = options
        self._local = local
        self._failed = refused
        self._faults: list[OSError] = []
        self._trying: list[Candidate] = []

    def attempts(self) -> tuple[ConnectAttempt, ...]:
        """Return what has become of each address so far."""
        unanswered = (ConnectAttempt(str(each.address), each.port, "no answer") for each in self._trying)
        return (*self._failed, *unanswered)

    async def connect(self, addresses: list[Candidate]) -> socket.socket:
        """Return a socket that is connected to one of `addresses`.

        Raises:
            ConnectFailed: None could be reached.
        """
        options = self._options
        first = options.interleave
        if first is None and options.happy_eyeballs_delay is not None:
            first = 1
        if first and len(addresses) > 1:
            addresses = interleaved(addresses, first)
        connected = await first_success(
            addresses, self._attempt, options.happy_eyeballs_delay, socket.socket.close
        )
        if connected is None:
            raise self._failure()
        self._set_up(connected)
        return connected

    async def _attempt(self, address: Candidate) -> socket.socket | None:
        self._trying.append(address)
        try:
            return await start_connection(
                [address.info], local_addr_infos=self._local, socket_factory=self._options.socket_factory
            )
        except (OSError, RuntimeError) as fault:  # the latter is uvloop's
            known = fault if isinstance(fault, OSError) else OSError(None, str(fault))
            self._faults.append(known)
            self._trying.remove(address)
            self._failed.append(
                ConnectAttempt(str(address.address), address.port, _reason(known), known.errno)
            )
            return None

    def _failure(self) -> ConnectFailed:
        route, numbers = self._route, {fault.errno for fault in self._faults}
        what = self._failed[0].what
        cause = self._faults[0]
        if len(self._failed) > 1:
            what = "; ".join(map(str, self._failed))
            cause = OSError(numbers.pop() if len(numbers) == 1 else None, what)
        failure = ConnectFailed(route.host, route.port, what, cause.errno, attempts=self._failed)
        failure.__cause__ = cause
        return failure

    def _set_up(self, connected: socket.socket) -> None:
        """Set what is the same for every connection; not all systems have all of it."""
        with suppress(OSError):
            # asyncio does it too, but not for a socket that was made without naming the protocol.
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        seconds = self._options.keepalive_seconds
        if seconds is None or self._options.socket_factory is not None:
            return
        with suppress(OSError):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name in ("TCP_KEEPIDLE", "TCP_KEEPALIVE", "TCP_KEEPINTVL"):  # the second is macOS's word
                if hasattr(socket, name):
                    connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)


def _reason(fault: OSError) -> str:
    """Return why an attempt failed; where asyncio says no more than that it has, the system's word for it."""
    words = words_of(fault)
    if words.startswith("Connect call failed") and fault.errno is not None and fault.errno in errno.errorcode:
        return os.strerror(fault.errno)
    return words


def words_of(fault: BaseException) -> str:
    """Return what the system says of a fault, or else the fault itself."""
    return getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
