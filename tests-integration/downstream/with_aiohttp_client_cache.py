"""aiohttp-client-cache: a session that overrides `_request`, and keeps copies of responses."""

import asyncio
import sys

from aiohttp_client_cache import CacheBackend, CachedSession


async def main(url: str, *_: str) -> None:
    async with CachedSession(url, cache=CacheBackend()) as session:
        for _again in range(2):
            async with session.get("echo", params={"tide": "low"}) as response:
                print(type(response).__name__, response.from_cache, response.status, response.ok)
                print((await response.json())["method"], response.content_type, response.url.query_string)
        async with session.get("files/nowhere") as response:
            print(response.status, response.reason, response.request_info.method)


asyncio.run(main(*sys.argv[1:]))
