"""From a host name to addresses: the resolvers that come with the connector.

Each can be made without a running loop. A resolver that a connector is given is closed by whoever made it.
"""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from functools import partial

from whimbrel_connector._addresses import NUMERIC, ResolveResult, literal_address
from whimbrel_connector._async_resolver import AsyncResolver, has_aiodns
from whimbrel_connector._lookup_threads import LookupThreads
from whimbrel_connector._resolver_seam import AbstractResolver, Resolver

__all__ = [
    "AbstractResolver",
    "AsyncResolver",
    "DefaultResolver",
    "ResolveResult",
    "Resolver",
    "StaticResolver",
    "ThreadedResolver",
]

# The mask is what the system's getaddrinfo takes, where it says so.
_ADDRCONFIG = socket.AI_ADDRCONFIG & getattr(socket, "AI_MASK", -1)

_Address = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
_Found = Sequence[tuple[socket.AddressFamily, socket.SocketKind, int, str, _Address]]


class ThreadedResolver(AbstractResolver):
    """The system's resolver (getaddrinfo), called in threads of its own.

    They are never those of the loop's executor, end when there is nothing to look up, and hold up neither
    the end of the loop nor that of the interpreter. A name on which the system hangs takes one thread,
    however many requests give up on it.

    Args:
        loop: Accepted for compatibility and not used: the loop of each use is taken.
        max_threads: How many lookups run at once; others wait for their turn.

    Raises:
        ValueError: `max_threads` is not positive.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop | None = None,  # noqa: ARG002  documented by aiohttp
        *,
        max_threads: int = 32,
    ) -> None:
        self._threads: LookupThreads[_Found] = LookupThreads(max_threads)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of `host` in the system's order of preference (RFC 6724).

        Raises:
            OSError: There is none (`socket.gaierror`), or the resolver was closed meanwhile.
            UnicodeError: A label of the name is empty or too long.
        """
        found = await self._threads.call((host, family), partial(_look_up, host, family))
        return [
            ResolveResult(hostname=host, host=name, port=port, family=kind, proto=proto, flags=NUMERIC)
            for kind, _type, proto, _name, address in found
            if (name := _host_of(address)) is not None
        ]

    async def close(self) -> None:
        """Turn away who waits for a lookup; a thread that hangs is left to itself."""
        self._threads.close()


class StaticResolver(AbstractResolver):
    """A table of host names, for tests and for pinning hosts to addresses.

    Args:
        table: Host names with their addresses, in order of preference. Letter case and one dot at the
            end do not matter.
        fallback: Who is asked for names that are not in the table, or None. It is never asked for one
            that is, not for an address of another family either; and it is not closed with the table.

    Raises:
        ValueError: An address is no IP address.
    """

    def __init__(self, table: Mapping[str, Sequence[str]], *, fallback: Resolver | None = None) -> None:
        self._table = {_canonical(name): tuple(addresses) for name, addresses in table.items()}
        self._fallback = fallback
        for name, addresses in self._table.items():
            for address in addresses:
                literal_address(name, address, 0)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the table's addresses of the wanted family.

        Raises:
            OSError: There is none (`socket.gaierror`), or the fallback raised it.
        """
        addresses = self._table.get(_canonical(host))
        if addresses is None and self._fallback is not None:
            return list(await self._fallback.resolve(host, port, family=family))
        results = [literal_address(host, address, port) for address in addresses or ()]
        fitting = [result for result in results if family in (socket.AF_UNSPEC, result["family"])]
        if not fitting:
            what = "is not in the table" if addresses is None else "has no such address in the table"
            raise socket.gaierror(socket.EAI_NONAME, f"{host} {what}")
        return fitting

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""


DefaultResolver: type[AsyncResolver] | type[ThreadedResolver] = (
    AsyncResolver if has_aiodns() else ThreadedResolver
)


def _look_up(host: str, family: int) -> _Found:
    """Ask the system; the port does not matter to it."""
    try:
        return socket.getaddrinfo(host, None, family, socket.SOCK_STREAM, flags=_ADDRCONFIG)
    except socket.gaierror:
        # A machine without a network has no configured address, but it has a loopback (RFC 6761 section 6.3).
        if _canonical(host) != "localhost":
            raise
        return socket.getaddrinfo(host, None, family, socket.SOCK_STREAM)


def _canonical(host: str) -> str:
    return host.lower().removesuffix(".")


def _host_of(address: _Address) -> str | None:
    """Return the host of a socket address, with its zone; None where Python was built without IPv6."""
    host = address[0]
    if not isinstance(host, str):
        return None
    return f"{host}%{address[3]}" if len(address) == 4 and address[3] else host
