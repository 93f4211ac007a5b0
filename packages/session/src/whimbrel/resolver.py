"""Resolvers under the name that aiohttp's guide gives them: `from whimbrel.resolver import AsyncResolver`."""

from whimbrel_connector import AsyncResolver, DefaultResolver, ThreadedResolver

__all__ = ["AsyncResolver", "DefaultResolver", "ThreadedResolver"]
