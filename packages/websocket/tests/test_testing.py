"""The conformance kit: it trusts the default, and finds what is broken on purpose."""

from typing import Any

import pytest

from whimbrel_websocket import Agreement, WebSocket, WSMessage
from whimbrel_websocket.testing import ClientFrame, ServerSide, _kit, check_websocket


async def test_the_default_passes() -> None:
    assert await check_websocket(WebSocket) == []


class NeverPongs(WebSocket):
    def __init__(self, agreement: Agreement, **options: Any) -> None:
        super().__init__(agreement, autoping=False, **options)


class NoLimit(WebSocket):
    def __init__(self, agreement: Agreement, *, max_msg_size: int) -> None:
        super().__init__(agreement, max_msg_size=0)


class NoBackPressure(WebSocket):
    def _pause_reading(self) -> None:
        pass

    def pause_writing(self) -> None:
        pass


class AnyoneReceives(WebSocket):
    async def receive(self, timeout: float | None = None) -> WSMessage:
        self._is_receiving = False
        return await super().receive(timeout)


class Raises(WebSocket):
    async def send_str(self, data: str, compress: int | None = None) -> None:
        raise KeyError(data)


@pytest.mark.parametrize(
    ("broken", "scene"),
    [
        (NeverPongs, "fragments are joined around a ping"),
        (NoLimit, "broken rules are answered"),
        (NoLimit, "compression is bounded"),
        (NoBackPressure, "unread messages stop the reading"),
        (NoBackPressure, "pings do not pile up"),
        (NoBackPressure, "many tasks send"),
        (AnyoneReceives, "one task receives"),
        (Raises, "data goes both ways"),
    ],
)
async def test_what_is_broken_is_found(
    broken: type[WebSocket], scene: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_kit, "_SCENE_SECONDS", 0.05)
    findings = await check_websocket(broken)
    assert scene in [finding.scene for finding in findings]
    assert all(finding.what for finding in findings)


def test_the_server_side_reads_what_it_writes() -> None:
    wire = ServerSide.frame(1, b"x" * 300, key=b"abcd", is_final=False, reserved=5)
    server = ServerSide()
    assert [server.feed(bytes((octet,))) for octet in wire[:-1]] == [[]] * (len(wire) - 1)
    assert server.feed(wire[-1:]) == [ClientFrame(1, b"x" * 300, b"abcd", is_final=False, reserved=5)]
