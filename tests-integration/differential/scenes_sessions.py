"""What lasts longer than a request, or goes along with it: connections, proxies, UNIX sockets, tracers, middlewares."""

import asyncio
from types import ModuleType
from typing import Any

from differential.calls import get, many, post
from differential.origin import Close, Hang, Heard, text
from differential.scenes_failures import threaded
from differential.stage import Scene, Stage

__all__ = ["SCENES"]


async def _at_once(stage: Stage) -> None:
    async def one() -> int:
        async with stage.session.get(stage.at("/")) as response:
            await response.read()
            return int(response.status)

    stage.note("statuses", await asyncio.gather(*(one() for _ in range(5))))


async def _unread(stage: Stage) -> None:
    async with stage.session.get(stage.at("/")):
        pass
    async with stage.session.get(stage.at("/")) as response:
        await response.read()


async def _kept(stage: Stage) -> None:
    for _ in range(3):
        async with stage.session.get(stage.at("/")) as response:
            await response.read()


async def _request_alone(stage: Stage) -> None:
    async with stage.lib.request("GET", stage.at("/")) as response:
        await stage.see(response)


async def _awaited(stage: Stage) -> None:
    response = await stage.session.get(stage.at("/"))
    await stage.see(response)


async def _shown(stage: Stage) -> None:
    session = stage.session
    stage.note(
        "timeout",
        (
            session.timeout.total,
            session.timeout.connect,
            session.timeout.sock_connect,
            session.timeout.sock_read,
        ),
    )
    stage.note("session headers", dict(session.headers))
    stage.note("closed", session.closed)
    stage.note("auth", None if session.auth is None else session.auth.encode())
    stage.note(
        "limits", (session.connector.limit, session.connector.limit_per_host, session.connector.force_close)
    )
    for name in (
        "trust_env",
        "raise_for_status",
        "auto_decompress",
        "requote_redirect_url",
        "connector_owner",
        "skip_auto_headers",
    ):
        stage.note(name, getattr(session, name, "(not there)"))


