"""aiohttp.resolver: from names to addresses."""

from whimbrel_connector import ThreadedResolver

__all__ = ["ThreadedResolver"]
