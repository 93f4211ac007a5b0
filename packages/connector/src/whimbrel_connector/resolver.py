"""From a host name to addresses: the resolver seam, the default, and a cache before either."""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Protocol, TypedDict

from whimbrel_connector.observer import ConnectObserver, dialling_for, present_observer

__all__ = [
    "AbstractResolver",
    "CachingResolver",
    "ResolveResult",
    "Resolver",
    "StaticResolver",
    "ThreadedResolver",
    "is_address",
    "literal_address",
]


class ResolveResult(TypedDict):
    """One address, as aiohttp's resolvers give it."""

    hostname: str
    host: str
    port: int
    family: int
    proto: int
    flags: int


class Resolver(Protocol):
    """All that a connector asks of a resolver."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> Sequence[ResolveResult]:
        """Return the addresses of `host`, or raise OSError where there is none."""


class AbstractResolver(ABC):
    """aiohttp's base class for resolvers; any object that fits `Resolver` does as well."""

    @abstractmethod
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of `host`, or raise OSError where there is none."""

    @abstractmethod
    async def close(self) -> None:
        """Release what the resolver holds."""


class ThreadedResolver(AbstractResolver):
    """The system's resolver (getaddrinfo), called in a thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of `host` in the system's order of preference."""
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG
        )
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(
                hostname=host, host=_host_of(address), port=port, family=kind, proto=proto, flags=flags
            )
            for kind, _type, proto, _name, address in found
        ]

    async def close(self) -> None:
        """Do nothing: the threads are the loop's."""


class StaticResolver(AbstractResolver):
    """A fixed table of host names, for tests and for pinning a host to addresses.

    Args:
        table: Host names with their addresses, in order of preference.
    """

    def __init__(self, table: Mapping[str, Sequence[str]]) -> None:
        self._table = {name.lower(): tuple(addresses) for name, addresses in table.items()}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the table's addresses of the wanted family."""
        results = [literal_address(host, address, port) for address in self._table.get(host.lower(), ())]
        fitting = [result for result in results if family in (socket.AF_UNSPEC, result["family"])]
        if not fitting:
            msg = f"{host} is not in the table"
            raise OSError(None, msg)
        return fitting

    async def close(self) -> None:
        """Do nothing."""


class CachingResolver:
    """Answers from a resolver, kept for a while; many who ask at once share one lookup.

    Args:
        resolver: Who is asked.
        ttl_seconds: How long an answer is kept; None for ever, 0 not at all.
        clock: Seconds that only grow.
        most: How many answers are kept; the oldest gives way.
    """

    def __init__(
        self, resolver: Resolver, *, ttl_seconds: float | None, clock: Callable[[], float], most: int = 1000
    ) -> None:
        self._resolver = resolver
        self._ttl = ttl_seconds
        self._clock = clock
        self._most = most
        self._answers: OrderedDict[_Question, tuple[float, Sequence[ResolveResult]]] = OrderedDict()
        self._lookups: dict[_Question, asyncio.Task[Sequence[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> Sequence[ResolveResult]:
        """Return the addresses of `host`, from the cache where it has them."""
        question = (host, port, family)
        observer = present_observer()
        if observer is not None:
            return await self._resolve_observed(question, observer)
        known = self._known(question)
        return await self._shared_lookup(question) if known is None else known

    async def _resolve_observed(
        self, question: "_Question", observer: ConnectObserver
    ) -> Sequence[ResolveResult]:
        host = question[0]
        known = self._known(question)
        if known is not None or question in self._lookups:
            await observer.address_known(host)
            return await self._shared_lookup(question) if known is None else known
        if self._ttl != 0:
            await observer.address_unknown(host)
        await observer.resolving(host)
        answer = await self._shared_lookup(question)
        await observer.resolved(host)
        return answer

    def _known(self, question: "_Question") -> Sequence[ResolveResult] | None:
        known = self._answers.get(question)
        if known is not None and (self._ttl is None or self._clock() - known[0] < self._ttl):
            return known[1]
        return None

    async def _shared_lookup(self, question: "_Question") -> Sequence[ResolveResult]:
        lookup = self._lookups.get(question)
        if lookup is None:
            lookup = asyncio.get_running_loop().create_task(self._look_up(question))
            self._lookups[question] = lookup
            lookup.add_done_callback(lambda done: self._settle(question, done))
        # One who gives up must not take the answer away from the others.
        return await asyncio.shield(lookup)

    def clear(self, host: str | None = None, port: int | None = None) -> None:
        """Forget one host's answers, or all."""
        for question in [q for q in self._answers if host is None or q[:2] == (host, port)]:
            del self._answers[question]

    def stop(self) -> list["asyncio.Task[Sequence[ResolveResult]]"]:
        """End the lookups that are still under way, and return them."""
        for lookup in self._lookups.values():
            lookup.cancel()
        return list(self._lookups.values())

    async def _look_up(self, question: "_Question") -> Sequence[ResolveResult]:
        with dialling_for(None):  # it is looked up for whoever asks, not for the first alone
            answer = await self._resolver.resolve(*question)
        if self._ttl != 0:
            self._answers[question] = (self._clock(), answer)
            self._answers.move_to_end(question)
            if len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return answer

    def _settle(self, question: "_Question", done: "asyncio.Task[Sequence[ResolveResult]]") -> None:
        del self._lookups[question]
        if not done.cancelled():
            done.exception()  # whoever waits gets it; if all have left, it is nobody's


_Question = tuple[str, int, socket.AddressFamily]


def is_address(host: str) -> bool:
    """Tell whether `host` is an IP address already, with or without a zone."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def literal_address(hostname: str, address: str, port: int) -> ResolveResult:
    """Return the answer that needs no lookup: `address` is an IP address, with or without a zone."""
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=hostname, host=address, port=port, family=family, proto=0, flags=flags)


def _host_of(address: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]) -> str:
    """Return the host of a socket address, with its zone where it has one."""
    host = address[0]
    if not isinstance(host, str):
        msg = f"the interpreter was built without IPv6 and cannot use {address!r}"
        raise OSError(None, msg)
    if len(address) == 4 and address[3]:
        return f"{host}%{address[3]}"
    return host
