"""Errors carry their facts, pickle, and show little of the peer."""

from __future__ import annotations

import pickle

import pytest

from whimbrel_http1 import (
    BodyLengthMismatch,
    ContentDecodingError,
    FeedAfterEnd,
    Http1Error,
    InvalidHead,
    LocalError,
    MalformedMessage,
    MessageTooLarge,
    ParseError,
    ResponseParser,
    TruncatedMessage,
    UnsupportedCoding,
)

REMOTE: list[Http1Error] = [
    MalformedMessage("something is wrong", 7, "RFC 9112 section 5", b"\x1b[31m" * 50),
    MessageTooLarge("head_bytes", 10),
    TruncatedMessage(3, 5),
    TruncatedMessage(3, None, "head"),
    ContentDecodingError("gzip" * 100, "corrupt"),
]
LOCAL: list[Http1Error] = [
    InvalidHead("headers", "a name is a token", "\x1b\r\n" * 100),
    BodyLengthMismatch(3, 4),
    FeedAfterEnd("the connection has ended"),
    UnsupportedCoding("compress" * 100),
]


@pytest.mark.parametrize("error", REMOTE + LOCAL, ids=lambda error: type(error).__name__)
def test_errors_pickle_with_their_facts(error: Http1Error) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == str(error)


@pytest.mark.parametrize("error", REMOTE + LOCAL, ids=lambda error: type(error).__name__)
def test_errors_show_no_raw_bytes_of_the_peer(error: Http1Error) -> None:
    assert str(error).isprintable()
    assert str(error).isascii()
    assert len(str(error)) < 600


def test_remote_and_local_errors_have_one_root_each() -> None:
    assert all(isinstance(error, ParseError) for error in REMOTE)
    assert all(isinstance(error, LocalError) for error in LOCAL)
    assert not issubclass(ParseError, LocalError)


def test_a_hostile_head_is_shown_escaped_and_clipped() -> None:
    with pytest.raises(MalformedMessage) as refused:
        ResponseParser().feed(b"HTTP/1.1 200 " + b"\xff" * 5000 + b"\x1b[31m\r\n\r\n")
    assert len(refused.value.excerpt) == 100
    assert "\\x1b" in str(refused.value)
    assert refused.value.offset == 5013
