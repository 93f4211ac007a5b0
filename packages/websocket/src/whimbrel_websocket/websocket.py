"""An open WebSocket over any asyncio transport, with the methods of aiohttp's client.

`WebSocket` carries bytes between a transport and a `ClientProtocol` and decides only what the RFC
leaves to the application: when to ping, when to stop reading, how long to wait for the end.
"""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, cast

from whimbrel_websocket._farewell import Farewell
from whimbrel_websocket._heartbeat import Beat, Heartbeat
from whimbrel_websocket._inflow import Inflow
from whimbrel_websocket._outflow import Outflow
from whimbrel_websocket.errors import ConnectionClosed, HeartbeatTimeout, MessageTypeError, NotAllowed
from whimbrel_websocket.handshake import Agreement
from whimbrel_websocket.messages import WSCloseCode, WSMessage, WSMsgType
from whimbrel_websocket.protocol import DEFAULT_MAX_MESSAGE_BYTES, ClientProtocol
from whimbrel_websocket.timeouts import ClientWSTimeout

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["DEFAULT_TIMEOUT", "WebSocket"]

DEFAULT_TIMEOUT: Final = ClientWSTimeout()

_READ_BYTES: Final = 128 * 1024
_WRITE_BYTES: Final = 64 * 1024
_CLOSED: Final = WSMessage(WSMsgType.CLOSED, None, None)
_CLOSING: Final = WSMessage(WSMsgType.CLOSING, None, None)
_TEXT: Final = WSMsgType.TEXT
_BINARY: Final = WSMsgType.BINARY
_BYTES_LIKE: Final = (bytes, bytearray, memoryview)
_ENDS: Final = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})


