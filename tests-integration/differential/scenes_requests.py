"""Methods, URLs, headers, cookies and credentials: what a request says."""

from http.cookies import SimpleCookie
from types import ModuleType
from typing import Any

from multidict import CIMultiDict, MultiDict
from yarl import URL

from differential.calls import asking, get, many, post
from differential.origin import text
from differential.stage import Scene, Stage

__all__ = ["SCENES"]

METHODS = [
    Scene(f"method {method}", asking(method))
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")
] + [
    Scene("method in lower case", asking("get")),
    Scene("method with a blank", asking("GE T")),
    Scene("method with a line break", asking("GET / HTTP/1.1\r\nX: y\r\n")),
    Scene("method empty", asking("")),
]


async def _verbs(stage: Stage) -> None:
    for verb in ("get", "options", "head", "post", "put", "patch", "delete"):
        async with getattr(stage.session, verb)(stage.at("/")) as response:
            stage.note(verb, (response.method, response.status))


URLS = [
    Scene("every verb of the session", _verbs),
    Scene("url without a path", get("{here}")),
    Scene("url with escapes", get("/a%2Fb%27?c=%2F%27%40%20+%3D")),
    Scene("url as URL", lambda stage: stage.fetch("GET", URL(str(stage.at("/a b?c=d e"))))),
    Scene("url with blanks", get("/a b")),
    Scene("url in another script", get("/птица?имя=кроншнеп")),
    Scene("url with valid escapes", get("/%41%2f%2F%7e")),
    Scene("url with a stray percent sign", get("/100%?a=50%")),
    Scene(
        "url encoded already", lambda stage: stage.fetch("GET", URL(stage.here + "/%41?b=%7e", encoded=True))
    ),
    Scene("url with dot segments", get("/a/../b/./c")),
    Scene("url with a fragment", get("/a#part")),
    Scene("url with plus and semicolon", get("/a+b;c?d=e+f;g=h")),
    Scene("url with brackets and quotes", get('/a[b]\'c"?d[]="e"')),
    Scene("url with a query without value", get("/?a&b=")),
    Scene(
        "url with credentials",
        lambda stage: stage.fetch("GET", stage.here.replace("//", "//user:p%40ss@") + "/"),
    ),
    Scene(
        "url with a user alone", lambda stage: stage.fetch("GET", stage.here.replace("//", "//user@") + "/")
    ),
    Scene("params as a mapping", get("/", params={"a": "1", "b": "x y&z"})),
    Scene("params beside a query", get("/?a=0", params={"b": "1"})),
    Scene("params of the same name", get("/", params=[("a", "1"), ("a", "2")])),
    Scene("params as MultiDict", get("/", params=MultiDict([("a", "1"), ("a", "2")]))),
    Scene("params as text", get("/", params="a=1&b=x+y%20z")),
    Scene("params as numbers", get("/", params={"a": 1, "b": 1.5})),
    Scene("params with a list", get("/", params={"a": [1, 2]})),
    Scene("params as bool", get("/", params={"a": True})),
    Scene("params as None value", get("/", params={"a": None})),
    Scene("params empty", get("/?a=1", params={})),
    Scene("params in another script", get("/", params={"имя": "кроншнеп"})),
    Scene("params with a fragment in the url", get("/#part", params={"a": "1"})),
]

HEADERS = [
    Scene("headers of the request", get(headers={"X-Bird": "whimbrel"})),
    Scene("headers of the session", get(), session=lambda lib: {"headers": {"X-Bird": "whimbrel"}}),
    Scene(
        "headers of both",
        get(headers={"x-bird": "curlew"}),
        session=lambda lib: {"headers": {"X-Bird": "whimbrel", "X-Tide": "low"}},
    ),
    Scene("headers of the same name", get(headers=CIMultiDict([("X-A", "1"), ("X-A", "2")]))),
    Scene("headers as pairs", get(headers=[("X-A", "1"), ("x-a", "2")])),
    Scene("header Host of one's own", get(headers={"Host": "shore.example"})),
    Scene("header Accept of one's own", get(headers={"Accept": "text/html"})),
    Scene("header Accept-Encoding of one's own", get(headers={"Accept-Encoding": "identity"})),
    Scene("header Connection: close", many(get(headers={"Connection": "close"}), get())),
    Scene("header with a line break", get(headers={"X-A": "1\r\nX-B: 2"})),
    Scene("header with NUL", get(headers={"X-A": "a\0b"})),
    Scene("header with a bad name", get(headers={"X A": "1"})),
    Scene("header with outer blanks", get(headers={"X-A": "  a  "})),
    Scene("header in another script", get(headers={"X-A": "кроншнеп"})),
    Scene("header empty", get(headers={"X-A": ""})),
    Scene("header as a number", get(headers={"X-A": 1})),
    Scene(
        "automatic headers left out",
        post(data=b"x", skip_auto_headers=["Content-Type"]),
        session=lambda lib: {"skip_auto_headers": ["User-Agent", "accept"]},
    ),
    Scene("header Content-Length of one's own", post(data=b"four", headers={"Content-Length": "4"})),
    Scene("header Content-Length without a body", post(headers={"Content-Length": "0"})),
    Scene(
        "header Transfer-Encoding of one's own",
        post(data=b"four", headers={"Transfer-Encoding": "chunked"}),
    ),
]

