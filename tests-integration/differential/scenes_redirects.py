"""Redirects: every status with every method, where they lead, and what travels along."""

from collections.abc import AsyncIterator

from differential.calls import asking, get, many, post
from differential.origin import Close, text
from differential.stage import Scene, Stage

__all__ = ["SCENES"]


def to(location: str, status: str = "302 Found", *fields: str) -> bytes:
    """Return a redirect."""
    return text("moved", f"Location: {location}", *fields, status=status)


STATUSES = {
    "300": "300 Multiple Choices",
    "301": "301 Moved Permanently",
    "302": "302 Found",
    "303": "303 See Other",
    "304": "304 Not Modified",
    "305": "305 Use Proxy",
    "307": "307 Temporary Redirect",
    "308": "308 Permanent Redirect",
}

MATRIX = [
    Scene(
        f"redirect {code} after {method}",
        asking(method, "/from", data=None if method in ("GET", "HEAD") else b"eggs", allow_redirects=True),
        {"/from": text("" if code == "304" else "moved", "Location: /to", status=status)},
    )
    for code, status in STATUSES.items()
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH")
]

SECRETS = {
    "Authorization": "Bearer x",
    "Cookie": "a=1",
    "X-Token": "secret",
    "Accept-Language": "de",
    "Proxy-Authorization": "Basic eA==",
}


async def _pieces() -> AsyncIterator[bytes]:
    yield b"eggs"


async def _head(stage: Stage) -> None:
    async with stage.session.head(stage.at("/from")) as response:
        await stage.see(response)


LEADS = [
    Scene("redirect not followed", get("/from", allow_redirects=False), {"/from": to("/to")}),
    Scene(
        "redirect of POST not followed", post("/from", data=b"x", allow_redirects=False), {"/from": to("/to")}
    ),
    Scene("redirect of HEAD by default", _head, {"/from": to("/to")}),
    Scene("redirect without a location", get("/from"), {"/from": text("x", status="302 Found")}),
    Scene(
        "redirect with an empty location", get("/from"), {"/from": text("x", "Location:", status="302 Found")}
    ),
    Scene("redirect by URI", get("/from"), {"/from": text("x", "URI: /to", status="302 Found")}),
    Scene("redirect relative", get("/a/b/from"), {"/a/b/from": to("../to?x=1")}),
    Scene("redirect without a scheme", get("/from"), {"/from": to("//127.0.0.1:1/to")}),
    Scene("redirect by a query alone", get("/from?a=1"), {"/from": [to("?b=2"), text("ok")]}),
    Scene("redirect with a fragment", get("/from#old"), {"/from": to("/to#new")}),
    Scene("redirect inheriting the fragment", get("/from#old"), {"/from": to("/to")}),
    Scene("redirect with escapes", get("/from"), {"/from": to("/%41%2f?b=%7e+%20")}),
    Scene("redirect with blanks", get("/from"), {"/from": to("/a b?c=d e")}),
    Scene("redirect in UTF-8", get("/from"), {"/from": to("/птица")}),
    Scene("redirect in latin-1", get("/from"), {"/from": to("/\udce9")}),
    Scene(
        "redirect with requoting off",
        get("/from"),
        {"/from": to("/%41%2f?b=%7e")},
        session=lambda lib: {"requote_redirect_url": False},
    ),
    Scene("redirect loses params", get("/from", params={"a": "1"}), {"/from": to("/to")}),
    Scene("redirect to credentials", get("/from"), {"/from": to("http://me:mine@127.0.0.1:1/to")}),
    Scene(
        "redirect to credentials that are for here",
        get("/from"),
        {"/from": lambda heard: to(f"http://me:mine@{heard.get('host')}/to"), "/to": text("there")},
    ),
    Scene("redirect to another scheme", get("/from"), {"/from": to("ftp://shore.example/")}),
    Scene("redirect to a script", get("/from"), {"/from": to("javascript:alert(1)")}),
    Scene("redirect to no host", get("/from"), {"/from": to("http:///path")}),
    Scene("redirect to no port", get("/from"), {"/from": to("http://127.0.0.1:port/")}),
    Scene("redirect to port 0", get("/from"), {"/from": to("http://127.0.0.1:0/")}),
    Scene(
        "redirects in a chain",
        get("/1"),
        {"/1": to("/2"), "/2": to("/3", "301 Moved Permanently"), "/3": to("/4", "307 Temporary Redirect")},
    ),
    Scene("redirects in a loop", get("/from"), {"/from": to("/from")}),
    Scene(
        "redirects beyond a limit of one's own",
        get("/1", max_redirects=2),
        {"/1": to("/2"), "/2": to("/3"), "/3": to("/4")},
    ),
    Scene(
        "redirects just within the limit",
        get("/1", max_redirects=3),
        {"/1": to("/2"), "/2": to("/3"), "/3": text("ok")},
    ),
    Scene("redirects with a limit of 0", get("/from", max_redirects=0), {"/from": to("/to")}),
    Scene(
        "redirect closing the connection",
        get("/from"),
        {"/from": Close(to("/to", "302 Found", "Connection: close"))},
    ),
    Scene("redirect keeping the connection", many(get("/from"), get("/from")), {"/from": to("/to")}),
    Scene(
        "redirect to a failure that raises",
        get("/from", raise_for_status=True),
        {"/from": to("/to"), "/to": text("", status="404 Not Found")},
    ),
]


