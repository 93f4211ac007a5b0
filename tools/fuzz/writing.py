"""A target that writes and reads back: nothing a caller hands in can become anything else.

Method, target, reason, fields, body and trailers are any text. Either the encoder refuses them with
a `LocalError`, or a reader of its bytes sees exactly them, and nothing besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from tools.fuzz.choices import Choices
from tools.fuzz.dialogue import Reading, read
from tools.fuzz.finding import require
from tools.fuzz.reading import METHODS, UNBOUNDED
from whimbrel_http1 import (
    HTTP_1_0,
    HTTP_1_1,
    EndOfMessage,
    Event,
    LocalError,
    RawHeaders,
    RequestEncoder,
    RequestHead,
    RequestParser,
    ResponseEncoder,
    ResponseHead,
    ResponseParser,
    TruncatedMessage,
    Upgraded,
)

__all__ = ["write_request", "write_response"]

Text: TypeAlias = str | bytes
Pairs: TypeAlias = list[tuple[Text, Text]]
Encoder: TypeAlias = RequestEncoder | ResponseEncoder

_SEPARATOR = b"|"
_FRAMINGS = ("none", "length", "chunked")
_VERSIONS = (HTTP_1_1, HTTP_1_0)


def write_request(data: bytes) -> None:
    """Write a request. Options: version, text, framing, trailers, then lengths of pieces of body.

    The wire is `method|target|body|name|value|name|value...`; trailers are the last pairs.
    """
    choices = Choices(data)
    version = choices.one_of(_VERSIONS)
    parts = _Parts(choices, fixed=3)
    method, target = parts.text(0), parts.text(1)
    body = parts.fixed[2]
    try:
        encoder = RequestEncoder(method, target, parts.headers(body), version=version)
        wire = encoder.head
        cut_short = _require_no_early_end(encoder)
        wire += _body_of(encoder, choices.pieces(body), parts.trailers)
    except LocalError:
        return
    reading = read(RequestParser(limits=UNBOUNDED), [wire], eof=False, accept=True)
    head = reading.events[0] if reading.events else None
    require(isinstance(head, RequestHead), "no head came back", wire, reading)
    if not isinstance(head, RequestHead):
        return
    require((head.method, head.target, head.version) == (method, target, version), "another line", wire, head)
    _require_agreement(encoder, head, parts.headers(body), wire)
    ends: list[Event] = [EndOfMessage(_plain(parts.trailers))] if method != "CONNECT" else []
    if method == "CONNECT" or head.upgrade:
        ends.append(Upgraded())
    _require_rest(reading, body, ends, wire)
    _require_truncation(RequestParser(limits=UNBOUNDED), encoder, wire, cut_short=cut_short)
    if encoder.keep_alive and method != "CONNECT" and not head.upgrade:
        twice = read(RequestParser(limits=UNBOUNDED), [wire + wire])
        require(twice.events == reading.events * 2, "two in a row are not twice one", wire, twice)


def write_response(data: bytes) -> None:
    """Write a response. Options: version, text, framing, trailers, method, status, lengths of pieces.

    The wire is `reason|body|name|value|name|value...`; trailers are the last pairs.
    """
    choices = Choices(data)
    version = choices.one_of(_VERSIONS)
    parts = _Parts(choices, fixed=2)
    method = choices.one_of(METHODS)
    status = choices.one_of((200, 204, 304, 100, 103, 101, 500, 999, 99, 1000, 0, -200, 404))
    reason = parts.text(0)
    body = parts.fixed[1]
    headers = parts.headers(body)
    try:
        encoder = ResponseEncoder(status, reason, headers, version=version, request_method=method)
        wire = encoder.head
        cut_short = _require_no_early_end(encoder)
        wire += _body_of(encoder, choices.pieces(body), parts.trailers)
    except LocalError:
        return
    until_close = encoder.content_length is None and not encoder.chunked and not _changes(status, method)
    reading = read(
        ResponseParser(request_method=method, limits=UNBOUNDED), [wire], eof=until_close or not status < 200
    )
    head = reading.events[0] if reading.events else None
    require(isinstance(head, ResponseHead), "no head came back", wire, reading)
    if not isinstance(head, ResponseHead):
        return
    require((head.status, head.version) == (status, version), "another status line", wire, head)
    octets = head.reason.encode("utf-8", "surrogateescape")
    require(octets == reason.encode("utf-8", "surrogateescape"), "another reason", wire, head)
    _require_agreement(encoder, head, headers, wire)
    end: Event = Upgraded() if _changes(status, method) else EndOfMessage(_plain(parts.trailers))
    _require_rest(reading, body, [] if head.interim else [end], wire)
    parser = ResponseParser(request_method=method, limits=UNBOUNDED)
    _require_truncation(parser, encoder, wire, cut_short=cut_short)


class _Parts:
    """The wire of a writing target, cut at its separators.

    Attributes:
        fixed: The first parts.
        trailers: Pairs for the end of the message.
    """

    def __init__(self, choices: Choices, *, fixed: int) -> None:
        self._kind = choices.number() % 3
        self._framing = choices.one_of(_FRAMINGS)
        count = choices.number() % 4
        parts = choices.wire.split(_SEPARATOR)
        self.fixed = (parts + [b""] * fixed)[:fixed]
        rest = parts[fixed:]
        pairs: Pairs = [
            (self._as_text(name), self._as_text(value))
            for name, value in zip(rest[::2], rest[1::2], strict=False)
        ]
        self._pairs, self.trailers = (pairs[:-count], pairs[-count:]) if count else (pairs, [])

    def text(self, index: int) -> str:
        """Return a fixed part as `str`."""
        part = self.fixed[index]
        return part.decode("latin-1") if self._kind == 0 else part.decode("utf-8", "surrogateescape")

    def headers(self, body: bytes) -> Pairs:
        """Return the pairs for the head, among them the framing that was chosen."""
        if self._framing == "length":
            return [*self._pairs, ("Content-Length", str(len(body)))]
        if self._framing == "chunked":
            return [("Transfer-Encoding", "chunked"), *self._pairs]
        return self._pairs

    def _as_text(self, part: bytes) -> Text:
        if self._kind == 0:
            return part.decode("latin-1")
        return part.decode("utf-8", "surrogateescape") if self._kind == 1 else part


def _body_of(encoder: Encoder, pieces: Sequence[bytes], trailers: Pairs) -> bytes:
    written = b"".join([encoder.data(piece) for piece in pieces])
    written += encoder.end(trailers)
    require(encoder.done, "a message that ended is not done")
    return written


def _require_no_early_end(encoder: Encoder) -> bool:
    """Tell whether the body has a length that is still to be written; `end` must then refuse."""
    if not encoder.content_length:
        return False
    try:
        encoder.end()
    except LocalError:
        return True
    require(holds=False, what="a body that is not written ended")
    return False


def _require_agreement(encoder: Encoder, head: RequestHead | ResponseHead, given: Pairs, wire: bytes) -> None:
    require(head.raw_headers == _plain(given), "other fields came back", wire, head, given)
    require(head.keep_alive == encoder.keep_alive, "keep_alive differs", wire, head, encoder.keep_alive)
    if encoder.chunked:
        require(head.chunked, "the reader sees no chunks", wire, head)


def _require_rest(reading: Reading, body: bytes, ends: list[Event], wire: bytes) -> None:
    expected: list[Event] = [body, *ends] if body else ends
    require(reading.fault is None, "what was written is refused", wire, reading.fault)
    require(list(reading.events[1:]) == expected, "another body or end came back", wire, reading, expected)


def _require_truncation(
    parser: RequestParser | ResponseParser, encoder: Encoder, wire: bytes, *, cut_short: bool
) -> None:
    """A reader of all but the last byte of a framed body knows that something is missing."""
    if cut_short or encoder.chunked:
        fault = read(parser, [wire[:-1]]).fault
        require(isinstance(fault, TruncatedMessage), "a lost byte passed unseen", wire, fault)


def _plain(pairs: Pairs) -> RawHeaders:
    """Return the pairs as a reader reports them: bytes, values without outer blanks."""
    return tuple((_octets(name), _octets(value).strip(b" \t")) for name, value in pairs)


def _octets(text: Text) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def _changes(status: int, method: str) -> bool:
    return status == 101 or (method == "CONNECT" and 200 <= status < 300)
