"""aioresponses: answers that are made up, in the place of `ClientSession._request`."""

import asyncio
import re
import sys

import aiohttp
from aioresponses import CallbackResult, aioresponses


async def main(url: str, *_: str) -> None:
    async with aiohttp.ClientSession(headers={"X-Bird": "whimbrel"}) as session:
        with aioresponses(passthrough=[url]) as made_up:
            made_up.get("http://shore.example/tides", payload={"tide": "low"}, headers={"ETag": "v1"})
            response = await session.get("http://shore.example/tides")
            print(response.status, response.content_type, await response.json(), response.headers["etag"])
            made_up.assert_called_once()
            call = next(iter(made_up.requests.values()))[0]
            print(call.kwargs["headers"]["x-bird"])

            made_up.post(re.compile("^http://shore.*$"), status=404, body="nothing", reason="Gone")
            try:
                async with session.post("http://shore.example/x", json={"a": 1}, raise_for_status=True):
                    pass
            except aiohttp.ClientResponseError as fault:
                print(fault.status, fault.message, fault.request_info.real_url)

            made_up.get("http://shore.example/storm", exception=aiohttp.ServerDisconnectedError())
            made_up.get("http://shore.example/slow", timeout=True)
            storm, slow = await asyncio.gather(
                *(session.get(f"http://shore.example/{path}") for path in ("storm", "slow")),
                return_exceptions=True,
            )
            print(isinstance(storm, aiohttp.ClientError), isinstance(slow, asyncio.TimeoutError))

            made_up.get("http://shore.example/old", status=301, headers={"Location": "/new"})
            made_up.get("http://shore.example/new", body=b"\x00\xff", content_type="application/octet-stream")
            async with session.get("http://shore.example/old") as response:
                print(str(response.url), len(response.history), await response.read())

            def called_back(url: object, **kwargs: object) -> CallbackResult:
                return CallbackResult(status=418, body=f"{url} {kwargs['data']}")

            made_up.put("http://shore.example/pot", callback=called_back, repeat=True)
            async with session.put("http://shore.example/pot", data="tea") as response:
                print(response.status, await response.text(), response.ok)

            made_up.get("http://shore.example/jar", headers={"Set-Cookie": "tide=low; Path=/"})
            async with session.get("http://shore.example/jar") as response:
                print(response.cookies["tide"].value, [line async for line in response.content])

            async with session.get(f"{url}echo") as response:
                print("really", (await response.json())["headers"]["x-bird"])
            try:
                await session.get("http://nobody.example/")
            except aiohttp.ClientConnectionError as fault:
                print(fault)


asyncio.run(main(*sys.argv[1:]))
