"""aiohttp-retry: requests that are repeated until they succeed."""

import asyncio
import sys

import aiohttp
from aiohttp_retry import ExponentialRetry, ListRetry, RetryClient


async def main(url: str, *_: str) -> None:
    options = ExponentialRetry(attempts=4, start_timeout=0.01, exceptions={aiohttp.ServerDisconnectedError})
    async with RetryClient(retry_options=options) as client:
        async with client.get(f"{url}flaky/2") as response:
            print(response.status, await response.text())
        async with client.get(f"{url}cut/2") as response:
            print(response.status, await response.text())
        response = await client.post(f"{url}echo", data=b"tide", headers={"X-Bird": "whimbrel"})
        echoed = await response.json()
        print(echoed["method"], echoed["body"], echoed["headers"]["x-bird"])
    attempts: list[int] = []

    async def note(_session: object, context: object, _params: object) -> None:
        attempts.append(context.trace_request_ctx["current_attempt"])  # type: ignore[attr-defined]  # as its README has it

    tracing = aiohttp.TraceConfig()
    tracing.on_request_start.append(note)
    async with aiohttp.ClientSession(trace_configs=[tracing]) as session:
        client = RetryClient(client_session=session, raise_for_status=True)
        try:
            async with client.get(f"{url}flaky/9", retry_options=ListRetry([0.01, 0.01])):
                pass
        except aiohttp.ClientResponseError as fault:
            print(fault.status, fault.message, attempts)
        async with client.head(f"{url}echo") as response:
            print(response.status, isinstance(response, aiohttp.ClientResponse))


asyncio.run(main(*sys.argv[1:]))
