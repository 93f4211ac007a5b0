"""`ClientWebSocketResponse`: the WebSocket of a session, with the errors aiohttp documents."""

from typing import TYPE_CHECKING

from whimbrel.errors import ClientConnectionResetError, ServerTimeoutError, WSMessageTypeError
from whimbrel_websocket import Agreement, ClientWSTimeout, WebSocket, WSMessage, WSMsgType

if TYPE_CHECKING:
    from whimbrel.response import ClientResponse

__all__ = ["ClientWebSocketResponse"]


class ClientWebSocketResponse(WebSocket):
    """An open WebSocket; `ClientSession.ws_connect` makes it.

    Args:
        agreement: What the handshake agreed on.
        response: The response that switched protocols.
        timeout: The time limits of receiving and closing.
        autoclose: Answer the peer's close frame at once.
        autoping: Answer pings at once, and hide pings and pongs from `receive`.
        heartbeat: Seconds of silence after which the peer is pinged; None never pings.
        max_msg_size: The largest message accepted, in bytes after expanding; 0 for any size.
        decode_text: False delivers text messages as bytes, checked to be UTF-8 but not decoded.
    """

    def __init__(
        self,
        agreement: Agreement,
        *,
        response: "ClientResponse",
        timeout: ClientWSTimeout,
        autoclose: bool,
        autoping: bool,
        heartbeat: float | None,
        max_msg_size: int,
        decode_text: bool = True,
    ) -> None:
        super().__init__(
            agreement,
            timeout=timeout,
            autoclose=autoclose,
            autoping=autoping,
            heartbeat=heartbeat,
            max_msg_size=max_msg_size,
            decode_text=decode_text,
        )
        self._response = response

    def closed_fault(self) -> Exception:
        """Return what sending on a closed WebSocket raises."""
        return ClientConnectionResetError("Cannot write to closing transport")

    def message_type_fault(self, wanted: WSMsgType, message: WSMessage) -> Exception:
        """Return what `receive_str` and its like raise for a message of another type."""
        return WSMessageTypeError(f"Received message {message.type}:{message.data!r} is not {wanted!r}")

    def heartbeat_fault(self, seconds: float) -> Exception:
        """Return what a message of type ERROR holds when the peer fell silent."""
        return ServerTimeoutError(f"No PONG received after {seconds:g} seconds")
