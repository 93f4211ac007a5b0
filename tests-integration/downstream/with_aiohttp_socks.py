"""aiohttp-socks: a connector that overrides how connections are opened."""

import asyncio
import sys

import aiohttp
from aiohttp_socks import ProxyConnectionError, ProxyConnector


async def main(url: str, proxy: str, *_more: str) -> None:
    async with aiohttp.ClientSession(connector=ProxyConnector.from_url(proxy, rdns=True)) as session:
        for _ in range(2):
            async with session.get(url.replace("127.0.0.1", "shore.example") + "echo") as response:
                echoed = await response.json()
                print(response.status, echoed["headers"]["host"].partition(":")[0])
    async with aiohttp.ClientSession(connector=ProxyConnector.from_url("socks5://127.0.0.1:1")) as session:
        try:
            await session.get(url)
        except ProxyConnectionError as fault:
            print(type(fault).__name__)


asyncio.run(main(*sys.argv[1:]))
