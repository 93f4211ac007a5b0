"""Where a request goes and everything that makes a connection there different from others.

A connection is shared only between requests of an equal route: it is the pool's key.
"""

from typing import NamedTuple

from yarl import URL

from whimbrel_connector.proxy import Proxy
from whimbrel_connector.tls import TlsPolicy

__all__ = ["Route"]

_DEFAULT_POLICY = TlsPolicy()


class Route(NamedTuple):
    """An origin and how to reach it.

    Attributes:
        host: Host name in its ASCII form, or an address without brackets; the proxy's where it forwards.
        port: The port.
        tls: What TLS with the origin must satisfy; None for plain text.
        proxy: What the connection goes through, or None.
        forwarded: The proxy reads the requests, so that those for all origins share connections;
            else it makes a tunnel to the origin.
    """

    host: str
    port: int
    tls: TlsPolicy | None = None
    proxy: Proxy | None = None
    forwarded: bool = False

    @property
    def origin(self) -> str:
        """Scheme, host and port, as of a URL: the origin, or the proxy where that reads the requests."""
        proxy_is_tls = self.forwarded and self.proxy is not None and self.proxy.url.scheme == "https"
        scheme = "https" if self.tls is not None or proxy_is_tls else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    @classmethod
    def to(cls, url: URL, *, tls: TlsPolicy = _DEFAULT_POLICY, proxy: Proxy | None = None) -> "Route":
        """Return the route to the origin of `url`, by way of `proxy`; `tls` matters for https and wss only.

        Raises:
            ValueError: The URL has no host, or no port is known for its scheme.
        """
        host, port = url.raw_host, url.port
        if not host or port is None:
            msg = f"no host and port to connect to in {url}"
            raise ValueError(msg)
        if proxy is not None and proxy.forwards(url):
            way = cls.way_to(proxy)
            return cls(way.host, way.port, proxy=proxy, forwarded=True)
        return cls(host, port, tls if url.scheme in ("https", "wss") else None, proxy)

    @classmethod
    def way_to(cls, proxy: Proxy) -> "Route":
        """Return the route of a connection to `proxy` itself, whatever becomes of it."""
        way = cls.to(proxy.url, tls=proxy.tls)
        return cls(way.host, way.port, way.tls, proxy, forwarded=True)
