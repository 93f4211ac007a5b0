"""Errors: one family, with facts that survive pickling."""

import asyncio
import pickle

import pytest

import whimbrel_websocket
from whimbrel_websocket import (
    ConnectionClosed,
    HandshakeError,
    HandshakeTimeout,
    HeartbeatTimeout,
    MessageTypeError,
    NotAllowed,
    WebSocketError,
    WebSocketFault,
)
from whimbrel_websocket.errors import excerpt

EXAMPLES: list[tuple[WebSocketFault, str]] = [
    (ConnectionClosed("cannot send"), "cannot send"),
    (MessageTypeError("not TEXT"), "not TEXT"),
    (NotAllowed("too long", rule="RFC 6455 5.5"), "too long (RFC 6455 5.5)"),
    (NotAllowed("no host"), "no host"),
    (WebSocketError(1002, "masked", rule="RFC 6455 5.1"), "masked (RFC 6455 5.1)"),
    (WebSocketError(1009, "too big", limit=5), "too big"),
    (
        HandshakeError(
            "wrong",
            status=101,
            header="Upgrade",
            expected="websocket",
            got="'h2c'",
            headers=[(b"Upgrade", b"h2c")],
        ),
        "wrong (status 101, field Upgrade, expected websocket, got 'h2c')",
    ),
    (HandshakeTimeout("late", seconds=3.0), "late"),
    (HeartbeatTimeout("silent", seconds=2.5), "silent"),
]
IDS = [type(example).__name__ for example, _ in EXAMPLES]


@pytest.mark.parametrize(("example", "sentence"), EXAMPLES, ids=IDS)
def test_an_error_says_what_and_pickles_with_its_facts(example: WebSocketFault, sentence: str) -> None:
    copy = pickle.loads(pickle.dumps(example))
    assert type(copy) is type(example)
    assert str(example) == str(copy) == sentence
    assert vars(copy) == vars(example)


def test_every_public_error_has_the_same_root() -> None:
    public = [getattr(whimbrel_websocket, name) for name in whimbrel_websocket.__all__]
    errors = [item for item in public if isinstance(item, type) and issubclass(item, BaseException)]
    assert len(errors) > 8
    assert all(issubclass(error, WebSocketFault) for error in errors)


def test_errors_are_what_programs_for_aiohttp_catch() -> None:
    assert issubclass(ConnectionClosed, ConnectionResetError)
    assert issubclass(MessageTypeError, TypeError)
    assert issubclass(HeartbeatTimeout, asyncio.TimeoutError)
    assert issubclass(HandshakeTimeout, asyncio.TimeoutError)
    assert WebSocketError(1002, "what").args == (1002, "what")


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", "''"),
        (b"a\r\n\xff", r"'a\r\n\xff'"),
        (b"x" * 100, f"'{'x' * 100}'"),
        (b"x" * 101, f"'{'x' * 100}' and 1 bytes more"),
    ],
)
def test_what_a_peer_sent_is_shown_short_and_escaped(data: bytes, shown: str) -> None:
    assert excerpt(data) == shown
