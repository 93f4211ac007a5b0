"""The client side of an open WebSocket, without I/O (RFC 6455 sections 5 to 8).

Received bytes go into `ClientProtocol.feed`, messages come out; the `send_*` methods and `answer`
return bytes to write. Nothing here waits, reads a clock or knows a socket.
"""

from typing import Final

from whimbrel_websocket._assembly import Assembler
from whimbrel_websocket._closing import NO_STATUS, decode_close, encode_close
from whimbrel_websocket._frames import (
    BINARY,
    CLOSE,
    CONTROL_BYTES,
    PING,
    PONG,
    TEXT,
    FrameReader,
    encode_frame,
)
from whimbrel_websocket._masking import MaskKeys
from whimbrel_websocket.deflate import Deflater, Inflater
from whimbrel_websocket.errors import ConnectionClosed, NotAllowed, WebSocketError
from whimbrel_websocket.handshake import Agreement
from whimbrel_websocket.messages import WSCloseCode, WSMessage, WSMsgType, weight

__all__ = ["DEFAULT_MAX_FRAGMENTS", "DEFAULT_MAX_MESSAGE_BYTES", "ClientProtocol"]

DEFAULT_MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
DEFAULT_MAX_FRAGMENTS: Final = 128 * 1024

_CLOSED: Final = WSMessage(WSMsgType.CLOSED, None, None)


