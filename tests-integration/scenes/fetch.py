"""Fetch a URL with nothing but the defaults, and print the status and size, or the error's class."""

import asyncio
import sys

import whimbrel


async def main(url: str) -> None:
    async with whimbrel.ClientSession() as session:
        try:
            async with session.get(url) as response:
                sys.stdout.write(f"{response.status} {len(await response.read())}\n")
        except whimbrel.ClientError as fault:
            sys.stdout.write(f"{type(fault).__name__}: {fault}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
