"""The session: the asyncio HTTP client that composes the five parts into the documented ClientSession API."""

from whimbrel._version import __version__

__all__ = ["__version__"]