CONNECTIONS = [
    Scene("connections kept", _kept),
    Scene("connections not kept", _kept, connector=lambda stage: stage.lib.TCPConnector(force_close=True)),
    Scene(
        "connections one per host", _at_once, connector=lambda stage: stage.lib.TCPConnector(limit_per_host=1)
    ),
    Scene("connections one in all", _at_once, connector=lambda stage: stage.lib.TCPConnector(limit=1)),
    Scene("connection of an unread body that has come", _unread),
    Scene(
        "connection of an unread body that comes not",
        _unread,
        [Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"), text("ok")],
    ),
    Scene("connection that the server closes", many(get(), get()), Close(text("ok", "Connection: close"))),
    Scene("unix socket", get(), connector=lambda stage: stage.lib.UnixConnector(stage.unix_path)),
    Scene(
        "unix socket by a scheme of its own",
        get("unix://localhost/birds?a=b"),
        connector=lambda stage: stage.lib.UnixConnector(stage.unix_path),
    ),
    Scene(
        "unix socket that is not there",
        get(),
        connector=lambda stage: stage.lib.UnixConnector(stage.unix_path + ".not"),
    ),
    Scene("request without a session", _request_alone),
    Scene("request awaited", _awaited),
    Scene(
        "session as it shows itself",
        _shown,
        session=lambda lib: {"headers": {"X-A": "1"}, "auth": lib.BasicAuth("u", "p")},
    ),
]


def _as_proxy(heard: Heard) -> bytes:
    return text(f"for {heard.target}", "Content-Type: text/plain")


PROXIES = [
    Scene(
        "proxy",
        lambda stage: stage.fetch("GET", "http://shore.example/a?b=1", proxy=stage.here),
        {"*": _as_proxy},
    ),
    Scene(
        "proxy with auth",
        lambda stage: stage.fetch(
            "GET", "http://shore.example/", proxy=stage.here, proxy_auth=stage.lib.BasicAuth("u", "p")
        ),
        {"*": _as_proxy},
    ),
    Scene(
        "proxy with credentials",
        lambda stage: stage.fetch("GET", "http://shore.example/", proxy=stage.here.replace("//", "//u:p@")),
        {"*": _as_proxy},
    ),
    Scene(
        "proxy with headers",
        lambda stage: stage.fetch(
            "GET", "http://shore.example/", proxy=stage.here, proxy_headers={"X-Proxy": "1"}
        ),
        {"*": _as_proxy},
    ),
    Scene(
        "proxy of a POST",
        lambda stage: stage.fetch("POST", "http://shore.example/", proxy=stage.here, data=b"eggs"),
        {"*": _as_proxy},
    ),
    Scene(
        "proxy that refuses a tunnel",
        lambda stage: stage.fetch("GET", "https://shore.example/", proxy=stage.here),
        text("no", status="403 Forbidden"),
    ),
    Scene(
        "proxy that asks for credentials",
        lambda stage: stage.fetch("GET", "https://shore.example/", proxy=stage.here),
        text("who", "Proxy-Authenticate: Basic realm=x", status="407 Proxy Authentication Required"),
    ),
    Scene("proxy that is not there", get("http://shore.example/", proxy="http://127.0.0.1:1")),
    Scene("proxy that nobody knows", get("http://shore.example/", proxy="http://nowhere.invalid:1")),
    Scene(
        "proxy that hangs up",
        lambda stage: stage.fetch("GET", "https://shore.example/", proxy=stage.here),
        Close(b""),
    ),
    Scene(
        "proxy that speaks otherwise",
        lambda stage: stage.fetch("GET", "https://shore.example/", proxy=stage.here),
        Close(b"SSH-2.0-OpenSSH\r\n\r\n"),
    ),
    Scene("proxy of no name", get(proxy=""), session=lambda lib: {"proxy": "http://127.0.0.1:1"}),
    Scene("proxy of an unknown scheme", get("http://shore.example/", proxy="ftp://127.0.0.1:1")),
]


def _tracer(lib: ModuleType, seen: list[object]) -> Any:
    config = lib.TraceConfig()
    for name in (
        "request_start", "request_chunk_sent", "response_chunk_received", "request_end", "request_exception",
        "request_redirect", "request_headers_sent", "connection_queued_start", "connection_queued_end",
        "connection_create_start", "connection_create_end", "connection_reuseconn", "dns_resolvehost_start",
        "dns_resolvehost_end", "dns_cache_hit", "dns_cache_miss",
    ):  # fmt: skip

        async def heard(session: Any, context: Any, params: Any, name: str = name) -> None:
            facts = ("method", "chunk", "url", "host")
            shown = {key: str(getattr(params, key)) for key in facts if hasattr(params, key)}
            seen.append((name, shown, context.trace_request_ctx))

        getattr(config, f"on_{name}").append(heard)
    return config


def _traced(play: Any) -> Any:
    async def traced(stage: Stage) -> None:
        seen: list[object] = []
        await stage.session.close()
        stage.session = stage.lib.ClientSession(
            trace_configs=[_tracer(stage.lib, seen)], connector=threaded(stage)
        )
        try:
            await play(stage)
        finally:
            stage.note("traces", seen)

    return traced


TRACES = [
    Scene("traces of a GET", _traced(get(trace_request_ctx="mine"))),
    Scene("traces of a POST", _traced(post(data=b"eggs"))),
    Scene("traces of two", _traced(many(get(), get()))),
    Scene(
        "traces of a redirect", _traced(get("/from")), {"/from": text("", "Location: /", status="302 Found")}
    ),
    Scene("traces of a failure", _traced(get()), Close()),
    Scene("traces of a fragment", _traced(post("/#beak", data=b"eggs"))),
    Scene("traces of what is no URL", _traced(get("shore.example"))),
    Scene(
        "traces of a name",
        _traced(lambda stage: stage.fetch("GET", stage.here.replace("127.0.0.1", "localhost"))),
    ),
]


async def _mark(request: Any, handler: Any) -> Any:
    request.headers["X-Mark"] = request.headers.get("X-Mark", "") + "a"
    response = await handler(request)
    response.headers  # noqa: B018 -- it can be looked at
    return response


async def _mark_more(request: Any, handler: Any) -> Any:
    request.headers["X-Mark"] = request.headers.get("X-Mark", "") + "b"
    return await handler(request)


async def _again(request: Any, handler: Any) -> Any:
    response = await handler(request)
    return await handler(request) if response.status == 503 else response


async def _refuses(request: Any, handler: Any) -> Any:
    raise KeyError("refused")


async def _loses_its_line(request: Any, handler: Any) -> Any:
    raise ConnectionResetError("a socket of its own")


async def _looks(request: Any, handler: Any) -> Any:
    request.headers["X-Seen"] = f"{request.method} {request.url.path} {request.url.query_string}"
    return await handler(request)


MIDDLEWARES = [
    Scene("middlewares in order", get(middlewares=[_mark, _mark_more])),
    Scene("middlewares of the session", get(), session=lambda lib: {"middlewares": (_mark,)}),
    Scene(
        "middlewares of both", get(middlewares=(_mark_more,)), session=lambda lib: {"middlewares": (_mark,)}
    ),
    Scene(
        "middlewares and a redirect",
        get("/from", middlewares=[_mark]),
        {"/from": text("", "Location: /to", status="302 Found")},
    ),
    Scene(
        "middleware that tries again", get(middlewares=[_again]), [text("", status="503 Busy"), text("ok")]
    ),
    Scene(
        "middleware that tries again with a body",
        post(data=b"eggs", middlewares=[_again]),
        [text("", status="503 Busy"), text("ok")],
    ),
    Scene("middleware that raises", get(middlewares=[_refuses])),
    Scene("middleware that raises an OSError", get(middlewares=[_loses_its_line])),
    Scene("middleware that looks", get("/a?b=c", middlewares=[_looks])),
    Scene(
        "digest credentials",
        get("/a", made=lambda lib: {"middlewares": [lib.DigestAuthMiddleware("u", "p")]}),
        [
            text(
                "",
                'WWW-Authenticate: Digest realm="shore", nonce="abc", algorithm=MD5',
                status="401 Unauthorized",
            ),
            text("ok"),
        ],
    ),
]


SCENES = [*CONNECTIONS, *PROXIES, *TRACES, *MIDDLEWARES]
