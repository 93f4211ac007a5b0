"""aiohttp.payload_streamer: bodies that a coroutine writes."""

from whimbrel.streamer import streamer

__all__ = ["streamer"]
