"""The HTTP/1.1 parser: bytes to events and messages to bytes, both sides, without I/O."""

from whimbrel_http1._version import __version__

__all__ = ["__version__"]
