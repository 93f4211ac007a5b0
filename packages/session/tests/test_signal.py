"""The list of callbacks."""

from types import SimpleNamespace

import pytest

from whimbrel import ClientSession
from whimbrel._signal import Signal

heard: list[str] = []


async def one(_session: ClientSession, _context: SimpleNamespace, params: str) -> None:
    heard.append("one " + params)


async def two(_session: ClientSession, _context: SimpleNamespace, params: str) -> None:
    heard.append("two " + params)


async def test_callbacks_are_awaited_in_order() -> None:
    heard.clear()
    signal: Signal[ClientSession, str] = Signal()
    signal.append(two)
    signal.insert(0, one)
    async with ClientSession() as session:
        await signal.send(session, SimpleNamespace(), "x")
    assert heard == ["one x", "two x"]
    assert (len(signal), signal[0], signal[:]) == (2, one, [one, two])


def test_it_is_a_decorator_that_leaves_the_function_as_it_is() -> None:
    signal: Signal[ClientSession, str] = Signal()
    assert signal(one) is one
    assert one in signal


def test_a_frozen_signal_refuses_every_change() -> None:
    signal: Signal[ClientSession, str] = Signal()
    signal.append(one)
    signal[0] = two
    signal.freeze()
    assert signal.frozen
    with pytest.raises(RuntimeError, match="frozen"):
        signal.append(one)
    with pytest.raises(RuntimeError, match="frozen"):
        signal[0] = one
    with pytest.raises(RuntimeError, match="frozen"):
        signal.remove(two)
    assert list(signal) == [two]
