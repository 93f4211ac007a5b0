"""Every block of the guide as it stands there; where it is wrong or shows a place holder, MENDED says what changes."""

import ast
import asyncio
import gc
import hashlib
import json
import ssl
import subprocess
import sys
import threading
import types
import warnings
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from guide.documents import document
from guide.examples import examples, run
from guide.world import World
from peers.bin import EVENTS, Bin, pattern
from peers.certificates import Authority
from peers.scripted import ScriptedServer, always
from yarl import URL

import whimbrel
from whimbrel import ClientSession, FormData, StreamReader, TCPConnector

GUIDE = document("client-usage.rst")
EXAMPLES = examples(GUIDE or "")
pytestmark = pytest.mark.skipif(GUIDE is None, reason="client-usage.rst is not at hand")

# What is no code: what an example has printed, and a command of the shell.
PRINTED = {139, 156, 273, 597}
PROMPTS = {678, 694, 707, 738}
IMPORTS = {14, 513}
OLD_LOOPS = {822, 835}
WITH_A_LIMIT = {800}
SPECIAL = PRINTED | PROMPTS | IMPORTS | OLD_LOOPS | WITH_A_LIMIT

# Sessions that do not trust the authority by themselves.
STRICT = {525, 532, 540}

_POST = "session.post(json={'test': 'object'})"
MENDED: dict[int, list[tuple[str, str]]] = {
    # S021: there is no URL, and no colon.
    56: [(_POST, "session.post('http://httpbin.org/post', json={'test': 'object'}): pass")],
    64: [(_POST, "session.post('http://httpbin.org/post', json={'test': 'object'}): pass")],
    # S030, S033: the order is that of the caller.
    81: [("?key2=value2&key1=value1", "?key1=value1&key2=value2")],
    95: [("?key=value2&key=value1", "?key=value1&key=value2")],
    # S120, S122: the response is awaited, the end is fed.
    356: [
        ("resp = session", "resp = await session"),
        ("loop.create_task", "upload = loop.create_task"),
        ("    return h", "    stream.feed_eof()\n    return h"),
    ],
    # S130: there is no colon.
    391: [("headers=headers)", "headers=headers):")],
    # The place of a digest.
    578: [("b'...'", "actual")],
    # S230: the reason stands there too.
    738: [("[200]", "[200 OK]"), ("[301]", "[301 Moved Permanently]")],
    # S254: async-timeout is asynchronous today.
    800: [("with async_timeout", "async with async_timeout")],
}

_NOT_AWAITED = "was never awaited"
_NOT_CLOSED = "unclosed file"
WARNS = {31: _NOT_AWAITED, 35: _NOT_AWAITED, 649: _NOT_AWAITED, 301: _NOT_CLOSED, 308: _NOT_CLOSED}
WARNS[525] = "is not verified"

Check = Callable[[World, dict[str, Any]], bool]
CHECKS: dict[int, Check] = {
    31: lambda world, _: world.site.connections.accepted == 1,  # that of `resp`, which is there beforehand
    35: lambda world, _: world.site.connections.accepted == 1,
    202: lambda _, names: Path(names["filename"]).read_bytes() == pattern(100_000),
    379: lambda _, names: bool(names["r"].closed),
    443: lambda _, names: names["session"].cookie_jar is names["jar"],
    457: lambda _, names: len(names["session"].cookie_jar) == 0,
    467: lambda _, names: names["session"].connector is names["conn"],
    486: lambda _, names: bool(names["conn"].limit == 30),
    494: lambda _, names: bool(names["conn"].limit == 0),
    500: lambda _, names: (names["conn"].limit_per_host, names["conn"].limit) == (30, 100),
    525: lambda _, names: bool(names["r"].status == 200),
    532: lambda _, names: bool(names["r"].status == 200),
    540: lambda _, names: bool(names["r"].status == 200),
    623: lambda _, names: bool(names["conn"].path == "/path/to/socket"),
    633: lambda world, _: world.proxy.lines == ["GET http://python.org/"],
    640: lambda world, _: world.proxy.requests[0].get("proxy-authorization") == "Basic dXNlcjpwYXNz",
    659: lambda world, _: world.proxy.lines == ["GET http://python.org/"],
    762: lambda world, _: world.heard == ["tide/answer", "CLOSE"],
}