TRAVELS = [
    Scene("headers to the same origin", get("/from", headers=SECRETS), {"/from": to("/to")}),
    Scene("headers to another origin", get("/from", headers=SECRETS), {"/from": to("{there}/to")}),
    Scene(
        "headers there and back",
        get("/from", headers=SECRETS),
        {"/from": to("{there}/back")},
        {"/back": to("{here}/to")},
    ),
    Scene(
        "auth to the same origin",
        get("/from", made=lambda lib: {"auth": lib.BasicAuth("u", "p")}),
        {"/from": to("/to")},
    ),
    Scene(
        "auth to another origin",
        get("/from", made=lambda lib: {"auth": lib.BasicAuth("u", "p")}),
        {"/from": to("{there}/to")},
    ),
    Scene(
        "auth of the session to another origin",
        get("/from"),
        {"/from": to("{there}/to")},
        session=lambda lib: {"auth": lib.BasicAuth("u", "p")},
    ),
    Scene(
        "headers of the session to another origin",
        get("/from"),
        {"/from": to("{there}/to")},
        session=lambda lib: {"headers": SECRETS},
    ),
    Scene(
        "cookies of the request to the same origin", get("/from", cookies={"a": "1"}), {"/from": to("/to")}
    ),
    Scene(
        "cookies of the request to another origin",
        get("/from", cookies={"a": "1"}),
        {"/from": to("{there}/to")},
    ),
    Scene(
        "cookies of the session to another origin",
        get("/from"),
        {"/from": to("{there}/to")},
        session=lambda lib: {"cookies": {"a": "1"}, "cookie_jar": lib.CookieJar(unsafe=True)},
    ),
    Scene(
        "body to another origin",
        post("/from", data=b"eggs"),
        {"/from": to("{there}/to", "307 Temporary Redirect")},
    ),
    Scene(
        "json again after 307", post("/from", json={"a": 1}), {"/from": to("/to", "307 Temporary Redirect")}
    ),
    Scene(
        "form again after 308", post("/from", data={"a": "1"}), {"/from": to("/to", "308 Permanent Redirect")}
    ),
    Scene(
        "generator again after 307",
        post("/from", made=lambda lib: {"data": _pieces()}),
        {"/from": to("/to", "307 Temporary Redirect")},
    ),
    Scene(
        "headers of the body after 303",
        post("/from", json={"a": 1}, headers={"Content-Language": "de"}),
        {"/from": to("/to", "303 See Other")},
    ),
    Scene(
        "chunked after 303", post("/from", data=b"eggs", chunked=True), {"/from": to("/to", "303 See Other")}
    ),
    Scene(
        "expect100 after 303",
        post("/from", data=b"eggs", expect100=True),
        {"/from": to("/to", "303 See Other")},
    ),
    Scene(
        "Host of one's own to another origin",
        get("/from", headers={"Host": "shore.example"}),
        {"/from": to("{there}/to")},
    ),
    Scene(
        "Host of one's own to the same origin",
        get("/from", headers={"Host": "shore.example"}),
        {"/from": to("/to")},
    ),
]

SCENES = [*MATRIX, *LEADS, *TRAVELS]
