"""Libraries written against aiohttp, at work with whimbrel in its place."""
