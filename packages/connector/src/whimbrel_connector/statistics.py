"""What a pool holds and has done, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["OriginStatistics", "PoolStatistics"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginStatistics:
    """What a pool holds for one origin at this moment.

    Attributes:
        open: Connections in all: leased, idle, being opened and closing.
        idle: Connections that wait for a request.
        waiting: Requests that wait for a connection.
        reused: How often the connections of this moment have served again after their first exchange.
    """

    open: int
    idle: int
    waiting: int
    reused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolStatistics:
    """What a pool holds at this moment, and what it has done since it was made.

    It is made when it is asked for; nothing is counted for it while requests run but what the pool
    must know anyway.

    Attributes:
        open: Connections in all: leased, idle, being opened and closing.
        idle: Connections that wait for a request.
        waiting: Requests that wait for a connection.
        opened: Connections that came to be, since the beginning.
        reused: Exchanges that began on a connection that had served before, since the beginning.
        origins: The same for each origin that has a connection or a request now, such as
            "https://shore.example:443"; connections to it under different TLS policies, or by way of
            different proxies, are counted together. What a proxy forwards counts for the proxy.
    """

    open: int
    idle: int
    waiting: int
    opened: int = 0
    reused: int = 0
    origins: Mapping[str, OriginStatistics] = field(default_factory=lambda: MappingProxyType({}), hash=False)
