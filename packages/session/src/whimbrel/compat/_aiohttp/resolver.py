"""aiohttp.resolver: from names to addresses."""

from whimbrel_connector import AsyncResolver, DefaultResolver, ThreadedResolver

__all__ = ["AsyncResolver", "DefaultResolver", "ThreadedResolver"]
