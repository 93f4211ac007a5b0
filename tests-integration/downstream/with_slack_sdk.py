"""slack-sdk: forms, JSON and files, a request that is made again, and events over a WebSocket."""

import asyncio
import sys
import tempfile
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient


async def main(url: str, *_: str) -> None:
    retries = [AsyncRateLimitErrorRetryHandler(max_retry_count=1)]
    client = AsyncWebClient(token="0123", base_url=f"{url}slack/", retry_handlers=retries)
    print((await client.chat_postMessage(channel="shore", text="прилив")).data)
    print((await client.api_call("tides.list", http_verb="GET", params={"limit": 2, "low": True})).data)
    print((await client.files_info(file="1"))["ok"])
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        sent = await client.api_call("files.put", files={"file": file.name}, data={"to": "shore"})
        print(sent["sent"])
    try:
        await client.api_call("conversations.join")
    except SlackApiError as fault:
        print(fault.response["error"], fault.response.status_code)
    await listen(client)


async def listen(client: AsyncWebClient) -> None:
    socket = SocketModeClient(app_token="4567", web_client=client, auto_reconnect_enabled=False)
    heard: asyncio.Queue[Any] = asyncio.Queue()

    async def hear(_client: SocketModeClient, event: Any) -> None:
        await heard.put((event.type, event.payload))
        if event.type == "events_api":
            await socket.send_socket_mode_response(SocketModeResponse(envelope_id=event.envelope_id))

    socket.socket_mode_request_listeners.append(hear)
    await socket.connect()
    print(await heard.get(), await heard.get())
    await socket.close()


asyncio.run(main(*sys.argv[1:]))
