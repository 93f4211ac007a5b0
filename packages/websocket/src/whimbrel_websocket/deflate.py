"""Per-message compression (RFC 7692): what is asked, what was agreed, and the two directions.

`DeflateOffer` becomes the value of a request field, `agree` checks the server's answer against it,
`Deflater` compresses what is sent and `Inflater` expands what arrives, never past a limit.
"""

import zlib
from dataclasses import dataclass
from typing import Final

from whimbrel_websocket.errors import NotAllowed, WebSocketError, excerpt
from whimbrel_websocket.messages import WSCloseCode

__all__ = ["DeflateOffer", "DeflateParameters", "Deflater", "ExtensionRefused", "Inflater", "agree"]

EXTENSION: Final = b"permessage-deflate"
"""The name of the extension, in lower case."""

_MAX_BITS = 15
# zlib cannot deflate a raw stream with the smallest window of the RFC, 8 bits.
_MIN_DEFLATE_BITS = 9
_BITS: Final = {str(bits).encode(): bits for bits in range(8, _MAX_BITS + 1)}
_TAIL: Final = b"\x00\x00\xff\xff"
# Each final block costs its reader a new window; a message needs one of them at the very most.
_FINAL_BLOCKS_PER_MESSAGE = 16


@dataclass(frozen=True)
class DeflateOffer:
    """What a client asks for (RFC 7692 section 7.1).

    Attributes:
        server_window_bits: The largest window that the server may use, 9 to 15; 15 leaves it free.
        client_window_bits: The largest window that this client will use, 9 to 15.
        server_no_context_takeover: The server must begin each message with an empty window, which
            spares this side the memory between messages.
        client_no_context_takeover: This client will do so.
    """

    server_window_bits: int = _MAX_BITS
    client_window_bits: int = _MAX_BITS
    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False

    def __post_init__(self) -> None:
        for bits in (self.server_window_bits, self.client_window_bits):
            if not _MIN_DEFLATE_BITS <= bits <= _MAX_BITS:
                raise NotAllowed(f"window bits must be between 9 and 15, not {bits}", rule="RFC 7692 7.1.2")

    def field_value(self) -> str:
        """Return the value for Sec-WebSocket-Extensions.

        >>> DeflateOffer(server_window_bits=10).field_value()
        'permessage-deflate; client_max_window_bits; server_max_window_bits=10'
        """
        words = [EXTENSION.decode(), "client_max_window_bits"]
        if self.client_window_bits < _MAX_BITS:
            words[1] += f"={self.client_window_bits}"
        if self.server_window_bits < _MAX_BITS:
            words.append(f"server_max_window_bits={self.server_window_bits}")
        if self.server_no_context_takeover:
            words.append("server_no_context_takeover")
        if self.client_no_context_takeover:
            words.append("client_no_context_takeover")
        return "; ".join(words)


@dataclass(frozen=True)
class DeflateParameters:
    """What both sides agreed on.

    Attributes:
        server_window_bits: The window of what arrives, 8 to 15.
        client_window_bits: The window of what is sent, 8 to 15. zlib cannot write with 8: messages
            are then sent as they are, which RFC 7692 section 6 always allows.
        server_no_context_takeover: Whether each message that arrives begins with an empty window.
        client_no_context_takeover: Whether each message that is sent does.
    """

    server_window_bits: int = _MAX_BITS
    client_window_bits: int = _MAX_BITS
    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False


class ExtensionRefused(Exception):
    """The server's answer to an offer is not one that RFC 7692 section 7.1 allows."""


def agree(offer: DeflateOffer, answer: bytes) -> DeflateParameters:
    """Check the server's `answer`, one element of Sec-WebSocket-Extensions, against the `offer`.

    Raises:
        ExtensionRefused: Another extension, an unknown, repeated, valueless or out-of-range
            parameter, or one that goes beyond what was offered.
    """
    name, _, rest = answer.partition(b";")
    if name.strip(b" \t").lower() != EXTENSION:
        raise ExtensionRefused(f"the extension {excerpt(name)} was not offered")
    given: dict[bytes, int | None] = {}
    for parameter in rest.split(b";") if b";" in answer else ():
        key, value = _read_parameter(parameter)
        if key in given:
            raise ExtensionRefused(f"the parameter {excerpt(key)} is repeated")
        given[key] = value
    server_bits = given.get(b"server_max_window_bits")
    if offer.server_window_bits < (server_bits or _MAX_BITS):
        raise ExtensionRefused(f"server_max_window_bits={offer.server_window_bits} was not granted")
    client_bits = given.get(b"client_max_window_bits") or offer.client_window_bits
    if client_bits > offer.client_window_bits:
        raise ExtensionRefused(f"client_max_window_bits={client_bits} is more than was offered")
    server_forgets = b"server_no_context_takeover" in given
    if offer.server_no_context_takeover and not server_forgets:
        raise ExtensionRefused("server_no_context_takeover was not granted")
    return DeflateParameters(
        server_window_bits=server_bits or _MAX_BITS,
        client_window_bits=client_bits,
        server_no_context_takeover=server_forgets,
        client_no_context_takeover=offer.client_no_context_takeover or b"client_no_context_takeover" in given,
    )


