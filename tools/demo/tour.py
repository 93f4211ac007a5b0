"""A walk through whimbrel, each stop one documented call and what it brings back.

A stop that sees something else than it should ends the tour with an error.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

import whimbrel
from tools.demo.answers import DOWNLOAD_BYTES
from tools.demo.server import serving

__all__ = ["tour"]

SECONDS_PER_STOP = 20
NOTE = b"Whimbrels fly from Iceland to West Africa in one go.\n" * 200


class Guide:
    """What every stop needs: a session, where the server is, and somewhere to show things."""

    def __init__(self, session: whimbrel.ClientSession, console: Console) -> None:
        self.session = session
        self.console = console

    def show(self, label: str, value: object) -> None:
        """Print one line of what was seen."""
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        self.console.print(f"  {label:<12}", style="cyan", end="")
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def expect(self, seen: object, wanted: object) -> None:
        """End the tour unless `seen` is what was `wanted`."""
        if seen != wanted:
            raise AssertionError(f"expected {wanted!r}, saw {seen!r}")


async def _get(guide: Guide) -> None:
    query, headers = {"shore": "north"}, {"X-Tour": "yes"}
    async with guide.session.get("/headers", params=query, headers=headers) as response:
        guide.expect(response.status, 200)
        seen = await response.json()
        guide.show("status", f"{response.status} {response.reason}")
        guide.show("type", response.headers["Content-Type"])
        guide.show("asked for", seen["target"])
        guide.show("was sent", seen["headers"])
        guide.expect(seen["headers"]["X-Tour"], "yes")


async def _read_json(guide: Guide) -> None:
    async with guide.session.get("/birds") as response:
        bird = await response.json()
        guide.show("json", bird)
        guide.expect(bird["name"], "whimbrel")


async def _download(guide: Guide) -> None:
    columns = (BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn())
    received = 0
    with Progress("  received   ", *columns, console=guide.console) as progress:
        bar = progress.add_task("download", total=DOWNLOAD_BYTES)
        async with guide.session.get("/download") as response:
            async for piece in response.content.iter_chunked(65536):
                received += len(piece)
                progress.advance(bar, len(piece))
    guide.expect(received, DOWNLOAD_BYTES)


async def _post_form(guide: Guide) -> None:
    async with guide.session.post("/form", data={"bird": "whimbrel", "call": "tti tti tti"}) as response:
        seen = await response.json()
        guide.show("server saw", seen["form"])
        guide.expect(seen["form"], {"bird": ["whimbrel"], "call": ["tti tti tti"]})


async def _upload(guide: Guide) -> None:
    form = whimbrel.FormData()
    form.add_field("title", "Crossing")
    form.add_field("note", NOTE, filename="note.txt", content_type="text/plain")
    async with guide.session.post("/upload", data=form) as response:
        parts = (await response.json())["parts"]
        for part in parts:
            guide.show("server saw", part)
        guide.expect([part["filename"] for part in parts], [None, "note.txt"])
        guide.expect(parts[1]["bytes"], len(NOTE))


async def _keep_cookies(guide: Guide) -> None:
    for count in (1, 2, 3):
        async with guide.session.get("/visit") as response:
            visits = (await response.json())["visits"]
            guide.show("visit", f"{visits}, cookie stored: {response.cookies['visits'].value}")
            guide.expect(visits, count)


async def _follow_redirect(guide: Guide) -> None:
    async with guide.session.get("/moved", allow_redirects=False) as response:
        guide.show("not taken", f"{response.status} to {response.headers['Location']}")
        guide.expect(response.status, 302)
    async with guide.session.get("/moved") as response:
        way = [*(earlier.url.path for earlier in response.history), response.url.path]
        guide.show("taken", f"{' to '.join(way)}: {response.status}")
        guide.expect(way, ["/moved", "/birds"])


async def _talk(guide: Guide) -> None:
    async with guide.session.ws_connect("/echo") as ws:
        for word in ("tti", "tti tti", "tti tti tti"):
            await ws.send_str(word)
            heard = await ws.receive_str()
            guide.show("echo", heard)
            guide.expect(heard, word)
        await ws.send_bytes(NOTE)
        guide.expect(await ws.receive_bytes(), NOTE)
        guide.show("echo", f"{len(NOTE)} bytes")


class Stop(NamedTuple):
    """One thing to see."""

    title: str
    call: str
    visit: Callable[[Guide], Awaitable[None]]


STOPS = (
    Stop("A request and its answer", 'session.get("/headers", params=..., headers=...)', _get),
    Stop("JSON", "await response.json()", _read_json),
    Stop("A download as it arrives", "async for piece in response.content.iter_chunked(65536)", _download),
    Stop("A form", 'session.post("/form", data={...})', _post_form),
    Stop("A file upload", 'form = FormData(); form.add_field("note", ..., filename="note.txt")', _upload),
    Stop("Cookies across requests", 'session.get("/visit"), three times', _keep_cookies),
    Stop("A redirect", 'session.get("/moved"), and with allow_redirects=False', _follow_redirect),
    Stop("A WebSocket", 'async with session.ws_connect("/echo") as ws', _talk),
)


async def tour() -> int:
    """Take the whole tour; return 0, or raise what went wrong."""
    console = Console()
    began = time.monotonic()
    # Cookies from an address without a name are kept only where one asks for it.
    jar = whimbrel.CookieJar(unsafe=True)
    async with serving() as url, whimbrel.ClientSession(url, cookie_jar=jar) as session:
        console.print(f"whimbrel {whimbrel.__version__} against {url}", style="bold")
        guide = Guide(session, console)
        for number, stop in enumerate(STOPS, 1):
            console.print(f"\n{number}. {stop.title}", style="bold green", end="  ")
            console.print(stop.call, style="dim", markup=False, highlight=False)
            await asyncio.wait_for(stop.visit(guide), SECONDS_PER_STOP)
    console.print(f"\nAll {len(STOPS)} stops taken in {time.monotonic() - began:.1f} s.", style="bold")
    return 0
