"""One request and its response over a leased connection.

The request's head and a body that is in memory leave in one write; another body is written beside
the reading, so that an early answer is seen. When the response has ended the connection is back
with its owner before the reader goes on; whatever leaves doubt closes it.
"""

import asyncio
import warnings
from collections.abc import Sequence
from typing import Any

from whimbrel_connector._connection import Http1Connection
from whimbrel_connector._incoming_body import IncomingBody
from whimbrel_connector._patience import Patience
from whimbrel_connector._upload import Upload
from whimbrel_connector._waiter import Waiter
from whimbrel_connector.errors import ExchangeClosed, ServerDisconnected, UnaskedUpgrade
from whimbrel_connector.exchange_options import ExchangeOptions, WireParser
from whimbrel_connector.request import Request
from whimbrel_connector.route import Route
from whimbrel_connector.stream import StreamReader
from whimbrel_http1 import EndOfMessage, Event, ParseError, ResponseHead, Upgraded

__all__ = ["Exchange"]

DRAIN_BYTES = 65536
DRAIN_SECONDS = 1.0
_CLOSED = "the exchange was closed on this side"


class Exchange:
    """The right to one request and response; `send` uses it up."""

    __slots__ = (
        "_body",
        "_connection",
        "_drain_left",
        "_drain_timer",
        "_early",
        "_ended",
        "_exceeded",
        "_fault",
        "_head",
        "_keeper",
        "_loop",
        "_options",
        "_over",
        "_parser",
        "_patience",
        "_reading_paused",
        "_received_bytes",
        "_request",
        "_reused",
        "_route",
        "_surplus",
        "_upload",
        "_waiter",
    )

    _request: Request

    def __init__(
        self,
        connection: Http1Connection,
        route: Route,
        options: ExchangeOptions,
        loop: asyncio.AbstractEventLoop,
        keeper: object = None,
    ) -> None:
        self._connection = connection
        self._keeper = keeper
        self._route = route
        self._options = options
        self._loop = loop
        self._parser: WireParser | None = None
        self._waiter: Waiter[ResponseHead | None] | None = None
        self._head: ResponseHead | None = None
        self._body: IncomingBody | None = None
        self._upload: Upload | None = None
        self._patience: Patience | None = None
        self._surplus: bytes | None = None
        self._fault: BaseException | None = None
        self._drain_left: int | None = None
        self._drain_timer: asyncio.TimerHandle | None = None
        self._received_bytes = 0
        self._reading_paused = False
        self._early: Request | None = None
        self._ended = False
        self._exceeded = False
        self._over = False
        self._reused = connection.exchanges > 0
        connection.exchanges += 1

    @property
    def is_over(self) -> bool:
        """Whether the connection is no longer this exchange's, or has closed before a request."""
        return self._over or (self._waiter is None and self._connection.is_closing)

    @property
    def reused(self) -> bool:
        """Whether an earlier exchange had used the connection."""
        return self._reused

    @property
    def closed(self) -> bool:
        """Whether the connection is no longer this exchange's, in the words of aiohttp's connection."""
        return self.is_over

    @property
    def protocol(self) -> Http1Connection | None:
        """What receives from the transport, or None once the connection is no longer this exchange's."""
        return None if self.is_over else self._connection

    @property
    def transport(self) -> asyncio.Transport:
        """The transport beneath; what is written to it past the exchange breaks the exchange."""
        return self._connection.transport

    @property
    def content(self) -> StreamReader:
        """The response's body as a stream.

        Raises:
            RuntimeError: `send` has not returned a head.
        """
        if self._body is None:
            msg = "there is no response yet: `send` returns its head"
            raise RuntimeError(msg)
        return self._body.stream

    def take_whole(self, most: int | None = None) -> bytes | None:
        """Return the whole body if it is there and nobody has begun to read it.

        None where it is not, or in pieces, coded, or longer than `most`: `content` has it then. None before
        a head has come, too.
        """
        return None if self._body is None else self._body.take_whole(most)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport knows under `name`, such as "peername" or "ssl_object"."""
        return self._connection.get_extra_info(name, default)

    async def send(self, request: Request) -> ResponseHead:
        """Send the request and return the head of its final response.

        What `connect` was told of may have gone out already; then this returns the head that has come.

        Raises:
            LocalError: The body is not as long as the head declares.
            ServerDisconnected: The peer closed before a whole head had come.
            ParseError: What came is no response.
            PhaseTimeout: The peer was silent for too long, or took nothing (`SendTimeout`,
                `FirstByteTimeout`, `ReadTimeout`).
            ExchangeClosed: This side closed the connection meanwhile.
            RuntimeError: The exchange was used before, or the request, whose body came in chunks.
            BaseException: Whatever the request's own body raised while it was written.
        """
        if self._waiter is not None:
            early, self._early = self._early, None
            if early is request and self._head is not None:
                return self._head
            msg = "an exchange is for one request, and has had it"
            raise RuntimeError(msg)
        if not self._over and self._connection.is_closing:
            closed_here = self._connection.closed_here
            self.fail(ExchangeClosed(_CLOSED) if closed_here else self._disconnected())
        if self._over:  # the peer left between the lease and now
            raise self._fault or ExchangeClosed(_CLOSED)
        waiter: Waiter[ResponseHead | None] = Waiter(self._loop)
        try:
            self._begin(request, waiter)
            await waiter
            waiter.result()
        except BaseException:
            self.give_up(waiter)
            raise
        if self._head is None:
            msg = "who waits for a head is woken by it, or by an error"
            raise RuntimeError(msg)
        return self._head

    def send_early(self, request: Request, waiter: Waiter[ResponseHead | None]) -> None:
        """Send the request for who does not run now, and learns by `waiter` of the head, or of an error.

        It calls `give_up` if it is told of an error, and otherwise `send`, for the head.
        """
        self._early = request
        try:
            self._begin(request, waiter)
        except BaseException as fault:  # noqa: BLE001  who waits is told
            waiter.set_exception(fault)

    def give_up(self, waiter: Waiter[ResponseHead | None]) -> None:
        """Close: who has waited for the head waits no more."""
        waiter.cancel()  # so nobody is told
        self.close()
        waiter.drop_fault()
        self._fault = None  # its traceback holds this

    def release(self) -> None:
        """Be done with the response: drop a short rest of the body, or close before a long one.

        What was leased and never used goes back as it is. The bytes are never decoded; at most
        `DRAIN_BYTES` in `DRAIN_SECONDS` are waited for. Who reads on gets what is buffered, then
        ExchangeClosed.
        """
        if self._over or self._drain_left is not None:
            return
        if self._waiter is None and not self._connection.is_closing:
            self._settle()
            self._connection.finish()
            return
        if self._body is None or self._upload is not None or self._surplus is not None:
            self.close()
            return
        self._drain_left = DRAIN_BYTES
        self._drain_timer = self._loop.call_later(DRAIN_SECONDS, self.close)
        self._body.fail(ExchangeClosed("the response was released before its end was read"))
        self._connection.resume_reading()

    def close(self) -> None:
        """Close the connection, unless the exchange is over; whoever reads the body is told."""
        if not self._over:
            self.fail(ExchangeClosed(_CLOSED))

    def abandon(self, forgotten: object) -> None:
        """Release from the finaliser of `forgotten`: nobody can read the response any more.

        In the loop's debug mode it is complained about, as aiohttp does. It may be called from any thread,
        and after the loop has closed.
        """
        if self._over or self._drain_left is not None or self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self.release)  # first: a warning may be made an error
        if self._loop.get_debug():
            what = f"Unclosed response {forgotten!r}"
            self._loop.call_exception_handler({"message": what, "client_response": forgotten})
            warnings.warn(what, ResourceWarning, source=forgotten, stacklevel=3)

    def fail(self, fault: BaseException) -> None:
        """End the exchange and close the connection; whoever waits for head or body gets the error."""
        if self._over:
            return
        self._settle()
        self._tell(fault)
        if self._connection.is_flushed:
            self._connection.close()
        else:  # what has not gone out is of no use any more, and a peer that does not read would hold it
            self._connection.abort()

    def upgrade(self, protocol: asyncio.Protocol) -> None:
        """Hand the connection to another protocol after `101 Switching Protocols` or a CONNECT.

        It gets `connection_made`, the bytes that have come behind the head, and all that follows.

        Raises:
            RuntimeError: The peer did not switch protocols.
            ConnectorError: The connection has ended since.
        """
        if self._surplus is None:
            msg = "the connection was not upgraded"
            raise RuntimeError(msg)
        if self._over:
            raise self._fault or ExchangeClosed(_CLOSED)
        surplus, self._surplus = self._surplus, None
        keeper = self._keeper
        self._settle()
        self._connection.switch(protocol, keeper)
        protocol.connection_made(self._connection.transport)
        if surplus:
            protocol.data_received(surplus)
        self._connection.resume_reading()

    def __repr__(self) -> str:
        return f"<Exchange with {self._route.origin}, {'over' if self.is_over else 'open'}>"

    def __del__(self) -> None:
        """Warn about an exchange that was forgotten before it sent, and give its connection back."""
        if getattr(self, "_over", True) or self._waiter is not None or self._connection.is_closing:
            return
        what = f"Unclosed exchange: a connection to {self._route.origin} was leased and never used"
        warnings.warn(what, ResourceWarning, source=self, stacklevel=1)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.release)

    # What the stream asks of its source.

    def pause_reading(self) -> None:
        """Let nothing more in until the reader has caught up."""
        if not self._over:
            self._reading_paused = True
            self._connection.pause_reading()
            self._mind_silence()

    def resume_reading(self) -> None:
        """Let more in."""
        if not self._over:
            self._reading_paused = False
            self._connection.resume_reading()
            self._mind_silence()

    # What the connection reports.

    def data_received(self, data: bytes) -> None:
        """Take what the events of `data` tell."""
        if self._over:  # TLS hands on what it had deciphered before it was closed
            return
        self._received_bytes += len(data)
        if self._patience is not None:
            self._patience.heard()
        if self._surplus is not None:
            self._surplus += data
            return
        if self._parser is None:
            self.fail(ExchangeClosed("bytes came before the request had gone out"))
            return
        try:
            self._take_all(self._parser.feed(data))
        except ParseError as fault:
            if not self._ended:
                self.fail(fault)
            self._exceeded = True
        if self._ended:
            if not self._over:
                self._part()
        elif self._body is not None and not self._over:
            self._mind_chunk(self._body.stream)

    def eof_received(self) -> bool | None:
        """Take the end of input: nothing more can come, so the connection closes."""
        self._take_end(None)
        self._connection.close()
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the loss of the transport."""
        if self._connection.closed_here:  # the end of a body that the peer has not ended
            self.fail(ExchangeClosed("the connection was closed on this side"))
        else:
            self._take_end(exc)

    def pause_writing(self) -> None:
        """Hold the upload back."""
        if self._patience is not None:
            self._patience.sending_stands()
        if self._upload is not None:
            self._upload.pause()
            self._mind_silence()

    def resume_writing(self) -> None:
        """Let the upload go on."""
        if self._patience is not None:
            self._patience.sending_goes_on()
        if self._upload is not None:
            self._upload.resume()
            self._mind_silence()

    # Steps of the request.

    def _begin(self, request: Request, waiter: Waiter[ResponseHead | None]) -> None:
        # Not before: until it sends, nothing but its user holds it, and it is missed at once.
        self._connection.begin(self)
        self._request = request
        self._waiter = waiter
        options = self._options
        self._parser = self._connection.parser_for(request.method, options)
        if options.is_timed:
            self._patience = Patience(self._loop, options, self._connection.unsent_bytes, self.fail)
        self._write(request)

    def _write(self, request: Request) -> None:
        body, encoder = request.body, request.encoder
        if encoder.chunked and encoder.done:  # what it writes would have no end
            msg = "a request with a body in chunks is sent once"
            raise RuntimeError(msg)
        transport = self._connection.transport
        if isinstance(body, bytes) and not request.expects_continue:
            wire = encoder.head
            if body:
                wire += encoder.data(body)
            transport.write(wire + encoder.end())
            return
        wait = self._options.continue_seconds if request.expects_continue else None
        self._upload = Upload(self._loop, transport, encoder, body, wait)
        transport.write(encoder.head)
        self._connection.attend(self._upload.start(self._upload_ended))
        self._mind_silence()

    def _upload_ended(self, fault: BaseException | None) -> None:
        self._upload = None
        if fault is not None:
            self.fail(fault)
        self._mind_silence()

    def _mind_silence(self) -> None:
        """Count the peer's silence only while this side waits for the peer."""
        if self._patience is None or self._over:
            return
        uploading = self._upload is not None and not self._upload.is_held_back
        self._patience.mind_peer(is_its_turn=not uploading and not self._reading_paused)

    # Steps of the response.

    def _take_all(self, events: Sequence[Event]) -> None:
        for event in events:
            if self._over:
                return
            if self._ended:
                self._exceeded = True  # bytes behind the end: the response stands, the connection does not
            elif type(event) is bytes:
                self._take_data(event)
            elif type(event) is EndOfMessage:
                self._ended = True
            elif type(event) is ResponseHead:
                self._take_head(event)
            elif type(event) is Upgraded:
                self._surplus = event.surplus
                if self._body is not None:
                    self._body.end()
                self.pause_reading()

    def _take_head(self, head: ResponseHead) -> None:
        if head.status < 200 and self._take_informational(head):
            return
        if self._upload is not None:
            self._upload.refuse_to_start()
        if self._patience is not None:
            self._patience.head_came()
            self._mind_silence()
        self._body = IncomingBody(head, self._options, self, self._parser)
        self._head = head
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(head)
            self._connection.wake_soon(self._waiter)

    def _take_informational(self, head: ResponseHead) -> bool:
        """Heed a head of 1xx; tell whether that is all (RFC 9110 section 15.2)."""
        if head.interim:
            if head.status == 100 and self._upload is not None:
                self._upload.go_ahead()
            return True
        if not self._request.offers_upgrade:
            self.fail(UnaskedUpgrade(self._route.host, self._route.port))
            return True
        return False

    def _mind_chunk(self, stream: StreamReader) -> None:
        """Let the stream know where the end of what was received has cut a chunk."""
        if getattr(self._parser, "within_chunk", False) and self._drain_left is None:
            stream.keep_chunk_open()

    def _take_data(self, data: bytes) -> None:
        if self._drain_left is None:
            if self._body is not None:
                self._body.feed(data)
            return
        self._drain_left -= len(data)
        if self._drain_left < 0:
            self.close()

    def _take_end(self, cause: Exception | None) -> None:
        """Take the end of input, in order or not."""
        if self._over:
            return
        self._exceeded = True  # nothing can come after it, whatever the parser says
        if self._parser is None or self._surplus is not None:
            self.fail(self._disconnected())
            return
        try:
            self._take_all(self._parser.feed_eof())
        except ParseError as fault:
            self._fail_from(fault if self._head is not None else self._disconnected(), cause)
            return
        if self._ended and cause is None:
            self._part()
        else:
            self._fail_from(self._disconnected(), cause)

    # Ends.

    def _part(self) -> None:
        """Let the reader see the end; before it goes on, the connection is given back, or closed."""
        reusable = self._leaves_no_doubt()
        self._settle()
        if self._drain_left is None and self._body is not None:
            self._body.end()
        if reusable:
            if self._connection.is_unheard and self._head is not None:
                self._connection.heed(self._head.get_all(b"keep-alive"))
            if self._reading_paused:
                self._connection.resume_reading()
            self._connection.finish()
        else:
            self._connection.close()

    def _leaves_no_doubt(self) -> bool:
        """Tell whether request and response are complete on the wire, and nothing came behind."""
        if self._exceeded or self._parser is None or not self._request.encoder.keep_alive:
            return False
        written = self._upload is None or self._upload.is_complete
        return written and self._parser.reusable and self._connection.is_flushed

    def _settle(self) -> None:
        """Stop whatever still runs for this exchange."""
        self._over = True
        self._keeper = None
        if self._upload is not None:
            self._upload.stop()
            self._upload = None
        if self._patience is not None:
            self._patience.stop()
            self._patience = None
        if self._drain_timer is not None:
            self._drain_timer.cancel()

    def _tell(self, fault: BaseException) -> None:
        """Let whoever waits for the head or reads the body see the error."""
        self._fault = fault
        if self._drain_left is not None:
            return  # the reader has been told of the release
        if self._body is not None:
            self._body.fail(fault)
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(fault)

    def _fail_from(self, fault: BaseException, cause: Exception | None) -> None:
        fault.__cause__ = cause
        self.fail(fault)

    def _disconnected(self) -> ServerDisconnected:
        return ServerDisconnected(
            self._route.host, self._route.port, reused=self._reused, received_bytes=self._received_bytes
        )
