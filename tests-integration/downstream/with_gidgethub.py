"""gidgethub: an API client over a session that it is given."""

import asyncio
import sys

import aiohttp
from gidgethub import BadRequest
from gidgethub.aiohttp import GitHubAPI


async def main(url: str, *_: str) -> None:
    cache: dict[str, object] = {}
    async with aiohttp.ClientSession() as session:
        github = GitHubAPI(session, "a-bird", oauth_token="0123", base_url=url.rstrip("/"), cache=cache)
        for _again in range(2):
            print(await github.getitem("/repos/{owner}/{name}", {"owner": "shore", "name": "tide"}))
        print(len(cache), github.rate_limit and github.rate_limit.remaining)
        print([issue["number"] async for issue in github.getiter("/issues")])
        print(await github.post("/issues", data={"title": "Ebb"}))
        await github.delete("/issues/1")
        try:
            await github.getitem("/repos/shore/missing")
        except BadRequest as fault:
            print(int(fault.status_code), fault)


asyncio.run(main(*sys.argv[1:]))
