"""One scene played by one client, and the outcome as plain values under plain names."""

import asyncio
import re
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import aiohttp
from aiohttp import client_exceptions
from yarl import URL

import whimbrel
from differential.origin import Heard, Origin, Script

__all__ = ["CLIENTS", "Outcome", "Scene", "Stage", "differing", "play_both"]

CLIENTS: tuple[ModuleType, ModuleType] = (aiohttp, whimbrel)
Outcome = dict[str, object]

# The attributes that aiohttp documents for its exceptions, but for its prose.
_FACTS = ("status", "host", "port", "ssl", "url", "code", "path", "errno")


_SECONDS = 60
# Codings are offered as their libraries are installed, and the order of cookies says nothing.
_SPREAD: dict[str, Callable[[list[str]], object]] = {
    "accept-encoding": lambda values: set(", ".join(values).split(", ")) - {"br", "zstd"},
    "cookie": lambda values: sorted("; ".join(values).split("; ")),
}
_NOTHING = "nothing"
_WHOLE = ("raised", "requests", "elsewhere requests", "connections")


@dataclass(frozen=True)
class Scene:
    """A row of the table.

    Attributes:
        name: What it is about.
        play: What is called.
        says: What the server says, by path; "*" or one script alone for every path.
        elsewhere: The same of the other origin.
        session: The arguments of the session, made with the client's own module.
        connector: The same of its connector, where it is to have one.
    """

    name: str
    play: Callable[["Stage"], Awaitable[object]]
    says: Mapping[str, Script] | Script = field(default_factory=dict)
    elsewhere: Mapping[str, Script] | Script = field(default_factory=dict)
    session: Callable[[ModuleType], dict[str, Any]] = lambda lib: {}
    connector: Callable[["Stage"], Any] | None = None


class Stage:
    """Where a scene is played.

    Attributes:
        lib: The client's module.
        session: Its session.
        here: The server's URL, without a slash.
        there: The other server's.
        unix_path: Where the same server listens besides.
        outcome: What was seen.
    """

    def __init__(self, lib: ModuleType, here: Origin, names: Mapping[str, str]) -> None:
        self.lib = lib
        self.here, self.there, self.unix_path = names["here"], names["there"], names["unix"]
        self._origin = here
        self.session: Any = None
        self.outcome: Outcome = {}
        self._responses = 0

    def at(self, url: str | URL) -> str | URL:
        """Return `url`, where a path means the server and `there:` the other one."""
        if isinstance(url, str):
            if url.startswith("/"):
                return self.here + url
            return url.replace("{here}", self.here).replace("{there}", self.there)
        return url

    async def has_heard(self) -> None:
        """Wait until the server has heard a request."""
        await self._origin.has_heard.wait()

    def note(self, name: str, value: object) -> None:
        """Remember something under a name of its own."""
        if name in self.outcome:
            raise AssertionError(f"{name} is noted twice")
        self.outcome[name] = value

    async def fetch(
        self, method: str, url: str | URL = "/", *, reading: str = "read", **options: Any
    ) -> None:
        """Make a request and note everything about the response."""
        async with self.session.request(method, self.at(url), **options) as response:
            await self.see(response, reading)

    async def see(self, response: Any, reading: str = "read") -> None:
        """Note everything about a response, its body read by the method `reading`."""
        self._responses += 1
        mark = "" if self._responses == 1 else f" {self._responses}"
        for name in ("status", "reason", "ok", "method", "content_type", "charset", "host"):
            self.note(name + mark, getattr(response, name))
        self.note("version" + mark, tuple(response.version))
        self.note("url" + mark, (str(response.url), str(response.real_url)))
        self.note("headers" + mark, [(name.lower(), value) for name, value in response.headers.items()])
        self.note("raw headers" + mark, [(name.lower(), value) for name, value in response.raw_headers])
        self.note("response cookies" + mark, {key: morsel.value for key, morsel in response.cookies.items()})
        self.note("history" + mark, [(hop.status, str(hop.url)) for hop in response.history])
        asked = response.request_info
        self.note("asked" + mark, (asked.method, str(asked.url), str(asked.real_url)))
        try:
            self.note("body" + mark, await getattr(response, reading)())
        except Exception as fault:
            self.note("body" + mark, told(fault, self))
            raise
        finally:
            response.release()

    async def attempt(self, name: str, doing: Awaitable[object]) -> None:
        """Note what comes of `doing`, a value or an error."""
        try:
            self.note(name, await doing)
        except Exception as fault:  # noqa: BLE001 -- whatever it is, it is the outcome
            self.note(name, told(fault, self))


def told(fault: BaseException, stage: Stage) -> dict[str, object]:
    """Return what can be told of an error: its class by aiohttp's name, its ancestry, its facts."""
    ancestry = [kind for kind in type(fault).__mro__ if _is_known(kind)]
    names = [kind.__name__ for kind in ancestry]
    facts: dict[str, object] = {"class": names[0], "ancestry": sorted(set(names))}
    if "ClientError" in names:
        facts |= {name: _plain(getattr(fault, name)) for name in _FACTS if hasattr(fault, name)}
    if names[0] == "ClientResponseError" and getattr(fault, "headers", None) is not None:
        facts["message"] = fault.message  # type: ignore[attr-defined]  # the reason phrase of a response
    if (asked := getattr(fault, "request_info", None)) is not None:
        facts["request info"] = (asked.method, str(asked.url), str(asked.real_url))
    if (history := getattr(fault, "history", None)) is not None:
        facts["history"] = [(hop.status, str(hop.url)) for hop in history]
    if (headers := getattr(fault, "headers", None)) is not None:
        facts["headers"] = sorted(
            (name.lower(), "PROOF" if name.lower() == "sec-websocket-accept" else value)
            for name, value in headers.items()
        )
    if (cause := getattr(fault, "os_error", None)) is not None:
        facts["os_error"] = (isinstance(cause, OSError), cause.errno)
    return facts


