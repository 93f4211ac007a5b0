"""What a connector asks of a resolver, and aiohttp's base class for those who derive from one."""

import socket
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

from whimbrel_connector._addresses import ResolveResult

__all__ = ["AbstractResolver", "Resolver"]


class Resolver(Protocol):
    """All that a connector asks of a resolver."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> Sequence[ResolveResult]:
        """Return the addresses of `host`, in order of preference.

        Args:
            host: A host name in its ASCII form, never an IP address.
            port: The port to put into each result.
            family: `AF_INET`, `AF_INET6`, or `AF_UNSPEC` for both.

        Raises:
            OSError: There is none. `socket.gaierror` with EAI_NONAME says that the name server knows of
                none, which may be remembered for a moment; whatever else may pass.
        """


class AbstractResolver(ABC):
    """aiohttp's base class for resolvers; any object that fits `Resolver` does as well."""

    @abstractmethod
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of `host`, or raise OSError; see `Resolver.resolve`."""

    @abstractmethod
    async def close(self) -> None:
        """Release what the resolver holds."""
