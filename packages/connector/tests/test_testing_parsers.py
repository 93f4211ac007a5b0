"""The kit for parsers in the seam of exchanges: the default passes it, and bad parsers do not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from whimbrel_connector.testing import check_wire_parser
from whimbrel_http1 import DEFAULT_LIMITS, EndOfMessage, Event, Limits, ResponseHead, ResponseParser


def test_the_default_parser_passes() -> None:
    assert check_wire_parser(ResponseParser, strict=True) == []


class Wrapped:
    """A parser of which a subclass spoils something."""

    def __init__(self, *, request_method: str, limits: Limits) -> None:
        self.parser = ResponseParser(request_method=request_method, limits=limits)

    @property
    def reusable(self) -> bool:
        return self.parser.reusable

    @property
    def within_chunk(self) -> bool:
        return self.parser.within_chunk

    def next_response(self, request_method: str) -> None:
        self.parser.next_response(request_method)

    def feed(self, data: bytes) -> Sequence[Event]:
        return self.parser.feed(data)

    def feed_eof(self) -> Sequence[Event]:
        return self.parser.feed_eof()


def test_a_wrapper_that_spoils_nothing_passes() -> None:
    assert check_wire_parser(Wrapped, strict=True) == []


class NoMore(Wrapped):
    """Has only what it must have."""

    within_chunk = property(lambda self: (_ for _ in ()).throw(AttributeError()))
    next_response = property(lambda self: (_ for _ in ()).throw(AttributeError()))


def test_what_a_parser_may_have_it_need_not_have() -> None:
    assert check_wire_parser(NoMore, strict=True) == []


class AlwaysReusable(Wrapped):
    @property
    def reusable(self) -> bool:
        return True


class NeverReusable(Wrapped):
    @property
    def reusable(self) -> bool:
        return False


class HoldsBodiesBack(Wrapped):
    def __init__(self, *, request_method: str, limits: Limits) -> None:
        super().__init__(request_method=request_method, limits=limits)
        self.held: list[Event] = []

    def feed(self, data: bytes) -> Sequence[Event]:
        self.held += self.parser.feed(data)
        if self.parser.reusable:
            events, self.held = self.held, []
            return events
        return []


class GivesEmptyPieces(Wrapped):
    def feed(self, data: bytes) -> Sequence[Event]:
        return [part for event in self.parser.feed(data) for part in (event, b"")]


class ForgetsOpenChunks(Wrapped):
    @property
    def within_chunk(self) -> bool:
        return False


class HidesChunks(Wrapped):
    def feed(self, data: bytes) -> Sequence[Event]:
        return [
            ResponseHead(event.status, raw_headers=event.raw_headers, keep_alive=event.keep_alive)
            if isinstance(event, ResponseHead)
            else event
            for event in self.parser.feed(data)
        ]


class ForgetsTheNextMethod(Wrapped):
    def next_response(self, request_method: str) -> None:
        pass


class HasNoLimits(Wrapped):
    def __init__(self, *, request_method: str, limits: Limits) -> None:
        super().__init__(request_method=request_method, limits=DEFAULT_LIMITS)


class EndsTwice(Wrapped):
    def feed(self, data: bytes) -> Sequence[Event]:
        events = self.parser.feed(data)
        return [*events, EndOfMessage()] if EndOfMessage() in events else events


class Breaks(Wrapped):
    @property
    def reusable(self) -> bool:
        raise LookupError("oops")


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (AlwaysReusable, "it tells what may be used again: within the body, whole: reusable should be False"),
        (NeverReusable, "it tells what may be used again: after 204, whole: reusable should be True"),
        (HoldsBodiesBack, "it holds nothing back: a whole head is not reported before the body begins"),
        (GivesEmptyPieces, "pieces of body not empty: an event is b''"),
        (ForgetsOpenChunks, "it tells where chunks end: byte by byte: the chunks should be"),
        (HidesChunks, "it tells where chunks end: the head is not said to be chunked"),
        (ForgetsTheNextMethod, "it reads the next response: the answer to HEAD"),
        (HasNoLimits, "it keeps to its limits: a field line above its limit is not refused"),
        (EndsTwice, "a chunked body, whole: ends of messages should be 1, not 2"),
        (Breaks, "it tells what may be used again: raises LookupError: oops"),
    ],
)
def test_a_bad_parser_is_told_which_rule_it_breaks(bad: type[Wrapped], told: str) -> None:
    assert any(told in failure for failure in check_wire_parser(bad, strict=True))
