"""Where a request goes and everything that makes a connection there different from others.

A connection is shared only between requests of an equal route: it is the pool's key.
"""

from dataclasses import dataclass

from yarl import URL

from whimbrel_connector.tls import TlsPolicy

__all__ = ["Route"]

_DEFAULT_POLICY = TlsPolicy()


@dataclass(frozen=True, slots=True)
class Route:
    """An origin and how to reach it.

    Attributes:
        host: Host name in its ASCII form, or an address without brackets.
        port: The port.
        tls: What TLS must satisfy; None for plain text.
    """

    host: str
    port: int
    tls: TlsPolicy | None = None

    @classmethod
    def to(cls, url: URL, *, tls: TlsPolicy = _DEFAULT_POLICY) -> "Route":
        """Return the route to the origin of `url`; `tls` matters for https and wss only.

        Raises:
            ValueError: The URL has no host, or no port is known for its scheme.
        """
        host, port = url.raw_host, url.port
        if not host or port is None:
            msg = f"no host and port to connect to in {url}"
            raise ValueError(msg)
        return cls(host, port, tls if url.scheme in ("https", "wss") else None)
