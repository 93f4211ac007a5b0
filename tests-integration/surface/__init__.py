"""The surface of aiohttp for clients, beside whimbrel's."""
