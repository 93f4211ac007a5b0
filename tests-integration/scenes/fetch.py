"""Fetch a URL with nothing but the defaults, and print the status and size, or the error's class.

With a second word, `truststore`, whom to trust is that library's business.
"""

import asyncio
import sys

import whimbrel
from whimbrel_connector import TlsPolicy


async def main(url: str, *words: str) -> None:
    policy = TlsPolicy(trust="truststore") if "truststore" in words else None
    async with whimbrel.ClientSession() as session:
        try:
            async with session.get(url, ssl=policy) as response:
                sys.stdout.write(f"{response.status} {len(await response.read())}\n")
        except whimbrel.ClientError as fault:
            sys.stdout.write(f"{type(fault).__name__}: {fault}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
