"""Hosts by name, all of them the one server: cookies by domain, redirects between hosts, odd names."""

import socket
from typing import Any

from yarl import URL

from differential.calls import Play, get, many, post
from differential.origin import text
from differential.stage import Scene, Stage

__all__ = ["SCENES"]


def _everywhere(stage: Stage) -> Any:
    """Return a connector for which every name is the server."""
    port = URL(stage.here).port
    base: Any = getattr(getattr(stage.lib, "abc", None), "AbstractResolver", object)

    class Resolver(base):  # type: ignore[misc]  # aiohttp insists on its own
        async def resolve(self, host: str, _port: int = 0, family: int = 0) -> list[dict[str, Any]]:
            where = {"hostname": host, "host": "127.0.0.1", "port": port}
            return [where | {"family": socket.AF_INET, "proto": 0, "flags": socket.AI_NUMERICHOST}]

        async def close(self) -> None:
            """Hold nothing."""

    return stage.lib.TCPConnector(resolver=Resolver())


def _named(name: str, play: Play, says: Any = None, **more: Any) -> Scene:
    return Scene(f"names: {name}", play, {} if says is None else says, connector=_everywhere, **more)


def _sets(*cookies: str) -> dict[str, bytes]:
    """Return what the server says: the cookies at /set, nothing of interest elsewhere."""
    return {"/set": text("", *(f"Set-Cookie: {cookie}" for cookie in cookies))}


def _after(*urls: str) -> Play:
    """Return a play that lets the cookies be set, then asks `urls`."""
    return many(*(get(url) for url in ("http://shore.example/set", *urls)))


SITES = ("http://shore.example/", "http://north.shore.example/", "http://sea.example/")
SECRETS = {"Authorization": "Bearer x", "X-Token": "secret"}

COOKIES = [
    _named("a cookie of the host alone", _after(*SITES), _sets("a=1; Path=/")),
    _named("a cookie of the domain", _after(*SITES), _sets("a=1; Path=/; Domain=shore.example")),
    _named("a cookie of the domain, with a dot", _after(*SITES), _sets("a=1; Path=/; Domain=.shore.example")),
    _named("a cookie of another domain", _after(*SITES), _sets("a=1; Path=/; Domain=sea.example")),
    _named("a cookie of a subdomain", _after(*SITES), _sets("a=1; Path=/; Domain=north.shore.example")),
    _named("a cookie of a like domain", _after(*SITES), _sets("a=1; Path=/; Domain=hore.example")),
    _named("a cookie of the top", _after(*SITES), _sets("a=1; Path=/; Domain=example")),
    _named("a cookie of a domain in upper case", _after(*SITES), _sets("a=1; Path=/; Domain=SHORE.Example")),
    _named("a cookie of another port", _after("http://shore.example:8080/"), _sets("a=1; Path=/")),
    _named(
        "a cookie of a path",
        _after("http://shore.example/a", "http://shore.example/a/b", "http://shore.example/ab"),
        _sets("a=1; Path=/a"),
    ),
    _named("a cookie without a path", _after(*SITES[:1], "http://shore.example/set/x"), _sets("a=1")),
    _named("a cookie whose path is none", _after(*SITES[:1]), _sets("a=1; Path=set")),
    _named("cookies of one name", _after("http://shore.example/a"), _sets("a=1; Path=/", "a=2; Path=/a")),
    _named("a cookie set again", _after(*SITES[:1]), _sets("a=1; Path=/", "a=2; Path=/")),
    _named(
        "a cookie with both ends",
        _after(*SITES[:1]),
        _sets("a=1; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
    ),
    _named(
        "a cookie that ends with rubbish",
        _after(*SITES[:1]),
        _sets("a=1; Path=/; Max-Age=soon; Expires=soon"),
    ),
    _named(
        "a cookie with odd attributes",
        _after(*SITES[:1]),
        _sets("a=1; path=/; HTTPONLY; SameSite=Lax; Odd=1; Partitioned"),
    ),
    _named(
        "a cookie named as an attribute", _after(*SITES[:1]), _sets("path=1; Path=/", "expires=2; Path=/")
    ),
    _named("cookies with a prefix", _after(*SITES[:1]), _sets("__Secure-a=1; Path=/", "__Host-b=1; Path=/")),
    _named(
        "cookies of the session everywhere",
        many(*(get(url) for url in SITES)),
        session=lambda lib: {"cookies": {"a": "1"}},
    ),
    _named(
        "cookies of the request elsewhere",
        get(SITES[0], cookies={"a": "1"}),
        {"/": [text("", f"Location: {SITES[2]}", status="302 Found"), text("ok")]},
    ),
]

HOSTS = [
    _named("a host in upper case", get("http://SHORE.Example/")),
    _named("a host with a dot behind", get("http://shore.example./")),
    _named("a host in another script", get("http://кроншнеп.example/птица")),
    _named("a host in punycode", get("http://xn--80akhbyknj4f.example/")),
    _named("a host with an underscore", get("http://north_shore.example/")),
    _named("a port of its own", get("http://shore.example:8080/")),
    _named("the usual port, said", get("http://shore.example:80/")),
    _named("auth for a host", get(SITES[0], lambda lib: {"auth": lib.BasicAuth("u", "p")})),
]


def _redirects(location: str, status: str = "302 Found") -> dict[str, bytes]:
    return {"/from": text("moved", f"Location: {location}", status=status)}


REDIRECTS = [
    _named(
        "redirected to a subdomain",
        get("http://shore.example/from", headers=SECRETS),
        _redirects("http://north.shore.example/to"),
    ),
    _named(
        "redirected to the parent domain",
        get("http://north.shore.example/from", headers=SECRETS),
        _redirects("http://shore.example/to"),
    ),
    _named(
        "redirected to another port",
        get("http://shore.example/from", headers=SECRETS),
        _redirects("http://shore.example:8080/to"),
    ),
    _named(
        "redirected to the usual port, said",
        get("http://shore.example/from", headers=SECRETS),
        _redirects("http://shore.example:80/to"),
    ),
    _named(
        "redirected to the host in upper case",
        get("http://shore.example/from", headers=SECRETS),
        _redirects("http://SHORE.example/to"),
    ),
    _named(
        "redirected to the host with a dot",
        get("http://shore.example/from", headers=SECRETS),
        _redirects("http://shore.example./to"),
    ),
    _named(
        "redirected to a host in another script",
        get("http://shore.example/from"),
        _redirects("http://кроншнеп.example/птица"),
    ),
    _named(
        "redirected with a body to a subdomain",
        post("http://shore.example/from", data=b"eggs"),
        _redirects("http://north.shore.example/to", "308 Permanent Redirect"),
    ),
    _named(
        "redirected with cookies of the jar",
        _after("http://shore.example/from"),
        {**_sets("a=1; Path=/; Domain=shore.example"), **_redirects("http://north.shore.example/to")},
    ),
]

SCENES = [*COOKIES, *HOSTS, *REDIRECTS]