def example(line: int, **places: str) -> str:
    """Return the block that is announced at `line`, mended."""
    text = EXAMPLES[line]
    for wrong, right in [*MENDED.get(line, ()), *places.items()]:
        assert wrong in text or wrong in places
        text = text.replace(wrong, right)
    return text


@pytest.fixture
async def world(authority: Authority) -> AsyncIterator[World]:
    async with World(authority) as world:
        yield world


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be where the files are that the examples open."""
    for name in ("report.xls", "massive-body", "huge_file"):
        (tmp_path / name).write_bytes(pattern(200_000))
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Names:
    """What the examples suppose to be there."""

    def __init__(self, world: World, trust: ssl.SSLContext | bool) -> None:
        made: list[ClientSession] = []

        class Session(ClientSession):
            """A session that by itself goes to the world of the guide."""

            def __init__(self, base_url: str | None = None, **options: Any) -> None:
                if "connector" not in options:
                    options["connector"] = TCPConnector(resolver=world, ssl=trust)
                super().__init__(base_url, **options)
                made.append(self)

        self._made = made
        self.aiohttp = types.SimpleNamespace(**{name: getattr(whimbrel, name) for name in whimbrel.__all__})
        self.aiohttp.ClientSession = Session
        self.session = Session()

    async def given(self, world: World, folder: Path, page: str) -> dict[str, Any]:
        return {
            "aiohttp": self.aiohttp,
            "ClientSession": self.aiohttp.ClientSession,
            "FormData": FormData,
            "StreamReader": StreamReader,
            "URL": URL,
            "actual": world.pin.hex().encode(),
            "chunk_size": 8192,
            "filename": str(folder / "streamed"),
            "hashlib": hashlib,
            "json": json,
            "loop": asyncio.get_running_loop(),
            "resp": await self.session.get(f"http://httpbin.org/{page}"),
            "session": self.session,
            "ssl": ssl,
            "zlib": zlib,
        }

    async def close(self) -> None:
        for session in self._made:
            await session.close()


@pytest.mark.parametrize("line", sorted(EXAMPLES.keys() - SPECIAL))
async def test_a_block_runs(
    world: World, authority: Authority, folder: Path, line: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S014, S035, S041, S072, S092, S098, S109, S128, S130, S134, S147, S154, S168, S170, S214, S225, S236."""
    authority.write("device", certificate=folder / "device.pem", key=folder / "device.key")
    if line == 659:
        monkeypatch.setenv("http_proxy", "http://some.proxy.com")
    names = Names(world, True if line in STRICT else authority.client())
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        given = await names.given(world, folder, "bytes/100000" if line == 202 else "get")
        text = example(
            line,
            **{
                "/path/to/ca-bundle.crt": str(authority.file),
                "/path/to/client/public/device.pem": "device.pem",
                "/path/to/client/private/device.jey": "device.key",
            },
        )
        try:
            left = await run(text, given)
            if line == 356:
                await _check_the_upload(left)
            if line == 391:
                coroutine: Callable[..., Awaitable[None]] = left["my_coroutine"]
                await coroutine(left["session"], {}, b"the tide")
            assert line not in CHECKS or CHECKS[line](world, left)
        finally:
            given.clear()
            await names.close()
            gc.collect()
    expected = WARNS.get(line)
    assert all(expected is not None and expected in str(warning.message) for warning in seen), seen
    assert bool(seen) is (expected is not None)


async def _check_the_upload(left: dict[str, Any]) -> None:
    """S117 to S123."""
    async with await left["upload"] as response:
        echo = await response.json()
    assert hashlib.sha256(echo["data"].encode("latin-1")).hexdigest() == left["file_hash"]


def test_no_block_is_forgotten() -> None:
    assert len(EXAMPLES) == 63
    assert EXAMPLES.keys() >= SPECIAL | MENDED.keys() | CHECKS.keys() | WARNS.keys() | STRICT


