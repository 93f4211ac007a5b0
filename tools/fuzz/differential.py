"""Targets that ask other readers, llhttp (httptools) and h11, what they make of the same bytes.

A difference is recorded and no failure: readers may differ where the RFC lets them. What must be
looked at are two readers that both accept and understand different messages, which is how messages
are smuggled, and one that we accept and both others refuse. `allowed` says why the rest is fine.
Without either library these targets do nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from tools.fuzz.choices import Choices
from tools.fuzz.oracles import ORACLES, Message, Understanding
from tools.fuzz.reading import UNBOUNDED
from whimbrel_http1 import (
    Awaiting,
    EndOfMessage,
    Event,
    ParseError,
    RequestHead,
    RequestParser,
    ResponseHead,
    ResponseParser,
    Upgraded,
)

__all__ = ["DIFFERENCES_VARIABLE", "Difference", "allowed", "requests_differ", "responses_differ"]

# Where differences are kept, a folder; without it they are dropped.
DIFFERENCES_VARIABLE = "WHIMBREL_FUZZ_DIFFERENCES"


class Difference(NamedTuple):
    """One oracle that understood the same bytes otherwise.

    Attributes:
        side: `"response"` or `"request"`.
        oracle: `"httptools"` or `"h11"`.
        kind: `"stricter"` (we refuse, they do not), `"laxer"` (they refuse, we do not) or
            `"meaning"` (other messages).
        ours, theirs: What each understood.
    """

    side: str
    oracle: str
    kind: str
    ours: Understanding
    theirs: Understanding


def responses_differ(data: bytes) -> None:
    """Compare readings of a connection of responses to GET; the options are not used."""
    _compare("response", Choices(data).wire)


def requests_differ(data: bytes) -> None:
    """Compare readings of a connection of requests; the options are not used."""
    _compare("request", Choices(data).wire)


def _compare(side: str, wire: bytes) -> None:
    ours = _understand(
        RequestParser(limits=UNBOUNDED) if side == "request" else ResponseParser(limits=UNBOUNDED), wire
    )
    for oracle, ask in ORACLES[side].items():
        theirs = ask(wire)
        kind = _kind_of(ours, theirs)
        if kind is not None:
            difference = Difference(side, oracle, kind, ours, theirs)
            if allowed(difference, wire) is None:
                _record(difference, wire)


def _kind_of(ours: Understanding, theirs: Understanding) -> str | None:
    shared = min(len(ours.messages), len(theirs.messages))
    if ours.messages[:shared] != theirs.messages[:shared]:
        return "meaning"
    if bool(ours.refusal) != bool(theirs.refusal):
        return "stricter" if ours.refusal else "laxer"
    if not ours.refusal and len(ours.messages) != len(theirs.messages):
        return "meaning"
    return None


def allowed(difference: Difference, wire: bytes) -> str | None:
    """Return why a difference is fine, None when somebody should look at it.

    We may always be stricter: a refusal smuggles nothing. The others are named one by one.
    """
    if difference.kind == "stricter":
        return "a refusal is safe"
    for reason, holds in _REASONS:
        if holds(difference, wire):
            return reason
    return None


def _understand(parser: RequestParser | ResponseParser, wire: bytes) -> Understanding:
    understanding = Understanding()
    try:
        _take(parser.feed(wire), understanding)
        understanding.upgraded |= parser.state is Awaiting.DECISION
        _take(parser.feed_eof(), understanding)
    except ParseError as fault:
        understanding.refusal = str(fault)
    return understanding


def _take(events: Iterable[Event], understanding: Understanding) -> None:
    for event in events:
        match event:
            case ResponseHead():
                message = Message(str(event.status).encode(), b"", event.raw_headers)
                understanding.begin(message, interim=event.interim)
            case RequestHead():
                understanding.begin(Message(event.method.encode(), event.target.encode(), event.raw_headers))
            case bytes():
                understanding.add(event)
            case EndOfMessage():
                understanding.end()
            case Upgraded():
                understanding.end()
                understanding.upgraded = True


def _record(difference: Difference, wire: bytes) -> None:
    """Keep the shortest wire for each way to differ."""
    folder = os.environ.get(DIFFERENCES_VARIABLE)
    if folder is None:
        return
    refusal = re.sub(r"\d+|'.*|, near.*", "", difference.theirs.refusal)
    label = hashlib.sha256(refusal.encode()).hexdigest()[:6] if refusal else "accepted"
    file = Path(folder) / f"{difference.side}-{difference.oracle}-{difference.kind}-{label}"
    if file.exists() and file.stat().st_size <= len(wire):
        return
    file.write_bytes(wire)
    file.with_suffix(".txt").write_text(
        f"{wire!r}\nours:   {difference.ours}\ntheirs: {difference.theirs}\n", encoding="utf-8"
    )


def _ours_changed_protocol(difference: Difference, _wire: bytes) -> bool:
    ours, theirs = difference.ours, difference.theirs
    before = len(ours.messages) - 1
    return ours.upgraded and ours.messages[:before] == theirs.messages[:before]


def _refused(*sentences: str) -> Callable[[Difference, bytes], bool]:
    """Allow what the oracle refuses with one of these `sentences`."""

    def holds(difference: Difference, _wire: bytes) -> bool:
        return any(sentence in difference.theirs.refusal for sentence in sentences)

    return holds


def _refused_where(pattern: bytes, *sentences: str) -> Callable[[Difference, bytes], bool]:
    """Allow what the oracle refuses with one of these `sentences` where the wire holds `pattern`."""
    found, refused = re.compile(pattern), _refused(*sentences)

    def holds(difference: Difference, wire: bytes) -> bool:
        return refused(difference, wire) and found.search(wire) is not None

    return holds


_OFFER_IN_HTTP_1_0 = re.compile(rb"(?i) HTTP/1\.0\r\n(?:[^\r]+\r\n)*upgrade:")


def _offered_in_http_1_0(difference: Difference, wire: bytes) -> bool:
    offered = _OFFER_IN_HTTP_1_0.search(wire) is not None
    return offered and difference.kind == "meaning" and not difference.ours.upgraded


_REASONS: tuple[tuple[str, Callable[[Difference, bytes], bool]], ...] = (
    ("what follows a change of protocol, asked for or made, is not HTTP", _ours_changed_protocol),
    ("an upgrade offered in HTTP/1.0 is none (RFC 9110 section 7.8)", _offered_in_http_1_0),
    (
        "whether 101 was asked for is for the caller of a parser",
        _refused("_SWITCH_UPGRADE event without a pending proposal"),
    ),
    (
        "llhttp and httptools know some methods and forms of a target; any token and visible ASCII do here",
        _refused("InvalidMethodError", "InvalidURLError"),
    ),
    (
        "a number may have any count of leading zeros, for all but h11",
        _refused_where(rb"(?i)content-length:[^\r]*0{8}", "bad Content-Length"),
    ),
    (
        "a trailer section frames nothing",
        _refused_where(
            rb"\r\n0+[ \t;\r]", "Content-Length can't be present", "Transfer-Encoding can't be present"
        ),
    ),
    (
        "a list may have empty elements, and blanks around them (RFC 9110 section 5.6.1)",
        _refused_where(
            rb"(?i)transfer-encoding:(?:[^\r]*[,\t ])?\s*(?:chunked)?[ \t,]*\r",
            *("Transfer-Encoding` header value", "invalid `Transfer-Encoding`", "Empty Transfer-Encoding"),
        ),
    ),
    (
        "chunk extensions may have blanks around ; and = (RFC 9112 section 7.1.1)",
        _refused_where(rb"[0-9A-Fa-f]+[ \t;]", "in chunk extensions", "Invalid character in chunk size"),
    ),
    (
        "an interim response closes nothing",
        _refused_where(rb"HTTP/1\.[01] 1", "Data after `Connection: close`"),
    ),
    (
        "h11 knows no transfer coding but chunked, and one field that says so",
        _refused("Only Transfer-Encoding: chunked is supported", "multiple Transfer-Encoding headers"),
    ),
    (
        "h11 keeps no HTTP/1.0 connection alive",
        _refused_where(rb"HTTP/1\.0", "Got data when expecting EOF"),
    ),
    (
        "empty lines before a message are skipped, and none need follow (RFC 9112 section 2.2)",
        _refused("no request line received", "no response line received"),
    ),
    ("a connection may end before a message", _refused("event type ConnectionClosed")),
)
