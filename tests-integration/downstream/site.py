"""A site for them: files with ranges, answers that fail at first, an API like GitHub's, and those of `apis`."""

import tempfile
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from aiohttp import web

from downstream.apis import ASKED, ROUTES

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Site"]


class Site:
    """A server on loopback, and on a UNIX socket.

    Args:
        folder: The files it serves at `/files/`, and writes.

    Attributes:
        url: Its origin, with a slash.
        socket: The path of the UNIX socket.
        asked: How often each path was asked for.
    """

    def __init__(self, folder: Path) -> None:
        self.url = ""
        self._place = tempfile.TemporaryDirectory()  # short, as paths of sockets have to be
        self.socket = str(Path(self._place.name, "site.sock"))
        self.asked: Counter[str] = Counter()
        self._folder = folder
        application = web.Application()
        application[ASKED] = self.asked
        application.add_routes(
            [
                web.get("/files/", self._index),
                web.get("/files/{name}", self._file),
                web.put("/files/{name}", self._write),
                web.post("/files/{name}", self._write),
                web.get("/flaky/{failures}", self._flaky),
                web.get("/cut/{failures}", self._cut),
                web.route("*", "/echo", _echo),
                web.get("/repos/{owner}/{name}", _repository),
                web.get("/issues", self._issues),
                web.post("/issues", _new_issue),
                web.delete("/issues/1", _deleted),
                *ROUTES,
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)

    async def __aenter__(self) -> "Self":
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        await web.UnixSite(self._runner, self.socket).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        self._place.cleanup()

    def _is_well(self, request: web.Request) -> bool:
        self.asked[request.path] += 1
        return self.asked[request.path] > int(request.match_info["failures"])

    async def _index(self, _request: web.Request) -> web.Response:
        links = "".join(f'<a href="{file.name}">{file.name}</a>' for file in sorted(self._folder.iterdir()))
        return web.Response(text=f"<html>{links}</html>", content_type="text/html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self._folder / request.match_info["name"]
        return web.FileResponse(file) if file.is_file() else web.Response(status=404)

    async def _write(self, request: web.Request) -> web.Response:
        (self._folder / request.match_info["name"]).write_bytes(await request.read())
        return web.Response(status=201)

    async def _flaky(self, request: web.Request) -> web.Response:
        is_well = self._is_well(request)
        return web.Response(status=200 if is_well else 503, text="well" if is_well else "unwell")

    async def _cut(self, request: web.Request) -> web.Response:
        if not self._is_well(request) and request.transport is not None:
            request.transport.close()
        return web.Response(text="whole")

    async def _issues(self, request: web.Request) -> web.Response:
        page = int(request.query.get("page", "1"))
        headers = _limits()
        if page < 3:
            headers["Link"] = f'<{self.url}issues?page={page + 1}>; rel="next"'
        return web.json_response([{"number": page * 10 + n} for n in range(2)], headers=headers)


def _limits() -> dict[str, str]:
    return {
        "X-RateLimit-Limit": "60",
        "X-RateLimit-Remaining": "59",
        "X-RateLimit-Reset": "1700000000",
        "X-RateLimit-Used": "1",
        "X-RateLimit-Resource": "core",
    }


async def _echo(request: web.Request) -> web.Response:
    body = await request.text()
    return web.json_response(
        {
            "method": request.method,
            "headers": {k.lower(): v for k, v in request.headers.items()},
            "body": body,
        }
    )


async def _repository(request: web.Request) -> web.Response:
    if request.match_info["name"] == "missing":
        return web.json_response({"message": "Not Found"}, status=404, headers=_limits())
    if request.headers.get("If-None-Match") == '"v1"':
        return web.Response(status=304, headers=_limits())
    facts = {**request.match_info, "authorization": request.headers.get("Authorization", "")}
    return web.json_response(facts, headers={**_limits(), "ETag": '"v1"'})


async def _new_issue(request: web.Request) -> web.Response:
    facts = {**await request.json(), "type": request.headers["Content-Type"]}
    return web.json_response(facts, status=201, headers=_limits())


async def _deleted(_request: web.Request) -> web.Response:
    return web.Response(status=204, headers=_limits())
