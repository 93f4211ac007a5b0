"""Forms and payloads: multipart, urlencoded, files and streams, reading and writing."""

from whimbrel_multipart._version import __version__

__all__ = ["__version__"]
