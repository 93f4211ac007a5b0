"""From the response to a WebSocket's handshake to the open WebSocket."""

from collections.abc import Iterable
from typing import NamedTuple

from multidict import CIMultiDict

from whimbrel.client_ws import ClientWebSocketResponse
from whimbrel.response import ClientResponse, WSServerHandshakeError
from whimbrel_websocket import ClientWSTimeout, Handshake, HandshakeError

__all__ = ["WebSocketOptions", "open_websocket", "subprotocols", "ws_limits"]


class WebSocketOptions(NamedTuple):
    """What a WebSocket is to obey once it is open."""

    timeout: ClientWSTimeout
    autoclose: bool
    autoping: bool
    heartbeat: float | None
    max_msg_size: int
    decode_text: bool


def ws_limits(timeout: ClientWSTimeout | float | None, receive_seconds: float | None) -> ClientWSTimeout:
    """Return the limits that `timeout` means: all of them, or the seconds that closing may take."""
    if isinstance(timeout, ClientWSTimeout):
        return timeout
    if timeout is None:
        return ClientWSTimeout(ws_receive=receive_seconds)
    return ClientWSTimeout(ws_receive=receive_seconds, ws_close=timeout)


def subprotocols(given: Iterable[str], headers: CIMultiDict[str]) -> tuple[str, ...]:
    """Return the subprotocols that are asked for: those `given`, else those of the caller's own header."""
    by_header = ",".join(headers.getall("Sec-WebSocket-Protocol", ()))
    return tuple(given) or tuple(name for each in by_header.split(",") if (name := each.strip()))


def open_websocket(
    response: ClientResponse,
    handshake: Handshake,
    options: WebSocketOptions,
    kind: type[ClientWebSocketResponse],
) -> ClientWebSocketResponse:
    """Judge the answer to `handshake` and hand its connection over.

    Raises:
        WSServerHandshakeError: The server did not agree; the connection is closed.
    """
    try:
        agreement = handshake.accept(response.status, response.raw_headers)
    except HandshakeError as fault:
        response.close()
        raise WSServerHandshakeError(
            response.request_info,
            response.history,
            status=response.status,
            message=str(fault),
            headers=response.headers,
        ) from fault
    socket = kind(agreement, response=response, **options._asdict())
    response.upgrade(socket)
    return socket
