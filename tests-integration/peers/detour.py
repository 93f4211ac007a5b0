"""A resolver that leads every host name to a server of the scene, so that the guide's URLs stand as printed."""

import socket

from whimbrel_connector import ResolveResult

__all__ = ["Detour"]


class Detour:
    """Answers every name with the loopback address and a port of the scene's choice.

    Args:
        ports: What stands in for each port of a URL.

    Attributes:
        asked: The names that were asked for, in order.
    """

    def __init__(self, ports: dict[int, int]) -> None:
        self._ports = ports
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the one address there is."""
        self.asked.append(host)
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._ports[port],
                family=socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
        ]