def _read_parameter(parameter: bytes) -> tuple[bytes, int | None]:
    name, equals, value = parameter.partition(b"=")
    name = name.strip(b" \t").lower()
    value = value.strip(b" \t")
    match name:
        case b"server_no_context_takeover" | b"client_no_context_takeover":
            if equals:
                raise ExtensionRefused(f"the parameter {excerpt(name)} takes no value, got {excerpt(value)}")
            return name, None
        case b"server_max_window_bits" | b"client_max_window_bits":
            if len(value) > 2 and value[:1] == value[-1:] == b'"':
                value = value[1:-1]
            bits = _BITS.get(value)
            if bits is None:
                raise ExtensionRefused(
                    f"the parameter {excerpt(name)} must be between 8 and 15, got {excerpt(value)}"
                )
            return name, bits
        case _:
            raise ExtensionRefused(f"the parameter {excerpt(name)} is unknown")


class Deflater:
    """Compress whole messages (RFC 7692 section 7.2.1)."""

    def __init__(self, parameters: DeflateParameters) -> None:
        self.is_able = parameters.client_window_bits >= _MIN_DEFLATE_BITS
        self._bits = parameters.client_window_bits
        self._forgets = parameters.client_no_context_takeover
        self._stream: zlib._Compress | None = None

    def deflate(self, payload: bytes | bytearray) -> bytes:
        """Return `payload` compressed, without the four octets that the receiver adds."""
        stream = self._stream
        if stream is None:
            stream = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -self._bits)
            if not self._forgets:
                self._stream = stream
        compressed = stream.compress(payload) + stream.flush(zlib.Z_SYNC_FLUSH)
        return compressed[: -len(_TAIL)]


class Inflater:
    """Expand messages piece by piece, as they arrive (RFC 7692 section 7.2.2)."""

    def __init__(self, parameters: DeflateParameters) -> None:
        # Some servers agree on 8 bits while their zlib writes with 9.
        self._bits = max(parameters.server_window_bits, _MIN_DEFLATE_BITS)
        self._forgets = parameters.server_no_context_takeover
        self._stream: zlib._Decompress | None = None
        self._final_blocks = 0

    def inflate(self, piece: bytes, *, is_last: bool, room: int | None) -> bytes:
        """Return what `piece` expands to: one byte more than `room` at most.

        Args:
            piece: The next payload bytes of the message.
            is_last: Whether they end the message.
            room: How many bytes the message may still grow by; None for any number. A longer
                result tells the caller that the message is too big, and nothing is cut silently.

        Raises:
            WebSocketError: The bytes are not a deflate stream (1002).
        """
        if is_last:
            piece += _TAIL
        expanded = b""
        while True:
            stream = self._stream
            if stream is None:
                stream = self._stream = zlib.decompressobj(-self._bits)
            allowed = 0 if room is None else room + 1 - len(expanded)
            try:
                expanded += stream.decompress(piece, allowed)
            except zlib.error as fault:
                raise WebSocketError(
                    WSCloseCode.PROTOCOL_ERROR,
                    "a compressed message is not a deflate stream",
                    rule="RFC 7692 7.2.2",
                ) from fault
            if room is not None and len(expanded) > room:
                return expanded
            if not stream.eof:
                break
            piece = self._begin_again(stream.unused_data)
        if is_last:
            self._final_blocks = 0
            if self._forgets:
                self._stream = None
        return expanded

    def _begin_again(self, rest: bytes) -> bytes:
        """Go on after a block that called itself the last (RFC 7692 section 7.2.3.4)."""
        self._final_blocks += 1
        if self._final_blocks > _FINAL_BLOCKS_PER_MESSAGE:
            raise WebSocketError(
                WSCloseCode.PROTOCOL_ERROR,
                f"a compressed message holds more than {_FINAL_BLOCKS_PER_MESSAGE} final blocks",
                limit=_FINAL_BLOCKS_PER_MESSAGE,
            )
        self._stream = None
        return rest