class WebSocket(asyncio.Protocol):
    """An open WebSocket.

    Whoever holds the transport calls `connection_made`, then `data_received` with the bytes that
    followed the handshake, and from then on forwards the transport's calls, or leaves that to
    `transport.set_protocol`. One task at a time may receive; any number may send.

    Args:
        agreement: What the handshake agreed on.
        timeout: The time limits of receiving and closing.
        autoclose: Answer the peer's close frame at once. Otherwise `close` does.
        autoping: Answer pings at once, and hide pings and pongs from `receive`.
        heartbeat: Seconds of silence after which the peer is pinged; it is given up if nothing
            arrives in half that time again. Needs no `receive`. None never pings.
        max_msg_size: The largest message accepted, in bytes after expanding; 0 for any size.
        writer_limit: Bytes that the transport may hold before senders wait.
        decode_text: False delivers TEXT as `bytes`.
    """

    def __init__(
        self,
        agreement: Agreement,
        *,
        timeout: ClientWSTimeout = DEFAULT_TIMEOUT,
        autoclose: bool = True,
        autoping: bool = True,
        heartbeat: float | None = None,
        max_msg_size: int = DEFAULT_MAX_MESSAGE_BYTES,
        writer_limit: int = _WRITE_BYTES,
        decode_text: bool = True,
    ) -> None:
        self._agreement = agreement
        self._timeout = timeout
        self._autoclose = autoclose
        self._autoping = autoping
        self._heartbeat_seconds = heartbeat
        self._writer_limit = writer_limit
        self._core = ClientProtocol(
            agreement, max_message_bytes=max_msg_size, batch_bytes=_READ_BYTES, decode_text=decode_text
        )
        self._inflow = Inflow(_READ_BYTES)
        self._transport: asyncio.Transport | None = None
        self._outflow: Outflow | None = None
        self._farewell: Farewell | None = None
        self._heartbeat: Heartbeat | None = None
        self._heartbeat_timer: asyncio.TimerHandle | None = None
        self._exception: BaseException | None = None
        self._is_receiving = False
        self._is_reading_paused = False
        self._has_reached_eof = False
        self._is_closed = False
        self._end_was_taken = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called, or the connection has ended with nothing left to receive."""
        if self._is_closed:
            return True
        # The message that tells the end is the last one in the queue.
        return self._is_gone() and len(self._inflow) <= 1 and not self._core.has_backlog

    @property
    def close_code(self) -> int | None:
        """The code that ended the connection, or None; see `ClientProtocol.close_code`."""
        return self._core.close_code

    @property
    def protocol(self) -> str | None:
        """The subprotocol agreed on, or None."""
        return self._agreement.subprotocol

    @property
    def compress(self) -> int:
        """The window in bits with which messages are compressed; 0 when they are not."""
        deflate = self._agreement.deflate
        return deflate.client_window_bits if deflate is not None else 0

    @property
    def client_notakeover(self) -> bool:
        """Whether each message sent is compressed on its own."""
        deflate = self._agreement.deflate
        return deflate is not None and deflate.client_no_context_takeover

    def exception(self) -> BaseException | None:
        """Return what broke the connection, or None."""
        return self._exception

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport knows under `name`, such as `"peername"`."""
        return default if self._transport is None else self._transport.get_extra_info(name, default)

    async def ping(self, message: bytes = b"") -> None:
        """Send a PING with at most 125 bytes."""
        await self.send_frame(message, WSMsgType.PING)

    async def pong(self, message: bytes = b"") -> None:
        """Send a PONG with at most 125 bytes."""
        await self.send_frame(message, WSMsgType.PONG)

    async def send_str(self, data: str, compress: int | None = None) -> None:
        """Send a TEXT message.

        Args:
            data: The text.
            compress: 0 sends this message as it is; otherwise it is compressed if that was agreed on.

        Raises:
            ConnectionClosed: The WebSocket is closing or closed.
            TypeError: `data` is not `str`.
        """
        if not isinstance(data, str):
            raise TypeError(f"data must be str, not {type(data).__name__}")
        while (outflow := self._open_outflow()).is_paused:
            await outflow.ready()
        outflow.write(self._core.send_text(data, compress=compress != 0))

    async def send_bytes(self, data: bytes | bytearray | memoryview, compress: int | None = None) -> None:
        """Send a BINARY message; see `send_str`."""
        if not isinstance(data, _BYTES_LIKE):
            raise TypeError(f"data must be bytes-like, not {type(data).__name__}")
        await self.send_frame(data, WSMsgType.BINARY, compress)

    async def send_json(
        self, data: Any, compress: int | None = None, *, dumps: Callable[[Any], str] = json.dumps
    ) -> None:
        """Send `data` as JSON in a TEXT message."""
        await self.send_str(dumps(data), compress)

    async def send_json_bytes(
        self, data: Any, compress: int | None = None, *, dumps: Callable[[Any], bytes]
    ) -> None:
        """Send `data` as JSON in a BINARY message, with a `dumps` that returns bytes."""
        await self.send_bytes(dumps(data), compress)

    async def send_frame(
        self, message: bytes | bytearray | memoryview, opcode: WSMsgType, compress: int | None = None
    ) -> None:
        """Send one whole message of type TEXT (then in UTF-8), BINARY, PING or PONG.

        Raises:
            ConnectionClosed: The WebSocket is closing or closed.
            NotAllowed: Another opcode, text that is not UTF-8, a ping or pong of more than 125 bytes.
        """
        data = bytes(message) if isinstance(message, memoryview) else message
        while (outflow := self._open_outflow()).is_paused:
            await outflow.ready()
        core = self._core
        if opcode == WSMsgType.BINARY:
            frame = core.send_binary(data, compress=compress != 0)
        elif opcode == WSMsgType.TEXT:
            frame = core.send_encoded_text(data, compress=compress != 0)
        elif opcode == WSMsgType.PING:
            frame = core.send_ping(data)
        elif opcode == WSMsgType.PONG:
            frame = core.send_pong(data)
        else:
            raise NotAllowed(f"send_frame does not send {opcode!r}; close() sends close frames")
        outflow.write(frame)

    async def receive(self, timeout: float | None = None) -> WSMessage:
        """Return the next message.

        TEXT and BINARY; PING and PONG with `autoping=False`; CLOSE when the peer closes; ERROR when
        it breaks a rule or falls silent; CLOSING when another task closes; CLOSED ever after.

        Args:
            timeout: Seconds to wait, instead of `ws_receive`. The WebSocket stays usable after it.

        Raises:
            asyncio.TimeoutError: Nothing came in time.
            RuntimeError: Another task is receiving.
        """
        if self._is_receiving:
            raise RuntimeError("another task is already waiting in receive()")
        if self._is_closed:
            return _CLOSED
        if not self._inflow:
            if self._end_was_taken:
                await self.close()
                return _CLOSED
            if self._transport is None:
                raise self.closed_fault()
            self._is_receiving = True
            try:
                await self._inflow.wait(timeout or self._timeout.ws_receive)
            finally:
                self._is_receiving = False
        message = self._inflow.take()
        if self._is_reading_paused and self._inflow.is_low:
            self._resume_reading()
        if message.type in _ENDS:
            await self._take_end(message)
        return message

    async def receive_str(self, *, timeout: float | None = None) -> str:
        """Return the next message, which must be TEXT.

        Raises:
            MessageTypeError: It is not.
        """
        return cast(str, await self._receive_data(WSMsgType.TEXT, timeout))

    async def receive_bytes(self, *, timeout: float | None = None) -> bytes:
        """Return the next message, which must be BINARY.

        Raises:
            MessageTypeError: It is not.
        """
        return cast(bytes, await self._receive_data(WSMsgType.BINARY, timeout))

    async def receive_json(
        self, *, loads: Callable[[str], Any] = json.loads, timeout: float | None = None
    ) -> Any:
        """Return the next message, which must be TEXT, read as JSON."""
        return loads(await self.receive_str(timeout=timeout))

    async def close(self, *, code: int = WSCloseCode.OK, message: bytes | str = b"") -> bool:
        """Say goodbye and return when the connection is gone.

        The peer has `ws_close` seconds to answer, then the connection is aborted. Cancelling this
        aborts it at once.

        Args:
            code: The close code, 1000 to 1014 or 3000 to 4999.
            message: The reason, at most 123 bytes.

        Returns:
            False if the WebSocket was closed before.

        Raises:
            NotAllowed: Code or reason may not be sent; the WebSocket stays open.
        """
        is_first = not self._is_closed
        if is_first:
            self._begin_close(code, message.encode() if isinstance(message, str) else message)
        if self._farewell is not None:
            try:
                await self._farewell.wait()
            except asyncio.CancelledError:
                if is_first:
                    self.abort()
                raise
        return is_first

    def abort(self) -> None:
        """End the connection now, without a close frame; `close` still tells when it is gone."""
        self._is_closed = True
        self._core.feed_eof()
        self._stop_all()
        if self._is_receiving:
            self._inflow.put(_CLOSED)
        if self._farewell is not None:
            self._farewell.abort()

    def closed_fault(self) -> Exception:
        """Return what sending on a closed WebSocket raises; subclasses may choose another."""
        return ConnectionClosed("cannot send: the WebSocket is closing or closed")

    def message_type_fault(self, wanted: WSMsgType, message: WSMessage) -> Exception:
        """Return what `receive_str` and its like raise; subclasses may choose another."""
        why = f" ({message.data})" if message.type in _ENDS and message.data is not None else ""
        return MessageTypeError(f"received a message of type {message.type.name}{why}, not {wanted.name}")

    def heartbeat_fault(self, seconds: float) -> Exception:
        """Return what ERROR holds when the peer fell silent; subclasses may choose another."""
        return HeartbeatTimeout(f"nothing arrived within {seconds:g} s after a ping", seconds=seconds)

    def __aiter__(self) -> "Self":
        """Iterate over messages until the connection ends."""
        return self

    async def __anext__(self) -> WSMessage:
        message = await self.receive()
        if message.type in _ENDS and message.type is not WSMsgType.ERROR:
            raise StopAsyncIteration
        return message

    async def __aenter__(self) -> "Self":
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.close()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over an open transport; the loop that runs is the one it belongs to."""
        loop = asyncio.get_running_loop()
        # Transports of other loops need not derive from asyncio's class.
        self._transport = cast(asyncio.Transport, transport)
        self._outflow = Outflow(self._transport, self._writer_limit)
        self._farewell = Farewell(loop, self._transport)
        if self._heartbeat_seconds:
            self._heartbeat = Heartbeat(self._heartbeat_seconds, loop.time())
            self._heartbeat_timer = loop.call_at(self._heartbeat.due, self._on_heartbeat, loop)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the transport."""
        if self._heartbeat is not None:
            self._heartbeat.heard(asyncio.get_running_loop().time())
        self._deliver(self._core.feed(data))

    def eof_received(self) -> None:
        """Note that the peer will send no more; the transport then closes itself."""
        self._has_reached_eof = True
        self._deliver([])
        if self._farewell is not None:
            self._farewell.abort_within(self._timeout.ws_close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the transport is gone."""
        self._exception = self._exception or exc
        self._has_reached_eof = True
        self._stop_all()
        self._deliver([])
        if self._farewell is not None:
            self._farewell.end()

    def pause_writing(self) -> None:
        """Hold senders back."""
        if self._outflow is not None:
            self._outflow.pause()

    def resume_writing(self) -> None:
        """Let senders go on."""
        if self._outflow is not None:
            self._outflow.resume()

    # Receiving.

    def _deliver(self, messages: list[WSMessage]) -> None:
        core, inflow = self._core, self._inflow
        while True:
            for message in messages:
                kind = message.type
                if kind is not _TEXT and kind is not _BINARY:
                    self._meet(message)
                elif not self._is_closed:
                    inflow.put(message)
            if not core.has_backlog or inflow.is_full:
                break
            messages = core.feed(b"")
        if inflow.is_full:
            self._pause_reading()
        if self._has_reached_eof and not core.has_backlog:
            for message in core.feed_eof():
                self._meet(message)

    def _meet(self, message: WSMessage) -> None:
        """Do what a message that is not data asks for."""
        if message.type is WSMsgType.PING and self._autoping:
            if self._outflow is not None:
                self._outflow.owe(partial(self._core.answer, message))
            return
        if message.type is WSMsgType.PONG and self._autoping:
            return
        if message.type is WSMsgType.ERROR:
            self._exception = message.data
        if message.type is WSMsgType.ERROR or (message.type is WSMsgType.CLOSE and self._may_answer_close()):
            self._write(self._core.answer(message))
            self._begin_farewell()
        if message.type in _ENDS:
            self._stop_heartbeat()
        if not self._is_closed:
            self._inflow.put(message)

    def _may_answer_close(self) -> bool:
        return self._autoclose or self._core.close_sent

    async def _take_end(self, message: WSMessage) -> None:
        self._end_was_taken = True
        if message.type is WSMsgType.CLOSING or (message.type is WSMsgType.CLOSE and not self._autoclose):
            return
        await self.close()

    async def _receive_data(self, wanted: WSMsgType, timeout: float | None) -> object:
        message = await self.receive(timeout)
        if message.type is not wanted:
            raise self.message_type_fault(wanted, message)
        return message.data

    def _pause_reading(self) -> None:
        if self._is_reading_paused or self._transport is None:
            return
        self._is_reading_paused = True
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        self._deliver(self._core.feed(b"") if self._core.has_backlog else [])
        if self._inflow.is_full or not self._is_reading_paused or self._transport is None:
            return
        self._is_reading_paused = False
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # Sending.

    def _open_outflow(self) -> Outflow:
        outflow = self._outflow
        if outflow is None or self._core.close_sent or outflow.is_closing:
            raise self.closed_fault()
        return outflow

    def _write(self, frame: bytes) -> None:
        if self._outflow is not None:
            self._outflow.write(frame)

    # Ending.

    def _begin_close(self, code: int, reason: bytes) -> None:
        if not self._core.close_sent:
            self._write(self._core.send_close(code, reason))
        self._is_closed = True
        self._stop_heartbeat()
        self._inflow.clear()
        if self._is_receiving:
            self._inflow.put(_CLOSING)
        self._resume_reading()
        if self._farewell is None:
            return
        if self._core.close_code is None:
            self._stop_senders()
            self._farewell.abort_within(self._timeout.ws_close)
        else:
            self._begin_farewell()

    def _begin_farewell(self) -> None:
        """Both sides have said goodbye, or this one has failed the connection."""
        self._stop_senders()
        if self._farewell is not None:
            self._farewell.abort_within(self._timeout.ws_close)
            self._farewell.linger()

    def _is_gone(self) -> bool:
        return self._farewell is not None and self._farewell.has_ended

    def _stop_all(self) -> None:
        self._stop_heartbeat()
        self._stop_senders()

    def _stop_senders(self) -> None:
        if self._outflow is not None:
            self._outflow.stop()

    def _stop_heartbeat(self) -> None:
        self._heartbeat = None
        if self._heartbeat_timer is not None:
            self._heartbeat_timer.cancel()
            self._heartbeat_timer = None

    def _on_heartbeat(self, loop: asyncio.AbstractEventLoop) -> None:
        heartbeat = self._heartbeat
        if heartbeat is None or self._outflow is None:
            return
        now = loop.time()
        if self._is_reading_paused:
            heartbeat.heard(now)  # it is this side that does not listen
        beat = heartbeat.tick(now)
        if beat is Beat.GIVE_UP:
            self._give_up(self.heartbeat_fault(heartbeat.patience_seconds))
            return
        if beat is Beat.PING and not self._outflow.is_paused:
            self._write(self._core.send_ping())
        self._heartbeat_timer = loop.call_at(heartbeat.due, self._on_heartbeat, loop)

    def _give_up(self, fault: Exception) -> None:
        self._exception = fault
        self._core.feed_eof()
        self._stop_all()
        self._inflow.put(WSMessage(WSMsgType.ERROR, fault, None))
        if self._farewell is not None:
            self._farewell.abort()
