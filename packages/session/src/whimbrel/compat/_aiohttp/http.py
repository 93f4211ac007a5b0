"""aiohttp.http: what HTTP is made of, as far as a client's users meet it."""

import platform
from http import HTTPStatus
from typing import Final

from .http_exceptions import HttpProcessingError
from .http_websocket import (
    WS_CLOSED_MESSAGE,
    WS_CLOSING_MESSAGE,
    WS_KEY,
    WebSocketError,
    WSCloseCode,
    WSMessage,
    WSMessageDecodeText,
    WSMessageNoDecodeText,
    WSMessageTextBytes,
    WSMsgType,
)
from .http_writer import HttpVersion, HttpVersion10, HttpVersion11

RESPONSES: Final = {status.value: (status.phrase, status.description) for status in HTTPStatus}
SERVER_SOFTWARE: Final = "Python/{}.{} whimbrel".format(*platform.python_version_tuple())

__all__ = [
    "RESPONSES",
    "SERVER_SOFTWARE",
    "WS_CLOSED_MESSAGE",
    "WS_CLOSING_MESSAGE",
    "WS_KEY",
    "HttpProcessingError",
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
    "WSCloseCode",
    "WSMessage",
    "WSMessageDecodeText",
    "WSMessageNoDecodeText",
    "WSMessageTextBytes",
    "WSMsgType",
    "WebSocketError",
]