def _plain(value: object) -> object:
    return str(value) if isinstance(value, URL) else value


def _is_known(kind: type) -> bool:
    """Tell whether whoever knows aiohttp knows this class by its name."""
    if kind is object or kind.__name__ in ("BaseException", "Exception"):
        return False
    if kind.__module__.startswith("aiohttp"):
        return True
    if kind.__module__.startswith("whimbrel"):
        return hasattr(aiohttp, kind.__name__) or hasattr(client_exceptions, kind.__name__)
    return True


async def play_both(scene: Scene, unix_path: str) -> tuple[Outcome, Outcome]:
    """Play `scene` with aiohttp and with whimbrel against the same servers."""
    names: dict[str, str] = {}
    here = Origin(_by_path(scene.says), names)
    there = Origin(_by_path(scene.elsewhere), names)
    unix = Origin(_by_path(scene.says), names, path=unix_path)
    async with here, there, unix:
        names |= {"here": f"http://127.0.0.1:{here.port}", "there": f"http://127.0.0.1:{there.port}"}
        names["unix"] = unix_path
        first, second = [await _play(scene, lib, (here, there, unix)) for lib in CLIENTS]
    return first, second


async def _play(scene: Scene, lib: ModuleType, origins: tuple[Origin, Origin, Origin]) -> Outcome:
    here, there, unix = origins
    for origin in origins:
        origin.forget()
    stage = Stage(lib, here, here.names)
    try:
        await asyncio.wait_for(_act(scene, stage), _SECONDS)
    except Exception as fault:  # noqa: BLE001 -- whatever it is, it is the outcome
        stage.note("raised", told(fault, stage))
    finally:
        if stage.session is not None:
            with suppress(RuntimeError):
                stage.note("jar", sorted(_cookie(morsel) for morsel in stage.session.cookie_jar))
            await stage.session.close()
    for origin in origins:
        await origin.all_left()
    _note_heard(stage.outcome, "", [*here.heard, *unix.heard])
    _note_heard(stage.outcome, "elsewhere ", there.heard)
    if here.frames:
        stage.note("frames", here.frames)
    stage.note("connections", (here.accepted, there.accepted, unix.accepted))
    return stage.outcome


async def _act(scene: Scene, stage: Stage) -> None:
    options = scene.session(stage.lib)
    if scene.connector is not None:
        options["connector"] = scene.connector(stage)
    options = {key: stage.at(value) if key == "base_url" else value for key, value in options.items()}
    stage.session = stage.lib.ClientSession(**options)
    await scene.play(stage)


def _by_path(says: Mapping[str, Script] | Script) -> Mapping[str, Script]:
    return says if isinstance(says, Mapping) else {"*": says}


def _cookie(morsel: Any) -> tuple[str, ...]:
    return (morsel.key, morsel.value, morsel["domain"], morsel["path"], str(bool(morsel["secure"])))


def _note_heard(outcome: Outcome, place: str, heard: Sequence[Heard]) -> None:
    outcome[f"{place}requests"] = [f"{request.method} {request.target}" for request in heard]
    for number, request in enumerate(heard, 1):
        mark = f"{place}request {number}"
        fields, body = _without_chance(request)
        for name in {name for name, _ in fields}:
            values = [value for key, value in fields if key == name]
            outcome[f"{mark} {name}"] = _SPREAD.get(name, list)(values)
        outcome[f"{mark} body"] = body
        outcome[f"{mark} connection"] = request.connection


def _without_chance(request: Heard) -> tuple[list[tuple[str, str]], bytes]:
    """Return fields and body without what differs from run to run, and without User-Agent."""
    fields = [item for item in request.fields if item[0] != "user-agent"]
    body = request.body
    found = re.search(r'boundary="?([^";]+)', request.get("content-type"))
    if found is not None:
        body = body.replace(found[1].encode(), b"BOUNDARY")
        fields = [(name, value.replace(found[1], "BOUNDARY")) for name, value in fields]
        fields = [(name, str(len(body)) if name == "content-length" else value) for name, value in fields]
    body = _expanded(request, body)
    return [(name, "KEY" if name == "sec-websocket-key" else value) for name, value in fields], body


def _expanded(request: Heard, body: bytes) -> bytes:
    """Return a compressed body expanded: how well it was compressed is no matter of HTTP."""
    bits = {"gzip": 31, "deflate": 15}.get(request.get("content-encoding"))
    return body if bits is None else zlib.decompress(body, bits)


def differing(first: Outcome, second: Outcome) -> dict[str, tuple[object, object]]:
    """Return the fields that are not alike, with both values.

    What merely follows from a difference is not told: what was seen of a response where the errors
    differ, what was said in a request where the other client made none.
    """
    differ = {
        name: (first.get(name, _NOTHING), second.get(name, _NOTHING))
        for name in {**first, **second}
        if first.get(name, _NOTHING) != second.get(name, _NOTHING)
    }
    return {name: pair for name, pair in differ.items() if name in _WHOLE or not _follows(name, differ)}


def _follows(name: str, differ: Mapping[str, tuple[object, object]]) -> bool:
    """Tell whether a difference merely follows from another."""
    is_one_sided = _NOTHING in differ[name]
    if _NOTHING in differ.get("raised", ()):
        return True
    if " request " in f" {name}":
        return is_one_sided and not {"requests", "elsewhere requests"}.isdisjoint(differ)
    return is_one_sided and "raised" in differ
