"""How long each phase before an exchange may take."""

from dataclasses import dataclass

__all__ = ["Timeouts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Limits of the phases before a connection is there, in seconds; None means no limit.

    Attributes:
        lease: Waiting for the pool and getting there, together.
        pool: Waiting for the pool alone.
        connect: Getting there alone: address lookup, TCP, the proxy's tunnel, TLS.
        dns: The address lookup.
        tcp: The TCP connection, or that of a UNIX socket: whichever address is tried, together.
        tls: The TLS handshake, with the origin or with the proxy; each has so much.
        proxy: Reaching the proxy, until it has made a tunnel where one is needed.
    """

    lease: float | None = None
    pool: float | None = None
    connect: float | None = None
    dns: float | None = None
    tcp: float | None = None
    tls: float | None = None
    proxy: float | None = None
