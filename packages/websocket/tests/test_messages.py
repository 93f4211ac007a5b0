"""Messages: aiohttp's names and numbers."""

import pytest

from whimbrel_websocket import WSCloseCode, WSMessage, WSMsgType
from whimbrel_websocket.messages import weight


def test_types_are_opcodes_and_states() -> None:
    assert [(kind.name, kind.value) for kind in WSMsgType] == [
        ("CONTINUATION", 0),
        ("TEXT", 1),
        ("BINARY", 2),
        ("CLOSE", 8),
        ("PING", 9),
        ("PONG", 10),
        ("CLOSING", 0x100),
        ("CLOSED", 0x101),
        ("ERROR", 0x102),
    ]


@pytest.mark.parametrize("name", ["text", "binary", "ping", "pong", "close", "closing", "closed", "error"])
def test_lower_case_names_are_the_same_members(name: str) -> None:
    assert getattr(WSMsgType, name) is WSMsgType[name.upper()]


def test_a_message_is_a_triple() -> None:
    """S249."""
    kind, data, extra = WSMessage(WSMsgType.TEXT, '{"a": 1}', "")
    assert (kind, data, extra) == (1, '{"a": 1}', "")


def test_a_message_is_read_as_json() -> None:
    message = WSMessage(WSMsgType.TEXT, "[1]", "")
    assert message.json() == [1]
    assert message.json(loads=len) == 3


def test_small_messages_are_not_free() -> None:
    assert weight(WSMessage(WSMsgType.TEXT, "", "")) == weight(WSMessage(WSMsgType.CLOSED, None, None)) == 128
    assert weight(WSMessage(WSMsgType.BINARY, bytes(10), "")) == 138


def test_the_enums_are_aiohttps() -> None:
    aiohttp = pytest.importorskip("aiohttp", reason="aiohttp is the oracle for names and numbers")
    for ours, theirs in ((WSMsgType, aiohttp.WSMsgType), (WSCloseCode, aiohttp.WSCloseCode)):
        assert {n: int(m) for n, m in ours.__members__.items()} == {
            n: int(m) for n, m in theirs.__members__.items()
        }
    assert WSMessage._fields == aiohttp.WSMessage._fields
