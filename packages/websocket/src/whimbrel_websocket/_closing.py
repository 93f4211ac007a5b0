"""The payload of a close frame (RFC 6455 sections 5.5.1 and 7.4)."""

from typing import Final

from whimbrel_websocket._frames import CONTROL_BYTES
from whimbrel_websocket.errors import NotAllowed, WebSocketError
from whimbrel_websocket.messages import WSCloseCode

__all__ = ["NO_STATUS", "decode_close", "encode_close"]

NO_STATUS: Final = 1005
"""Stands for a close frame without a code; never travels."""

_CODE_BYTES = 2
_NEVER_SENT = frozenset({1004, NO_STATUS, 1006})
_LAST_REGISTERED = 1014


def encode_close(code: int, reason: bytes) -> bytes:
    """Return the payload for `code` and `reason`.

    Raises:
        NotAllowed: The code may not travel, or the reason is not UTF-8 or longer than 123 bytes.
    """
    if not _may_travel(code):
        raise NotAllowed(f"close code {code} may not be sent", rule="RFC 6455 7.4")
    if len(reason) > CONTROL_BYTES - _CODE_BYTES:
        raise NotAllowed(
            f"the reason of a close frame is {len(reason)} bytes long, "
            f"more than {CONTROL_BYTES - _CODE_BYTES}",
            rule="RFC 6455 5.5",
        )
    try:
        reason.decode()
    except UnicodeDecodeError as fault:
        raise NotAllowed("the reason of a close frame is not UTF-8", rule="RFC 6455 5.5.1") from fault
    return code.to_bytes(_CODE_BYTES, "big") + reason


def decode_close(payload: bytes) -> tuple[int, str]:
    """Return the code, 1005 if there is none, and the reason.

    Raises:
        WebSocketError: A lone byte, a code that may not travel (1002), or a reason that is not UTF-8 (1007).
    """
    if not payload:
        return NO_STATUS, ""
    code = int.from_bytes(payload[:_CODE_BYTES], "big")
    if len(payload) < _CODE_BYTES or not _may_travel(code):
        raise WebSocketError(
            WSCloseCode.PROTOCOL_ERROR,
            "a close frame carries one byte" if len(payload) < _CODE_BYTES else f"invalid close code {code}",
            rule="RFC 6455 7.4",
        )
    try:
        return code, payload[_CODE_BYTES:].decode()
    except UnicodeDecodeError as fault:
        raise WebSocketError(
            WSCloseCode.INVALID_TEXT, "the reason of a close frame is not UTF-8", rule="RFC 6455 5.5.1"
        ) from fault


def _may_travel(code: int) -> bool:
    if 3000 <= code < 5000:  # for libraries, frameworks and applications
        return True
    return 1000 <= code <= _LAST_REGISTERED and code not in _NEVER_SENT
