"""Other people's parsers in the seam of exchanges: llhttp by way of httptools, and h11."""

from collections.abc import Iterator, Sequence

import h11
import httptools

from whimbrel_http1 import (
    HTTP_1_0,
    HTTP_1_1,
    EndOfMessage,
    Event,
    HttpVersion,
    Limits,
    MalformedMessage,
    ParseError,
    RawHeaders,
    ResponseHead,
    TruncatedMessage,
    Upgraded,
)

__all__ = ["H11Parser", "HttptoolsParser"]


class _Interrupted(list[Event]):
    """The events before a fault, and then the fault."""

    def __init__(self, events: Sequence[Event], fault: ParseError) -> None:
        super().__init__(events)
        self._fault = fault

    def __iter__(self) -> Iterator[Event]:
        yield from super().__iter__()
        raise self._fault


class _OneResponse:
    """What both have in common: the state of one response."""

    def __init__(self, request_method: str) -> None:
        self._method = request_method
        self._events: list[Event] = []
        self._fault: ParseError | None = None
        self._keep_alive = self._until_close = False
        self._in_body = self._ended = self._exceeded = False

    @property
    def reusable(self) -> bool:
        return self._ended and self._keep_alive and not self._exceeded and self._fault is None

    def feed(self, data: bytes) -> Sequence[Event]:
        if self._fault is not None:
            raise self._fault
        if self._ended:
            self._exceeded = True
            return []
        fault = self._feed(data)
        events, self._events = self._events, []
        return events if fault is None else self._interrupted(events, fault)

    def feed_eof(self) -> Sequence[Event]:
        if self._fault is not None:
            raise self._fault
        if self._in_body and self._until_close:
            self._end()
            return [self._events.pop()]
        if self._ended:
            return []
        raise TruncatedMessage(0, None)

    def _feed(self, data: bytes) -> Exception | None:
        """Read on; return what the other library refuses, if anything."""
        raise NotImplementedError

    def _interrupted(self, events: Sequence[Event], fault: Exception) -> Sequence[Event]:
        self._fault = MalformedMessage(str(fault), 0, "RFC 9112")
        self._fault.__cause__ = fault
        return _Interrupted(events, self._fault)

    def _take_head(
        self, status: int, reason: bytes, version: HttpVersion, fields: RawHeaders, keep_alive: bool
    ) -> None:
        names = {name.lower() for name, _ in fields}
        empty = self._method == "HEAD" or status in {204, 304}
        self._until_close = not empty and not names & {b"content-length", b"transfer-encoding"}
        self._keep_alive = keep_alive and not self._until_close
        head = ResponseHead(
            status, reason.decode("latin-1"), version, fields, keep_alive=self._keep_alive or status < 200
        )
        self._events.append(head)
        self._in_body = status >= 200
        if empty and self._in_body:
            self._end()

    def _end(self) -> None:
        if self._in_body:
            self._in_body, self._ended = False, True
            self._events.append(EndOfMessage())

    def _switch(self, surplus: bytes) -> None:
        self._ended, self._keep_alive = True, False
        self._events.append(Upgraded(surplus))


class HttptoolsParser(_OneResponse):
    """A parser over llhttp, which knows nothing of the request."""

    def __init__(self, *, request_method: str, limits: Limits) -> None:
        super().__init__(request_method)
        self._parser = httptools.HttpResponseParser(self)
        self._fields: list[tuple[bytes, bytes]] = []
        self._reason = b""

    def _feed(self, data: bytes) -> Exception | None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._switch(data[upgrade.args[0] :])
        except httptools.HttpParserError as fault:
            if not self._ended:
                return fault
            self._exceeded = True
        return None

    # What llhttp calls.

    def on_message_begin(self) -> None:
        self._fields, self._reason = [], b""
        self._exceeded = self._ended

    def on_status(self, status: bytes) -> None:
        self._reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name, value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        if not self._ended:
            version = HTTP_1_0 if self._parser.get_http_version() == "1.0" else HTTP_1_1
            status, keeps = self._parser.get_status_code(), self._parser.should_keep_alive()
            # Without the request's method it takes the answer to HEAD for one that ends with the connection.
            if self._method == "HEAD":
                keeps = version == HTTP_1_1 and (b"Connection", b"close") not in self._fields
            self._take_head(status, self._reason, version, tuple(self._fields), keeps)

    def on_body(self, body: bytes) -> None:
        if self._in_body:
            self._events.append(body)
        else:
            self._exceeded = True

    def on_message_complete(self) -> None:
        self._end()


class H11Parser(_OneResponse):
    """A parser over h11, which wants to have seen the request, and an offer before it believes in 101."""

    def __init__(self, *, request_method: str, limits: Limits) -> None:
        super().__init__(request_method)
        offer = [] if request_method == "CONNECT" else [("Connection", "upgrade"), ("Upgrade", "any")]
        self._connection = h11.Connection(h11.CLIENT)
        self._connection.send(h11.Request(method=request_method, target="/", headers=[("Host", "x"), *offer]))
        self._connection.send(h11.EndOfMessage())

    def _feed(self, data: bytes) -> Exception | None:
        try:
            self._connection.receive_data(data)
            while not self._ended and self._advance():
                pass
        except h11.RemoteProtocolError as fault:
            return fault
        self._exceeded = self._ended and bool(self._connection.trailing_data[0])
        return None

    def _advance(self) -> bool:
        match self._connection.next_event():
            case h11.Response() | h11.InformationalResponse() as head:
                fields = tuple((bytes(name), bytes(value)) for name, value in head.headers.raw_items())
                old = head.http_version == b"1.0"
                closes = old or any(
                    name.lower() == b"connection" and b"close" in value for name, value in fields
                )
                version = HTTP_1_0 if old else HTTP_1_1
                self._take_head(head.status_code, bytes(head.reason), version, fields, not closes)
                if self._connection.their_state is h11.SWITCHED_PROTOCOL:
                    self._switch(self._connection.trailing_data[0])
            case h11.Data(data=content):
                self._events.append(bytes(content))
            case h11.EndOfMessage():
                self._end()
            case _:
                return False
        return True
