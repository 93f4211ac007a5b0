"""What goes wrong: connections, time limits, statuses, URLs, and sessions that are closed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from differential.calls import Play, get, many, post
from differential.origin import Close, Hang, Reset, text
from differential.stage import Scene, Stage

__all__ = ["SCENES", "threaded"]


SOON = 0.4  # a busy machine must have got the head, where there is one, by then


def limited(**limits: float | None) -> Play:
    """Return a play of one GET under a `ClientTimeout`."""
    return get(made=lambda lib: {"timeout": lib.ClientTimeout(**limits)})


async def _unreachable(stage: Stage) -> None:
    await stage.fetch("GET", "http://127.0.0.1:1/")


def _resolving(answer: Callable[[], Awaitable[Any]]) -> Callable[[Stage], Any]:
    """Return what makes a connector whose resolver does as `answer` does."""

    def connector(stage: Stage) -> Any:
        base: Any = getattr(getattr(stage.lib, "abc", None), "AbstractResolver", object)

        class Resolver(base):  # type: ignore[misc]  # aiohttp insists on its own
            async def resolve(self, host: str, port: int = 0, family: int = 0) -> Any:
                return await answer()

            async def close(self) -> None:
                """Hold nothing."""

        return stage.lib.TCPConnector(resolver=Resolver())

    return connector


async def _no_such_name() -> Any:
    raise OSError(None, "no such name")


async def _no_answer() -> Any:
    await asyncio.get_running_loop().create_future()


CONNECTIONS = [
    Scene("connection refused", _unreachable),
    Scene("name unknown", get("http://shore.example/"), connector=_resolving(_no_such_name)),
    Scene("closed without a word", get(), Close()),
    Scene("closed without a word to a POST", post(data=b"x"), Close()),
    Scene("closed in the head", get(), Close(b"HTTP/1.1 200 OK\r\nX-A: 1\r\n")),
    Scene("reset without a word", get(), Reset()),
    Scene("reset in a body until the end", get(), Reset(b"HTTP/1.1 200 OK\r\n\r\nfour")),
    Scene("reset in the body", get(), Reset(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour")),
    Scene(
        "kept connection closed meanwhile, then GET", many(get(), get()), [text("ok"), Close(), text("ok")]
    ),
    Scene(
        "kept connection closed meanwhile, then POST",
        many(get(), post(data=b"x")),
        [text("ok"), Close(), text("ok")],
    ),
    Scene(
        "TLS to a plain server",
        lambda stage: stage.fetch("GET", stage.here.replace("http:", "https:")),
        Close(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    ),
]


def _pool_of_one(stage: Stage) -> Any:
    return stage.lib.TCPConnector(limit=1)


async def _waits_for_the_pool(stage: Stage) -> None:
    response = await stage.session.get(stage.at("/"))
    await stage.attempt(
        "second", stage.session.get(stage.at("/"), timeout=stage.lib.ClientTimeout(connect=0.05))
    )
    await stage.attempt(
        "third", stage.session.get(stage.at("/"), timeout=stage.lib.ClientTimeout(total=0.05))
    )
    response.close()


async def _number_for_a_timeout(stage: Stage) -> None:
    await stage.fetch("GET", timeout=SOON)


TIMES = [
    Scene("total time limit", limited(total=SOON), Hang()),
    Scene(
        "total time limit in the body",
        limited(total=SOON),
        Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"),
    ),
    Scene("read time limit", limited(sock_read=SOON), Hang()),
    Scene("read time limit in the head", limited(sock_read=SOON), Hang(b"HTTP/1.1 200 OK\r\n")),
    Scene(
        "read time limit in the body",
        limited(sock_read=SOON),
        Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"),
    ),
    Scene(
        "time limit of the session",
        get(),
        Hang(),
        session=lambda lib: {"timeout": lib.ClientTimeout(total=SOON)},
    ),
    Scene(
        "time limit of connecting",
        get("http://shore.example/", lambda lib: {"timeout": lib.ClientTimeout(connect=SOON)}),
        connector=_resolving(_no_answer),
    ),
    Scene(
        "time limit of the whole while connecting",
        get("http://shore.example/", lambda lib: {"timeout": lib.ClientTimeout(total=SOON)}),
        connector=_resolving(_no_answer),
    ),
    Scene("time limit as a number", _number_for_a_timeout, Hang()),
    Scene("time limit None", get(timeout=None)),
    Scene("time limit 0", limited(total=0)),
    Scene("time limit not reached", limited(total=5, connect=5, sock_connect=5, sock_read=5)),
    Scene(
        "time limit of the pool",
        _waits_for_the_pool,
        Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"),
        connector=_pool_of_one,
    ),
]

NOT_FOUND = text("nothing here", "X-A: 1", "Content-Type: text/plain", status="404 Not Found")


async def _raise_by_hand(stage: Stage) -> None:
    async with stage.session.get(stage.at("/")) as response:
        try:
            response.raise_for_status()
        except stage.lib.ClientResponseError as fault:
            stage.note("text of the error", str(fault).replace(stage.here, "HERE"))
            raise


async def _raise_then_read(stage: Stage) -> None:
    async with stage.session.get(stage.at("/")) as response:
        with suppress(stage.lib.ClientResponseError):
            response.raise_for_status()
        stage.note("body", len(await response.read()))


async def _raise_then_read_outside(stage: Stage) -> None:
    response = await stage.session.get(stage.at("/"))
    with suppress(stage.lib.ClientResponseError):
        response.raise_for_status()
    await stage.attempt("body", response.read())


async def _teapot(response: Any) -> None:
    if response.status == 404:
        raise KeyError("teapot")


async def _caught(stage: Stage) -> None:
    await stage.attempt("caught", stage.session.get(stage.at("/"), raise_for_status=True))


STATUSES = [
    Scene("raise_for_status of the request", get(raise_for_status=True), NOT_FOUND),
    Scene(
        "raise_for_status of the session", get(), NOT_FOUND, session=lambda lib: {"raise_for_status": True}
    ),
    Scene(
        "raise_for_status off for the request",
        get(raise_for_status=False),
        NOT_FOUND,
        session=lambda lib: {"raise_for_status": True},
    ),
    Scene("raise_for_status by a function", get(raise_for_status=_teapot), NOT_FOUND),
    Scene(
        "raise_for_status by a function of the session",
        get(),
        NOT_FOUND,
        session=lambda lib: {"raise_for_status": _teapot},
    ),
    Scene("raise_for_status by hand", _raise_by_hand, NOT_FOUND),
    Scene(
        "raise_for_status in a block, then read",
        _raise_then_read,
        text("x" * 300_000, status="404 Not Found"),
    ),
    Scene(
        "raise_for_status out of a block, then read",
        _raise_then_read_outside,
        text("x" * 300_000, status="404 Not Found"),
    ),
    Scene("raise_for_status of a success", get(raise_for_status=True)),
    Scene(
        "raise_for_status of 500", get(raise_for_status=True), text("", status="500 Internal Server Error")
    ),
    Scene(
        "raise_for_status, connection kept",
        many(_caught, get(raise_for_status=False)),
        NOT_FOUND,
    ),
]


def threaded(stage: Stage) -> Any:
    """Return a connector that asks the system: otherwise aiohttp takes aiodns where that is installed."""
    return stage.lib.TCPConnector(resolver=stage.lib.ThreadedResolver())


BAD_URLS = [
    Scene(f"url {name}", get(url), connector=threaded)
    for name, url in {
        "empty": "",
        "without a scheme": "shore.example/path",
        "of a path alone": "birds",
        "of another scheme": "ftp://shore.example/",
        "of ws": "ws://127.0.0.1:1/",
        "without a host": "http://",
        "without a host but a path": "http:///path",
        "with a port that is none": "http://127.0.0.1:port/",
        "with a port too large": "http://127.0.0.1:99999/",
        "with a host of blanks": "http://a b/",
        "with a label too long": f"http://{'a' * 64}.example/",
        "with an empty label": "http://a..example/",
        "with an open bracket": "http://[::1/",
        "with a line break": "http://127.0.0.1:1/\r\nX-A: 1",
    }.items()
]


async def _no_text(stage: Stage) -> None:
    await stage.session.get(None)


async def _closed_session(stage: Stage) -> None:
    await stage.session.close()
    stage.note("closed", stage.session.closed)
    await stage.attempt("get", stage.session.get(stage.at("/")))
    await stage.attempt("ws_connect", stage.session.ws_connect(stage.at("/")))
    await stage.session.close()


async def _closed_connector(stage: Stage) -> None:
    closing = stage.session.connector.close()
    if closing is not None:
        await closing
    stage.note("closed", stage.session.closed)
    await stage.attempt("get", stage.session.get(stage.at("/")))


async def _cancelled(stage: Stage) -> None:
    task = asyncio.ensure_future(stage.session.get(stage.at("/hang")))
    await stage.has_heard()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        stage.note("cancelled", True)
    await stage.fetch("GET")


def _bad_option(**options: Any) -> Play:
    return get(**options)


MISUSE = [
    Scene("url that is no text", _no_text),
    Scene("session closed", _closed_session),
    Scene("connector closed", _closed_connector),
    Scene("request cancelled", _cancelled, {"/hang": Hang()}),
    Scene("option unknown", _bad_option(nonsense=1)),
    Scene("ssl of a wrong kind", _bad_option(ssl="yes")),
    Scene("data and params of wrong kinds", _bad_option(params=5)),
    Scene("headers of a wrong kind", _bad_option(headers=5)),
    Scene("timeout of a wrong kind", _bad_option(timeout="soon")),
]


SCENES = [*CONNECTIONS, *TIMES, *STATUSES, *BAD_URLS, *MISUSE]
