"""Fetch one URL and show status, headers and the beginning of the body."""

import asyncio
import sys

from rich.console import Console
from rich.table import Table

import whimbrel

__all__ = ["fetch"]

SHOWN_BYTES = 2000
SECONDS = 30


async def fetch(url: str) -> int:
    """Show what `url` answers; return 0, or 1 where no answer came."""
    timeout = whimbrel.ClientTimeout(total=SECONDS)
    try:
        async with whimbrel.ClientSession(timeout=timeout) as session, session.get(url) as response:
            await _show(response, Console())
    except (whimbrel.ClientError, asyncio.TimeoutError) as fault:
        print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
        return 1
    return 0


async def _show(response: whimbrel.ClientResponse, console: Console) -> None:
    for earlier in response.history:
        console.print(f"{earlier.status} {earlier.url}", style="dim", markup=False)
    console.print(f"{response.status} {response.reason} {response.url}", style="bold", markup=False)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in response.headers.items():
        table.add_row(name, value)
    console.print(table)
    console.print()
    beginning = await _read_beginning(response)
    text = beginning[:SHOWN_BYTES].decode(response.charset or "utf-8", errors="replace")
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    if len(beginning) > SHOWN_BYTES:
        console.print(f"… and more: these were the first {SHOWN_BYTES} bytes", style="dim")


async def _read_beginning(response: whimbrel.ClientResponse) -> bytes:
    beginning = b""
    async for piece in response.content.iter_any():
        beginning += piece
        if len(beginning) > SHOWN_BYTES:
            break
    return beginning
