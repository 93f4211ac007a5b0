"""The APIs of Docker, Slack and Telegram, as far as their clients ask here."""

from collections import Counter
from collections.abc import Sequence

from aiohttp import web

__all__ = ["ASKED", "ROUTES"]

ASKED: web.AppKey[Counter[str]] = web.AppKey("asked", Counter)


async def _docker_version(_request: web.Request) -> web.Response:
    return web.json_response({"ApiVersion": "1.40", "Version": "20.10"})


async def _containers(_request: web.Request) -> web.Response:
    return web.json_response([{"Id": "whimbrel", "Names": ["/whimbrel"]}])


async def _container(request: web.Request) -> web.Response:
    if request.match_info["id"] == "missing":
        return web.json_response({"message": "No such container: missing"}, status=404)
    return web.json_response({"Id": request.match_info["id"], "Config": {"Tty": False}})


async def _logs(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/vnd.docker.raw-stream"})
    await response.prepare(request)
    for line in (b"low tide\n", b"high tide\n"):
        await response.write(b"\1\0\0\0" + len(line).to_bytes(4, "big") + line)
    return response


async def _built(request: web.Request) -> web.Response:
    size = len(await request.read())
    return web.Response(text=f'{{"stream": "Step 1"}}\n{{"stream": "{size} bytes"}}\n')


async def _slack(request: web.Request) -> web.Response:
    method = request.match_info["method"]
    if method == "apps.connections.open":
        return web.json_response({"ok": True, "url": f"ws://{request.host}/slack-socket"})
    request.app[ASKED][request.path] += 1
    if method == "files.info" and request.app[ASKED][request.path] == 1:
        return web.json_response(
            {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "0"}
        )
    if method == "conversations.join":
        return web.json_response({"ok": False, "error": "channel_not_found"})
    posted = await request.post() if request.content_type.startswith("multipart/") else {}
    sent = {name: getattr(value, "filename", value) for name, value in posted.items()}
    if request.content_type == "application/json":
        sent = await request.json()
    authorization = request.headers.get("Authorization", "")
    return web.json_response({"ok": True, "sent": sent, "asked": dict(request.query), "by": authorization})


async def _slack_socket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_json({"type": "hello", "num_connections": 1})
    await socket.send_json({"envelope_id": "1", "type": "events_api", "payload": {"event": "tide"}})
    async for message in socket:
        if message.type is web.WSMsgType.TEXT:
            await socket.send_json({"envelope_id": "2", "type": "heard", "payload": message.json()})
    return socket


async def _telegram(request: web.Request) -> web.Response:
    method = request.match_info["method"]
    if method == "deleteMessage":
        fault = {"ok": False, "error_code": 400, "description": "Bad Request: message not found"}
        return web.json_response(fault, status=400)
    if method == "getMe":
        result: dict[str, object] = {
            "id": 1,
            "is_bot": True,
            "first_name": "Whimbrel",
            "username": "whimbrel",
        }
    else:
        posted = await request.post()
        document = posted.get("document")
        text = posted["text"] if document is None else getattr(document, "filename", "")
        result = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": text}
    return web.json_response({"ok": True, "result": result})


ROUTES: Sequence[web.RouteDef] = [
    web.get("/version", _docker_version),
    web.get("/v1.40/version", _docker_version),
    web.get("/v1.40/containers/json", _containers),
    web.get("/v1.40/containers/{id}/json", _container),
    web.get("/v1.40/containers/{id}/logs", _logs),
    web.post("/v1.40/build", _built),
    web.route("*", "/slack/{method}", _slack),
    web.get("/slack-socket", _slack_socket),
    web.post("/bot0:1/{method}", _telegram),
    web.get("/bot0:1/{method}", _telegram),
]
