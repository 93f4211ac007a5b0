"""The same scenes played with aiohttp and with whimbrel, and what may differ."""
