"""The cookie jar: what a server may store and a request must send (RFC 6265bis)."""

from whimbrel_cookies._version import __version__

__all__ = ["__version__"]
