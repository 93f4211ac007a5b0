"""aiohttp.http_writer: versions of HTTP."""

from whimbrel import HttpVersion, HttpVersion10, HttpVersion11

__all__ = ["HttpVersion", "HttpVersion10", "HttpVersion11"]
