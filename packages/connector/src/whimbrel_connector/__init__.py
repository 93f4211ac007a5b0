"""From an origin to a live connection: DNS, TCP, UNIX sockets, TLS, proxies, and the pool."""

from whimbrel_connector._version import __version__

__all__ = ["__version__"]
