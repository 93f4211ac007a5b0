"""What a WebSocket delivers: message types, close codes and the message itself.

Names and numbers are aiohttp's, so that programs written for it need no other spelling.
"""

import json
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

__all__ = ["WSCloseCode", "WSMessage", "WSMsgType", "weight"]

# What a small message costs beside its payload, so that a million of them are not free.
_OVERHEAD_BYTES = 128
_SIZED = (str, bytes)


class WSCloseCode(IntEnum):
    """Close codes that may stand in a close frame, and 1006, which never does (RFC 6455 section 7.4)."""

    OK = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    ABNORMAL_CLOSURE = 1006
    INVALID_TEXT = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014


class WSMsgType(IntEnum):
    """The type of a message: an opcode of RFC 6455 section 11.8, or a state of the connection."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA

    CLOSING = 0x100
    CLOSED = 0x101
    ERROR = 0x102

    text = TEXT
    binary = BINARY
    ping = PING
    pong = PONG
    close = CLOSE
    closing = CLOSING
    closed = CLOSED
    error = ERROR


class WSMessage(NamedTuple):
    """One message or change of state.

    Attributes:
        type: What it is.
        data: `str` for TEXT, `bytes` for BINARY, PING and PONG, the close code for CLOSE (1005 when
            the frame carried none), the exception for ERROR, None for CLOSING and CLOSED.
        extra: The reason for CLOSE, an empty string for other frames, None otherwise.
    """

    type: WSMsgType
    data: Any  # depends on `type`; aiohttp's documented shape
    extra: str | None

    def json(self, *, loads: Callable[[Any], Any] = json.loads) -> Any:
        """Return `data` read as JSON by `loads`."""
        return loads(self.data)


def weight(message: WSMessage) -> int:
    """Return how many bytes a queue counts for `message`."""
    data = message.data
    return _OVERHEAD_BYTES + (len(data) if isinstance(data, _SIZED) else 0)
