"""The WebSocket client: RFC 6455 and RFC 7692 as a sans-I/O core, and asyncio over any transport."""

from whimbrel_websocket._version import __version__

__all__ = ["__version__"]
