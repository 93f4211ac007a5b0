"""Put the fragments of a message together (RFC 6455 sections 5.4 and 8.1).

Limits are counted over all fragments and after expanding; text is checked as it arrives; memory
grows with the bytes received, never with a size that a peer merely claims.
"""

import codecs
import io
from typing import Final

from whimbrel_websocket._frames import BINARY, CONTINUATION, TEXT
from whimbrel_websocket.deflate import Inflater
from whimbrel_websocket.errors import WebSocketError
from whimbrel_websocket.messages import WSCloseCode, WSMessage, WSMsgType

__all__ = ["Assembler"]

_TEXT: Final = WSMsgType.TEXT
_BINARY: Final = WSMsgType.BINARY
_SMALL_PIECE_BYTES = 4096
_BLOCK_BYTES = 65536
# Deflate adds five octets to each stored block; beyond twice the limit nothing honest is left.
_WIRE_FACTOR = 2
_WIRE_SLACK_BYTES = 1024


class Assembler:
    """Turn the payloads of data frames into messages.

    Call `begin_frame` for each head and `add` for each payload piece.

    Args:
        max_message_bytes: The largest message, all fragments together and expanded; 0 for any size.
        max_fragments: The largest number of frames of one message.
        inflater: Expands compressed messages; None when compression was not agreed on.
        decode_text: Whether TEXT is delivered as `str` rather than as the checked `bytes`.
    """

    def __init__(
        self, *, max_message_bytes: int, max_fragments: int, inflater: Inflater | None, decode_text: bool
    ) -> None:
        self._max_bytes = max_message_bytes
        self._max_fragments = max_fragments
        self._max_wire_bytes = max_message_bytes * _WIRE_FACTOR + _WIRE_SLACK_BYTES
        self._inflater = inflater
        self._decode_text = decode_text
        self._opcode = CONTINUATION
        self._is_compressed = False
        self._size = 0
        self._wire_size = 0
        self._fragments = 0
        self._gathered: _Text | _CheckedText | _Binary | None = None

    def begin_frame(self, opcode: int, size: int, *, is_compressed: bool) -> None:
        """Accept the head of a data frame, before any of its payload is held.

        Raises:
            WebSocketError: The fragments are out of order (1002), or the message is too big (1009).
        """
        if opcode == CONTINUATION:
            if self._opcode == CONTINUATION:
                raise WebSocketError(
                    WSCloseCode.PROTOCOL_ERROR, "a continuation of no message", rule="RFC 6455 5.4"
                )
            self._fragments += 1
            if self._fragments > self._max_fragments:
                raise _too_big("fragments", self._max_fragments)
        elif self._opcode != CONTINUATION:
            raise WebSocketError(
                WSCloseCode.PROTOCOL_ERROR,
                "a new message begins inside a fragmented one",
                rule="RFC 6455 5.4",
            )
        else:
            self._opcode = opcode
            self._is_compressed = is_compressed
            self._size = self._wire_size = 0
            self._fragments = 1
        if self._max_bytes:
            self._check_claim(size)

    def _check_claim(self, size: int) -> None:
        if self._is_compressed:
            self._wire_size += size
            if self._wire_size > self._max_wire_bytes:
                raise _too_big("bytes", self._max_bytes)
        elif self._size + size > self._max_bytes:
            raise _too_big("bytes", self._max_bytes)

    def add(self, payload: bytes, *, is_last: bool) -> WSMessage | None:
        """Add payload; return the message that it completes.

        Args:
            payload: The next bytes of the open frame.
            is_last: Whether they end the final frame of the message.

        Raises:
            WebSocketError: Not UTF-8 (1007), not a deflate stream (1002), too big (1009).
        """
        if self._is_compressed:
            payload = self._expand(payload, is_last=is_last)
        self._size += len(payload)
        gathered = self._gathered
        if gathered is None:
            if is_last:
                return self._finish_whole(payload)
            gathered = self._gathered = self._gather()
        try:
            gathered.add(payload)
            if not is_last:
                return None
            data = gathered.finish()
        except UnicodeDecodeError as fault:
            raise _not_text() from fault
        opcode, self._opcode, self._gathered = self._opcode, CONTINUATION, None
        return WSMessage(_TEXT if opcode == TEXT else _BINARY, data, "")

    def clear(self) -> None:
        """Drop what was gathered; no more will come."""
        self._gathered = None
        self._opcode = CONTINUATION

    def _finish_whole(self, payload: bytes) -> WSMessage:
        opcode, self._opcode = self._opcode, CONTINUATION
        if opcode == BINARY:
            return WSMessage(_BINARY, payload, "")
        try:
            text = payload.decode()
        except UnicodeDecodeError as fault:
            raise _not_text() from fault
        return WSMessage(_TEXT, text if self._decode_text else payload, "")

    def _gather(self) -> "_Text | _CheckedText | _Binary":
        if self._opcode == BINARY:
            return _Binary()
        return _Text() if self._decode_text else _CheckedText()

    def _expand(self, payload: bytes, *, is_last: bool) -> bytes:
        if self._inflater is None:  # heads with the bit are refused long before
            raise WebSocketError(
                WSCloseCode.PROTOCOL_ERROR, "compression was not agreed on", rule="RFC 7692 6"
            )
        room = self._max_bytes - self._size if self._max_bytes else None
        expanded = self._inflater.inflate(payload, is_last=is_last, room=room)
        if room is not None and len(expanded) > room:
            raise _too_big("bytes", self._max_bytes)
        return expanded


class _Binary:
    """Bytes in pieces: large ones are kept as they came, small ones are packed together."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._small = bytearray()

    def add(self, piece: bytes) -> None:
        if len(piece) < _SMALL_PIECE_BYTES:
            self._small += piece
            if len(self._small) < _BLOCK_BYTES:
                return
            piece = b""
        if self._small:
            self._pieces.append(bytes(self._small))
            self._small.clear()
        if piece:
            self._pieces.append(piece)

    def finish(self) -> bytes:
        if not self._pieces:
            return bytes(self._small)
        return b"".join((*self._pieces, self._small))


class _Text:
    """Text in pieces, decoded as they come: a fault is seen in the piece that holds it."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = io.StringIO()

    def add(self, piece: bytes) -> None:
        self._text.write(self._decoder.decode(piece))

    def finish(self) -> str:
        self._text.write(self._decoder.decode(b"", final=True))
        return self._text.getvalue()


class _CheckedText(_Binary):
    """Text in pieces, checked as they come and kept as bytes."""

    def __init__(self) -> None:
        super().__init__()
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def add(self, piece: bytes) -> None:
        self._decoder.decode(piece)
        super().add(piece)

    def finish(self) -> bytes:
        self._decoder.decode(b"", final=True)
        return super().finish()


def _too_big(unit: str, limit: int) -> WebSocketError:
    return WebSocketError(
        WSCloseCode.MESSAGE_TOO_BIG, f"a message is longer than the limit of {limit} {unit}", limit=limit
    )


def _not_text() -> WebSocketError:
    return WebSocketError(WSCloseCode.INVALID_TEXT, "a text message is not UTF-8", rule="RFC 6455 8.1")