@pytest.mark.parametrize("line", sorted(IMPORTS))
def test_an_import_gives_whimbrel(line: int, tmp_path: Path) -> None:
    """S001, S161, S164."""
    pytest.importorskip("aiodns" if line == 513 else "whimbrel")
    script = tmp_path / "example.py"
    before = "import whimbrel; whimbrel.install_as_aiohttp()\n"
    before += "import asyncio\nimport whimbrel as aiohttp\n" if line == 513 else ""
    after = "\nassert aiohttp.ClientSession is whimbrel.ClientSession\n"
    script.write_text(f"{before}{EXAMPLES[line]}{after}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=110, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def prompts(text: str) -> Iterator[tuple[str, str]]:
    """Give what was typed at each prompt, and what was printed then."""
    for part in text.split(">>> ")[1:]:
        typed, _, printed = part.partition("\n")
        yield typed, printed.strip()


RESPONSES = {
    678: b"HTTP/1.1 200 OK\r\nACCESS-CONTROL-ALLOW-ORIGIN: *\r\nCONTENT-TYPE: application/json\r\n"
    b"DATE: Tue, 15 Jul 2014 16:49:51 GMT\r\nSERVER: gunicorn/18.0\r\nCONTENT-LENGTH: 331\r\n"
    b"CONNECTION: keep-alive\r\n\r\n" + b" " * 331,
    707: b"HTTP/1.1 200 OK\r\nSERVER: nginx\r\nDATE: Sat, 09 Jan 2016 20:28:40 GMT\r\n"
    b"CONTENT-TYPE: text/html; charset=utf-8\r\nCONTENT-LENGTH: 12150\r\nCONNECTION: keep-alive\r\n\r\n"
    + b" "
    * 12150,
}


@pytest.mark.parametrize("line", [678, 694, 707])
async def test_what_was_typed_shows_what_is_printed(line: int) -> None:
    """S218 to S220, S223."""
    answer = RESPONSES.get(line, RESPONSES[678])
    async with ScriptedServer(always(answer)) as server, ClientSession() as session:
        async with session.get(server.url) as resp:
            for typed, printed in prompts(EXAMPLES[line]):
                value = eval(typed, {"resp": resp})
                shown = dict(value) if line == 678 else value
                assert shown == ast.literal_eval(printed)


async def test_the_history_is_typed_out(world: World, authority: Authority) -> None:
    """S229, S230."""
    names = Names(world, authority.client())
    given: dict[str, Any] = {"session": names.session}
    try:
        for typed, printed in prompts(example(738)):
            if typed.startswith("resp = "):
                given = await run(typed, given)
            else:
                assert repr(given[typed] if typed in given else given["resp"].history) == printed
        given["resp"].release()
    finally:
        await names.close()


async def test_a_limit_of_somebody_else_s_ends_a_call(world: World, authority: Authority) -> None:
    """S254, S255."""
    pytest.importorskip("async_timeout")
    world.silent.add("github.com")
    names = Names(world, authority.client())
    try:
        with pytest.raises(asyncio.TimeoutError):
            await run(example(800), {"session": names.session})
        assert names.session.connector is not None
    finally:
        await names.close()


@pytest.fixture
def site_apart() -> Iterator[str]:
    """Give the address of a site whose event loop is another thread's."""
    ready, done = threading.Event(), threading.Event()
    place: list[str] = []

    async def serve() -> None:
        async with Bin() as site:
            place.append(site.url)
            ready.set()
            await asyncio.get_running_loop().run_in_executor(None, done.wait, 50)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(20)
    yield place[0]
    done.set()
    thread.join(20)


def test_a_loop_is_closed_right_behind_its_session(site_apart: str) -> None:
    """S264, S265, S267: both drivers of the guide, the second of which goes on where the first has ended."""
    read = EXAMPLES[822].replace("http://example.org/", site_apart)
    first, _, last = read.partition("loop.run_until_complete(asyncio.sleep(0))")
    for driver in (read, first + EXAMPLES[835], first + last):
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                exec(driver, {"aiohttp": whimbrel, "asyncio": asyncio})
                gc.collect()
        finally:
            asyncio.set_event_loop(None)
            loop.close()
        assert loop.is_closed()
        assert [str(warning.message) for warning in seen] == []


def test_what_is_printed_is_what_the_site_says() -> None:
    assert EXAMPLES[139].startswith('\'[{"created_at":"2015-06-12T14:06:22Z"')
    assert EVENTS[0]["created_at"] == "2015-06-12T14:06:22Z"
    echo = json.loads(EXAMPLES[273].replace("...", "").replace("},", "}"))
    assert echo == {"form": {"key1": "value1", "key2": "value2"}}