class ClientProtocol:
    r"""An open WebSocket seen from the client: bytes to messages and messages to bytes.

    Args:
        agreement: What the handshake agreed on.
        max_message_bytes: The largest message accepted, all fragments together and expanded; 0 for
            any size. One byte more fails the connection with 1009.
        max_fragments: The largest number of frames of one message.
        batch_bytes: After so many bytes of messages `feed` returns early; `has_backlog` then tells
            to call `feed(b"")` for more. 0 returns all that is complete.
        decode_text: False delivers TEXT as `bytes`, checked to be UTF-8 but not decoded.

    >>> protocol = ClientProtocol()
    >>> [message.data for message in protocol.feed(b"\x81\x05shore")]
    ['shore']
    """

    def __init__(
        self,
        agreement: Agreement = Agreement(),  # noqa: B008 - frozen, and the ordinary case
        *,
        max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES,
        max_fragments: int = DEFAULT_MAX_FRAGMENTS,
        batch_bytes: int = 0,
        decode_text: bool = True,
    ) -> None:
        deflate = agreement.deflate
        self._deflater = Deflater(deflate) if deflate is not None else None
        self._frames = FrameReader(may_compress=deflate is not None)
        self._assembler = Assembler(
            max_message_bytes=max_message_bytes,
            max_fragments=max_fragments,
            inflater=Inflater(deflate) if deflate is not None else None,
            decode_text=decode_text,
        )
        self._batch_bytes = batch_bytes
        self._keys = MaskKeys()
        self._control_payload = b""
        self._is_deaf = False
        self._close_sent = False
        self._close_received = False
        self._close_code: int | None = None
        self._has_backlog = False

    @property
    def close_code(self) -> int | None:
        """The code that ended the connection, or None while it is open.

        The peer's code; 1005 if it sent none; the code of the failure if this side failed the
        connection; 1006 if it ended without a close frame (RFC 6455 section 7.1.5).
        """
        return self._close_code

    @property
    def close_sent(self) -> bool:
        """Whether a close frame was written: nothing may be sent any more."""
        return self._close_sent

    @property
    def close_received(self) -> bool:
        """Whether the peer's close frame was read: nothing will arrive any more."""
        return self._close_received

    @property
    def has_backlog(self) -> bool:
        """Whether the last `feed` stopped at `batch_bytes` with bytes still unread."""
        return self._has_backlog

    def feed(self, data: bytes) -> list[WSMessage]:
        """Return the messages that `data` completes, in order.

        Control frames come as messages too; `answer` makes the reply that the RFC asks for. A fault
        of the peer comes last, as a message of type ERROR that holds the `WebSocketError`. After
        it, and after CLOSE, whatever arrives is discarded.
        """
        if self._is_deaf:
            return []
        self._frames.push(data)
        messages: list[WSMessage] = []
        try:
            self._read_into(messages)
        except WebSocketError as fault:
            self._turn_deaf(fault.code)
            messages.append(WSMessage(WSMsgType.ERROR, fault, None))
        return messages

    def feed_eof(self) -> list[WSMessage]:
        """Return what the end of the connection means: CLOSED, unless CLOSE or ERROR came before."""
        if self._is_deaf:
            return []
        self._turn_deaf(WSCloseCode.ABNORMAL_CLOSURE)
        return [_CLOSED]

    def answer(self, message: WSMessage) -> bytes:
        """Return the frame with which the RFC wants `message` answered; empty if none is due.

        PING is answered by PONG, CLOSE by the same code, ERROR by a close frame with its code.
        """
        if self._close_sent:
            return b""
        if message.type is WSMsgType.PING:
            return self.send_pong(message.data)
        if message.type is WSMsgType.CLOSE:
            return self.send_close() if message.data == NO_STATUS else self.send_close(message.data)
        if message.type is WSMsgType.ERROR:
            return self.send_close(message.data.code)
        return b""

    def send_text(self, text: str, *, compress: bool = True) -> bytes:
        """Return a TEXT message.

        Args:
            text: Must not hold lone surrogates.
            compress: False sends it as it is even if compression was agreed on.

        Raises:
            ConnectionClosed: A close frame was sent.
        """
        return self._send_data(TEXT, text.encode(), compress=compress)

    def send_binary(self, data: bytes | bytearray, *, compress: bool = True) -> bytes:
        """Return a BINARY message; see `send_text`."""
        return self._send_data(BINARY, data, compress=compress)

    def send_encoded_text(self, data: bytes | bytearray, *, compress: bool = True) -> bytes:
        """Return a TEXT message from UTF-8 bytes.

        Raises:
            NotAllowed: `data` is not UTF-8.
            ConnectionClosed: A close frame was sent.
        """
        try:
            data.decode()
        except UnicodeDecodeError as fault:
            raise NotAllowed("a text message must be UTF-8", rule="RFC 6455 5.6") from fault
        return self._send_data(TEXT, data, compress=compress)

    def send_ping(self, data: bytes | bytearray = b"") -> bytes:
        """Return a PING with at most 125 bytes of payload.

        Raises:
            NotAllowed: The payload is longer.
            ConnectionClosed: A close frame was sent.
        """
        return self._send_control(PING, data)

    def send_pong(self, data: bytes | bytearray = b"") -> bytes:
        """Return a PONG; see `send_ping`."""
        return self._send_control(PONG, data)

    def send_close(self, code: int | None = None, reason: bytes = b"") -> bytes:
        """Return the close frame; nothing may be sent after it.

        Args:
            code: 1000 to 1014 without 1004 to 1006, or 3000 to 4999; None for a frame without code.
            reason: At most 123 bytes of UTF-8; needs a code.

        Raises:
            NotAllowed: Code or reason may not be sent.
            ConnectionClosed: A close frame was sent before.
        """
        if code is None and reason:
            raise NotAllowed("a reason needs a close code", rule="RFC 6455 5.5.1")
        payload = b"" if code is None else encode_close(code, reason)
        frame = self._send_control(CLOSE, payload)
        self._close_sent = True
        return frame

    def _send_data(self, opcode: int, payload: bytes | bytearray, *, compress: bool) -> bytes:
        self._check_open()
        deflater = self._deflater
        # An empty message would grow by compression.
        if compress and deflater is not None and deflater.is_able and payload:
            return encode_frame(opcode, deflater.deflate(payload), self._keys.take(), compressed=True)
        return encode_frame(opcode, payload, self._keys.take())

    def _send_control(self, opcode: int, payload: bytes | bytearray) -> bytes:
        self._check_open()
        if len(payload) > CONTROL_BYTES:
            raise NotAllowed(
                f"a control frame of {len(payload)} bytes is longer than {CONTROL_BYTES}", rule="RFC 6455 5.5"
            )
        return encode_frame(opcode, payload, self._keys.take())

    def _check_open(self) -> None:
        if self._close_sent:
            raise ConnectionClosed("cannot send: the WebSocket is closing or closed")

    def _read_into(self, messages: list[WSMessage]) -> None:
        frames = self._frames
        held = 0
        self._has_backlog = False
        while not self._is_deaf:
            if not frames.is_open and not self._open_frame():
                return
            message = self._read_control() if frames.opcode >= CLOSE else self._read_data()
            if message is not None:
                messages.append(message)
                if self._batch_bytes:
                    held += weight(message)
                    if held >= self._batch_bytes and frames.unread:
                        self._has_backlog = True
                        return
            elif frames.is_open:
                return

    def _open_frame(self) -> bool:
        frames = self._frames
        if not frames.read_head():
            return False
        if frames.opcode < CLOSE:
            self._assembler.begin_frame(frames.opcode, frames.left, is_compressed=frames.is_compressed)
        return True

    def _read_data(self) -> WSMessage | None:
        payload = self._frames.take()
        return self._assembler.add(payload, is_last=not self._frames.is_open and self._frames.is_final)

    def _read_control(self) -> WSMessage | None:
        self._control_payload += self._frames.take()
        if self._frames.is_open:
            return None
        payload, self._control_payload = self._control_payload, b""
        if self._frames.opcode == CLOSE:
            code, reason = decode_close(payload)
            self._close_received = True
            self._turn_deaf(code)
            return WSMessage(WSMsgType.CLOSE, code, reason)
        return WSMessage(WSMsgType.PING if self._frames.opcode == PING else WSMsgType.PONG, payload, "")

    def _turn_deaf(self, code: int) -> None:
        """Discard what is there and whatever follows."""
        self._is_deaf = True
        self._has_backlog = False
        self._close_code = code
        self._frames.clear()
        self._assembler.clear()