COOKIES = [
    Scene("cookies of the request", get(cookies={"a": "1", "b": "2"})),
    Scene("cookies of the session", get(), session=lambda lib: {"cookies": {"a": "1"}}),
    Scene("cookies of both", get(cookies={"a": "2"}), session=lambda lib: {"cookies": {"a": "1", "b": "3"}}),
    Scene("cookies beside a header", get(cookies={"a": "1"}, headers={"Cookie": "b=2"})),
    Scene("cookies as SimpleCookie", get(cookies=SimpleCookie("a=1; b=2"))),
    *(
        Scene(f"cookies with {name} in the value", get(cookies={"a": value}))
        for name, value in (
            ("a blank", "x y"),
            ("quotes", 'q"q'),
            ("another script", "é"),
            ("a semicolon", "1;2"),
            ("a comma", "1,2"),
        )
    ),
    Scene("cookies with a bad name", get(cookies={"a b": "1"})),
    Scene(
        "cookies set at an address",
        many(get(), get()),
        text("", "Set-Cookie: a=1; Path=/"),
    ),
    Scene(
        "cookies set at an address, by an unsafe jar",
        many(get(), get("/sub/x"), get("/other")),
        {"*": text("", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/sub", "Set-Cookie: c=3")},
        session=lambda lib: {"cookie_jar": lib.CookieJar(unsafe=True)},
    ),
    Scene(
        "cookies that expire",
        many(get("/set"), get("/drop"), get("/")),
        {
            "/set": text("", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/; Max-Age=100"),
            "/drop": text(
                "",
                "Set-Cookie: a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                "Set-Cookie: b=; Path=/; Max-Age=0",
            ),
        },
        session=lambda lib: {"cookie_jar": lib.CookieJar(unsafe=True)},
    ),
    Scene(
        "cookies that are secure, over http",
        many(get(), get()),
        text("", "Set-Cookie: a=1; Path=/; Secure"),
        session=lambda lib: {"cookie_jar": lib.CookieJar(unsafe=True)},
    ),
    Scene(
        "cookies with quoted and odd values",
        many(get(), get()),
        text(
            "", 'Set-Cookie: q="a b"; Path=/', "Set-Cookie: e=a=b=c; Path=/", 'Set-Cookie: j={"a":1}; Path=/'
        ),
        session=lambda lib: {"cookie_jar": lib.CookieJar(unsafe=True)},
    ),
    Scene(
        "cookies malformed",
        many(get(), get()),
        text(
            "",
            "Set-Cookie: ; Path=/",
            "Set-Cookie: novalue",
            "Set-Cookie: a[b]=1; Path=/",
            "Set-Cookie: ok=1; Path=/",
        ),
        session=lambda lib: {"cookie_jar": lib.CookieJar(unsafe=True)},
    ),
    Scene(
        "cookies of another domain",
        many(get(), get()),
        text("", "Set-Cookie: a=1; Domain=shore.example; Path=/"),
        session=lambda lib: {"cookie_jar": lib.CookieJar(unsafe=True)},
    ),
    Scene(
        "cookies into no jar",
        many(get(), get()),
        text("", "Set-Cookie: a=1; Path=/"),
        session=lambda lib: {"cookie_jar": lib.DummyCookieJar()},
    ),
    Scene(
        "cookies set by a redirect",
        get("/in"),
        {"/in": text("", "Location: /", "Set-Cookie: a=1; Path=/", status="302 Found")},
        session=lambda lib: {"cookie_jar": lib.CookieJar(unsafe=True)},
    ),
]


async def _jar_of_ones_own(stage: Stage) -> None:
    jar = stage.session.cookie_jar
    jar.update_cookies({"a": "1"}, URL(stage.here))
    jar.update_cookies({"b": "2"}, URL("http://shore.example/"))
    stage.note("for us", sorted(jar.filter_cookies(URL(stage.here)).keys()))
    stage.note("for others", sorted(jar.filter_cookies(URL("http://shore.example/x")).keys()))
    await stage.fetch("GET")
    jar.clear_domain("shore.example")
    stage.note("left", len(jar))
    jar.clear()
    stage.note("left in the end", len(jar))


def _marking(lib: ModuleType) -> dict[str, Any]:
    class Marking(lib.CookieJar):  # type: ignore[misc, name-defined]  # of either client
        def filter_cookies(self, request_url: URL) -> Any:
            found = super().filter_cookies(request_url)
            found["sent"] = request_url.path[1:]
            return found

    return {"cookie_jar": Marking(unsafe=True)}


CREDENTIALS = [
    Scene(
        "a jar that overrides what is sent",
        many(get("/a"), get("/b")),
        {"/a": text("", "Set-Cookie: bird=whimbrel")},
        session=_marking,
    ),
    Scene(
        "a jar that is worked by hand",
        _jar_of_ones_own,
        session=lambda lib: {"cookie_jar": lib.CookieJar(unsafe=True)},
    ),
    Scene("auth of the request", get(made=lambda lib: {"auth": lib.BasicAuth("user", "pass")})),
    Scene("auth of the session", get(), session=lambda lib: {"auth": lib.BasicAuth("user", "pass")}),
    Scene(
        "auth of both",
        get(made=lambda lib: {"auth": lib.BasicAuth("other", "pass")}),
        session=lambda lib: {"auth": lib.BasicAuth("user", "pass")},
    ),
    Scene(
        "auth in another script",
        get(made=lambda lib: {"auth": lib.BasicAuth("птица", "ключ", encoding="utf-8")}),
    ),
    Scene("auth not in latin-1", get(made=lambda lib: {"auth": lib.BasicAuth("птица", "ключ")})),
    Scene(
        "auth beside a header",
        get(made=lambda lib: {"auth": lib.BasicAuth("u", "p"), "headers": {"Authorization": "Bearer x"}}),
    ),
    Scene(
        "auth of the session beside a header",
        get(headers={"Authorization": "Bearer x"}),
        session=lambda lib: {"auth": lib.BasicAuth("u", "p")},
    ),
    Scene(
        "auth of the session beside credentials in the url",
        lambda stage: stage.fetch("GET", stage.here.replace("//", "//me:mine@") + "/"),
        session=lambda lib: {"auth": lib.BasicAuth("u", "p")},
    ),
    Scene(
        "auth of the request beside credentials in the url",
        lambda stage: stage.fetch(
            "GET", stage.here.replace("//", "//me:mine@") + "/", auth=stage.lib.BasicAuth("u", "p")
        ),
    ),
    Scene("auth that is no BasicAuth", get(auth=("user", "pass"))),
    Scene("base_url with a path", get(URL("birds?x=1")), session=lambda lib: {"base_url": "{here}/api/"}),
    Scene(
        "base_url and a path from the root",
        get(URL("/birds")),
        session=lambda lib: {"base_url": "{here}/api/"},
    ),
    Scene(
        "base_url and another origin", get("{there}/birds"), session=lambda lib: {"base_url": "{here}/api/"}
    ),
    Scene("base_url without a slash", get(URL("birds")), session=lambda lib: {"base_url": "{here}/api"}),
    Scene("base_url and an empty url", get(URL("")), session=lambda lib: {"base_url": "{here}/api/"}),
]


async def _headers_changed(stage: Stage) -> None:
    stage.session.headers["X-Later"] = "1"
    await stage.fetch("GET")


async def _jar_shared(stage: Stage) -> None:
    await stage.fetch("GET")
    other = stage.lib.ClientSession(cookie_jar=stage.session.cookie_jar)
    async with other.get(stage.at("/")) as response:
        await stage.see(response)
    await other.close()


SESSIONS = [
    Scene("session headers changed", _headers_changed),
    Scene(
        "session in HTTP/1.0",
        many(get(), post(data=b"x")),
        session=lambda lib: {"version": lib.HttpVersion10},
    ),
    Scene(
        "session with a jar that is shared",
        _jar_shared,
        text("", "Set-Cookie: a=1; Path=/"),
        session=lambda lib: {"cookie_jar": lib.CookieJar(unsafe=True)},
    ),
    Scene("session with loose headers", get(), session=lambda lib: {"headers": [("X-A", "1"), ("X-A", "2")]}),
    Scene("session base_url that is relative", get(), session=lambda lib: {"base_url": "/api/"}),
    Scene("session of an unknown option", get(), session=lambda lib: {"nonsense": 1}),
]

SCENES = [*METHODS, *URLS, *HEADERS, *COOKIES, *CREDENTIALS, *SESSIONS]
