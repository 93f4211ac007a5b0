"""The conformance kit: the default passes it, and bad parsers do not."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from whimbrel_http1 import EndOfMessage, Event, Limits, ParseError, ResponseHead, ResponseParser
from whimbrel_http1.testing import check_response_parser, read_events


def test_the_default_parser_passes_its_own_kit() -> None:
    assert check_response_parser(ResponseParser, strict=True) == []


class Wrapped:
    """A parser that spoils what a good one says."""

    def __init__(self, request_method: str = "GET") -> None:
        self.parser = ResponseParser(request_method=request_method)

    def feed(self, data: bytes) -> Iterable[Event]:
        return self.parser.feed(data)

    def feed_eof(self) -> Iterable[Event]:
        return self.parser.feed_eof()


class LosesBody(Wrapped):
    def feed(self, data: bytes) -> Iterable[Event]:
        return [event for event in self.parser.feed(data) if not isinstance(event, bytes)]


class HidesTruncation(Wrapped):
    def feed_eof(self) -> Iterable[Event]:
        try:
            return self.parser.feed_eof()
        except ParseError:
            return [EndOfMessage()]


class RaisesSomethingElse(Wrapped):
    def feed(self, data: bytes) -> Iterable[Event]:
        try:
            yield from self.parser.feed(data)
        except ParseError as fault:
            raise ValueError from fault


class ForgetsTheMethod(Wrapped):
    def __init__(self, request_method: str = "GET") -> None:
        super().__init__()


class SortsFields(Wrapped):
    def feed(self, data: bytes) -> Iterable[Event]:
        for event in self.parser.feed(data):
            if isinstance(event, ResponseHead):
                fields = tuple(sorted(event.raw_headers))
                yield ResponseHead(
                    event.status, event.reason, event.version, fields, keep_alive=event.keep_alive
                )
            else:
                yield event


@pytest.mark.parametrize(
    "bad", [LosesBody, HidesTruncation, RaisesSomethingElse, ForgetsTheMethod, SortsFields]
)
def test_a_bad_parser_is_told_what_it_gets_wrong(bad: type[Wrapped]) -> None:
    failures = check_response_parser(bad)
    assert failures
    assert all(isinstance(failure, str) for failure in failures)


def test_dialogues_join_neighbouring_pieces() -> None:
    wire = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\negg"
    dialogue = read_events(ResponseParser(limits=Limits()), [wire[:-2], wire[-2:-1], wire[-1:]], eof=True)
    assert dialogue.events[1:] == (b"egg", EndOfMessage())
    assert dialogue.fault is None
