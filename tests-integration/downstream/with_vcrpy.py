"""vcrpy: what was answered is recorded once, and played back without a server."""

import asyncio
import sys
import tempfile
from pathlib import Path

import aiohttp
import vcr


async def main(url: str, *_: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cassette = Path(folder, "cassette.yaml")
        seen = []
        for _again in range(2):
            with vcr.use_cassette(str(cassette)) as played:
                seen.append(await visit(url))
            print(played.play_count, len(played))
    print(seen[0] == seen[1], seen[0])


async def visit(url: str) -> list[object]:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}echo", params={"tide": "low"}) as response:
            first = (await response.json())["method"]
            seen: list[object] = [response.status, response.url.query_string, response.content_type, first]
        async with session.post(f"{url}echo", json={"tide": "high"}) as response:
            seen += [(await response.json())["body"], response.reason]
        async with session.get(f"{url}files/nowhere") as response:
            seen.append(response.ok)
        async with session.get(f"{url}echo") as response:
            seen.append(b"".join([piece async for piece in response.content.iter_chunked(7)])[:9])
        return seen


asyncio.run(main(*sys.argv[1:]))
