import asyncio
import builtins
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import whimbrel_multipart as wm
from whimbrel_multipart import BodyWriter, BytesPayload, Order, Payload, PayloadRegistry, StringPayload


class Nest:
    def __init__(self, eggs: int) -> None:
        self.eggs = eggs


class NestPayload(Payload):
    async def write(self, writer: BodyWriter) -> None:
        await writer.write(b"o" * self._value.eggs)


class LoudPayload(StringPayload):
    def __init__(self, value: str, **options: Any) -> None:
        super().__init__(value.upper(), **options)


async def generator() -> AsyncIterator[bytes]:
    yield b""


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (b"", wm.BytesPayload),
        (bytearray(), wm.BytesPayload),
        (memoryview(b""), wm.BytesPayload),
        ("", wm.StringPayload),
        (io.StringIO(), wm.StringIOPayload),
        (io.BytesIO(), wm.BytesIOPayload),
        (io.BufferedReader(io.BytesIO()), wm.BufferedReaderPayload),
        (io.TextIOWrapper(io.BytesIO()), wm.TextIOPayload),
        (generator(), wm.AsyncIterablePayload),
    ],
)
def test_every_documented_kind_has_a_payload(value: object, kind: type[Payload]) -> None:
    assert type(wm.get_payload(value)) is kind


def test_files_have_payloads(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    with (tmp_path / "f").open("rb", buffering=0) as raw, (tmp_path / "f").open() as text:
        assert type(wm.get_payload(raw)) is wm.IOBasePayload
        assert type(wm.get_payload(text)) is wm.TextIOPayload


async def test_streams_have_payloads() -> None:
    assert type(wm.get_payload(asyncio.StreamReader())) is wm.StreamReaderPayload


def test_a_payload_is_its_own() -> None:
    payload = BytesPayload(b"")
    assert wm.get_payload(payload) is payload


def test_options_reach_the_payload() -> None:
    payload = wm.get_payload("x", content_type="text/x", headers={"X-A": "b"})
    assert payload.content_type == "text/x"
    assert payload.headers["x-a"] == "b"


@pytest.mark.parametrize("value", [None, 5, object(), [b""], {"a": 1}])
def test_what_nobody_knows_is_refused(value: object) -> None:
    with pytest.raises(wm.LookupError, match=type(value).__name__) as caught:
        wm.get_payload(value)
    assert isinstance(caught.value, builtins.LookupError)


def test_a_class_of_your_own_is_registered() -> None:
    registry = PayloadRegistry()
    with pytest.raises(wm.LookupError):
        registry.get(Nest(4))
    registry.register(NestPayload, Nest)
    assert isinstance(registry.get(Nest(4)), NestPayload)


@pytest.mark.parametrize("value", [{}, [], ()])
@pytest.mark.parametrize("order", list(Order))
def test_a_type_that_was_unknown_can_be_registered(value: object, order: Order) -> None:
    registry = PayloadRegistry()
    for _ in range(2):
        with pytest.raises(wm.LookupError, match=type(value).__name__):
            registry.get(value)
    registry.register(lambda _: BytesPayload(b"known"), type(value), order=order)
    assert registry.get(value).in_memory() == b"known"


def test_a_subclass_of_a_registered_type_is_found() -> None:
    class BigNest(Nest):
        pass

    registry = PayloadRegistry()
    registry.register(NestPayload, Nest)
    assert isinstance(registry.get(BigNest(4)), NestPayload)


def test_the_order_decides() -> None:
    registry = PayloadRegistry()
    registry.register(BytesPayload, object, order=Order.try_last)
    registry.register(StringPayload, str)
    assert isinstance(registry.get("a"), StringPayload)
    registry.register(LoudPayload, str, order=Order.try_first)
    assert registry.get("a").in_memory() == b"A"
    assert isinstance(registry.get(b"a"), BytesPayload)


def test_a_later_registration_of_the_same_type_replaces_the_first() -> None:
    registry = PayloadRegistry()
    registry.register(StringPayload, str)
    registry.register(LoudPayload, str)
    assert registry.get("a").in_memory() == b"A"


def test_an_order_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="sometime"):
        PayloadRegistry().register(BytesPayload, bytes, order="sometime")  # type: ignore[arg-type] # the point


def test_the_decorator_registers() -> None:
    class Egg:
        pass

    @wm.payload_type(Egg)
    class EggPayload(Payload):
        async def write(self, writer: BodyWriter) -> None:
            await writer.write(b"o")

    assert isinstance(wm.get_payload(Egg()), EggPayload)
