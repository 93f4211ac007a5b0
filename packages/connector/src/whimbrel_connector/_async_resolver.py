"""`AsyncResolver`: DNS by aiodns (c-ares), without a thread for each lookup.

aiodns is imported at the first lookup, in a thread: it takes a tenth of a second that would stop the loop.
"""

import asyncio
import socket
from collections.abc import Awaitable, Sequence
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Protocol
from weakref import WeakKeyDictionary

from whimbrel_connector._addresses import NUMERIC, ResolveResult
from whimbrel_connector._lookup_threads import LookupThreads
from whimbrel_connector._resolver_seam import AbstractResolver

__all__ = ["AsyncResolver", "has_aiodns"]

# c-ares' numbers for "there is no such name" and "it has no such record".
_ENODATA, _ENOTFOUND, _ENONAME = 1, 4, 19
_IMPORTING: LookupThreads[ModuleType] = LookupThreads(1)
_imported: dict[str, ModuleType] = {}  # whole; in `sys.modules` it may stand half imported


class AsyncResolver(AbstractResolver):
    """The name servers themselves, asked by aiodns (extra `aiodns`, version 3.2 or later).

    It reads the hosts file and resolv.conf, and nothing else of what the system's resolver may know.

    Args:
        loop: Accepted for compatibility and not used: the loop of the first use is taken.
        args: As for `aiodns.DNSResolver`, which begins with `nameservers`.
        kwargs: As for `aiodns.DNSResolver`: `nameservers=["192.0.2.53"]`, `timeout=`, `tries=`, ….
            Without any, all resolvers on one loop share one `aiodns.DNSResolver`: each holds a thread
            and an inotify instance, of which systems have few.

    Raises:
        RuntimeError: aiodns is not installed.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop | None = None,  # noqa: ARG002  documented by aiohttp
        *args: object,
        **kwargs: object,
    ) -> None:
        if not has_aiodns():
            msg = 'AsyncResolver requires aiodns: pip install "whimbrel-connector[aiodns]"'
            raise RuntimeError(msg)
        self._arguments = args
        self._keywords = kwargs
        self._opened: _Opened | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of `host`, sorted as RFC 6724 says.

        Raises:
            OSError: There is none (`socket.gaierror`), or no name server answered.
            RuntimeError: aiodns is too old, or the resolver is used from a second loop.
        """
        aiodns, pycares = await _libraries()
        resolver = self._open(aiodns, asyncio.get_running_loop())
        try:
            found = await resolver.getaddrinfo(host, port=port, type=socket.SOCK_STREAM, family=family)
        except (aiodns.error.DNSError, pycares.AresError) as fault:
            raise _translated(fault) from fault
        if not found.nodes:
            raise socket.gaierror(socket.EAI_NONAME, "the name server knows no address")
        return [_result(host, port, node) for node in found.nodes]

    async def close(self) -> None:
        """End the lookups under way and release the sockets; a later lookup would open them again."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.release()

    def _open(self, aiodns: ModuleType, loop: asyncio.AbstractEventLoop) -> "_DnsResolver":
        if self._opened is None:
            if not hasattr(aiodns.DNSResolver, "getaddrinfo"):
                msg = 'AsyncResolver requires aiodns 3.2 or later: pip install "whimbrel-connector[aiodns]"'
                raise RuntimeError(msg)
            if self._arguments or self._keywords:
                keywords = {"loop": loop, **self._keywords}
                self._opened = _Opened(loop, aiodns.DNSResolver(*self._arguments, **keywords))
            else:
                self._opened = _shared_on(aiodns, loop)
            self._opened.users += 1
        if self._opened.loop is not loop:
            msg = "the resolver is used from another event loop than the one of its first use"
            raise RuntimeError(msg)
        return self._opened.resolver


@cache
def has_aiodns() -> bool:
    """Tell whether aiodns is installed, without importing it."""
    return find_spec("aiodns") is not None


async def _libraries() -> tuple[ModuleType, ModuleType]:
    """Return the modules aiodns and pycares."""
    for name in ("aiodns", "pycares"):
        if name not in _imported:
            _imported[name] = await _IMPORTING.call(name, partial(import_module, name))
    return _imported["aiodns"], _imported["pycares"]


class _Node(Protocol):
    """One address in an answer of aiodns."""

    family: int
    addr: tuple[bytes, int] | tuple[bytes, int, int, int]


class _Found(Protocol):
    """An answer of aiodns."""

    nodes: Sequence[_Node]


class _DnsResolver(Protocol):
    """What is asked of `aiodns.DNSResolver`."""

    def getaddrinfo(self, host: str, *, port: int, type: int, family: int) -> Awaitable[_Found]:  # noqa: A002
        """Return addresses."""

    def cancel(self) -> None:
        """End what is under way."""


class _Opened:
    """An `aiodns.DNSResolver`, and how many use it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, resolver: _DnsResolver) -> None:
        self.loop = loop
        self.resolver = resolver
        self.users = 0

    async def release(self) -> None:
        """Leave it; the last one closes it."""
        self.users -= 1
        if self.users:
            return
        if _shared.get(self.loop) is self:
            del _shared[self.loop]
        self.resolver.cancel()
        close = getattr(self.resolver, "close", None)  # aiodns 3.5 and later
        if close is not None:
            await close()


_shared: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Opened]" = WeakKeyDictionary()


def _shared_on(aiodns: ModuleType, loop: asyncio.AbstractEventLoop) -> _Opened:
    for gone in [each for each in _shared if each.is_closed()]:
        del _shared[gone]
    opened = _shared.get(loop)
    if opened is None:
        opened = _shared[loop] = _Opened(loop, aiodns.DNSResolver(loop=loop))
    return opened


def _translated(fault: Exception) -> OSError:
    """Return the error that a resolver raises for one of c-ares."""
    number, words = fault.args[0] if fault.args else None, str(fault.args[-1] if fault.args else fault)
    if number in (_ENODATA, _ENOTFOUND, _ENONAME):
        return socket.gaierror(socket.EAI_NONAME, words)
    return OSError(None, words)


def _result(hostname: str, port: int, node: _Node) -> ResolveResult:
    host = node.addr[0].decode("ascii")
    if len(node.addr) == 4 and node.addr[3]:  # a link-local address is of use with its zone only
        host = f"{host}%{node.addr[3]}"
    return ResolveResult(hostname=hostname, host=host, port=port, family=node.family, proto=0, flags=NUMERIC)
