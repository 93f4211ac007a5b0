"""From any value to the payload that sends it.

`PAYLOAD_REGISTRY` knows the built-in kinds; a class of your own joins them with `register_payload` or
`@payload_type(...)`, or is passed as it is: a `Payload` is its own payload.
"""

import asyncio
import io
from collections.abc import AsyncIterable, Callable
from enum import Enum
from typing import Any, TypeVar

from whimbrel_multipart.errors import LookupError  # noqa: A004 - aiohttp's documented name
from whimbrel_multipart.files import (
    FILE_TYPES,
    BufferedReaderPayload,
    BytesIOPayload,
    IOBasePayload,
    TextIOPayload,
)
from whimbrel_multipart.memory import BytesPayload, StringIOPayload, StringPayload
from whimbrel_multipart.payload import Payload
from whimbrel_multipart.streams import AnyReader, AsyncIterablePayload, StreamReaderPayload

__all__ = [
    "PAYLOAD_REGISTRY",
    "Order",
    "PayloadFactory",
    "PayloadRegistry",
    "get_payload",
    "payload_type",
    "register_payload",
]

PayloadFactory = Callable[..., Payload]
_Factory = TypeVar("_Factory", bound=PayloadFactory)
_Entry = tuple[PayloadFactory, tuple[type, ...]]
# Their instances have no attributes of their own: what is found for one is found for all.
_ALL_ALIKE = frozenset({dict, list, tuple})


class Order(str, Enum):
    """When a registered type is tried."""

    normal = "normal"
    try_first = "try_first"
    try_last = "try_last"


class PayloadRegistry:
    """Finds the payload class for a value by its type."""

    def __init__(self) -> None:
        self._entries: dict[Order, list[_Entry]] = {order: [] for order in Order}
        self._exact: dict[type, PayloadFactory] = {}
        self._unknown: set[type] = set()

    def get(self, data: Any, *args: Any, **kwargs: Any) -> Payload:
        """Return the payload for `data`.

        Types registered as `Order.try_first` come first, then the exact type, then a `Payload` as it is,
        then the first type registered of which `data` is an instance, and `Order.try_last` at the end.

        Args:
            data: The value.
            *args: Passed to the payload class.
            **kwargs: Passed to the payload class.

        Raises:
            LookupError: No registered type fits.
        """
        kind = type(data)
        if kind in self._unknown:
            raise LookupError(_name_of(kind))
        for factory, types in self._entries[Order.try_first]:
            if isinstance(data, types):
                return factory(data, *args, **kwargs)
        exact = self._exact.get(kind)
        if exact is not None:
            return exact(data, *args, **kwargs)
        if isinstance(data, Payload):
            return data
        for order in (Order.normal, Order.try_last):
            for factory, types in self._entries[order]:
                if isinstance(data, types):
                    return factory(data, *args, **kwargs)
        if kind in _ALL_ALIKE:
            self._unknown.add(kind)
        raise LookupError(_name_of(kind))

    def register(
        self,
        factory: PayloadFactory,
        type: type | tuple[type, ...],  # noqa: A002 - aiohttp's documented name
        *,
        order: Order = Order.normal,
    ) -> None:
        """Let `factory` make the payloads of values of `type`.

        Args:
            factory: A payload class, or a function that returns a payload.
            type: One type, or several.
            order: When it is tried. A normal entry replaces an earlier one of exactly the same type.

        Raises:
            ValueError: There is no such order.
        """
        types = type if isinstance(type, tuple) else (type,)
        self._entries[Order(order)].append((factory, types))
        self._unknown.clear()
        if order is Order.normal:
            self._exact.update(dict.fromkeys(types, factory))


def _name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


PAYLOAD_REGISTRY = PayloadRegistry()


def get_payload(data: Any, *args: Any, **kwargs: Any) -> Payload:
    """Return the payload for `data` from `PAYLOAD_REGISTRY`; see `PayloadRegistry.get`."""
    return PAYLOAD_REGISTRY.get(data, *args, **kwargs)


def register_payload(
    factory: PayloadFactory,
    type: type | tuple[type, ...],  # noqa: A002 - aiohttp's documented name
    *,
    order: Order = Order.normal,
) -> None:
    """Register with `PAYLOAD_REGISTRY`; see `PayloadRegistry.register`."""
    PAYLOAD_REGISTRY.register(factory, type, order=order)


class payload_type:  # noqa: N801 - aiohttp's documented name
    """A class decorator that registers a payload class with `PAYLOAD_REGISTRY`.

    Args:
        type: The type of values, or several.
        order: When it is tried.
    """

    def __init__(
        self,
        type: type | tuple[type, ...],  # noqa: A002 - aiohttp's documented name
        *,
        order: Order = Order.normal,
    ) -> None:
        self.type = type
        self.order = order

    def __call__(self, factory: _Factory) -> _Factory:
        """Register `factory`, and return it as it is."""
        register_payload(factory, self.type, order=self.order)
        return factory


register_payload(BytesPayload, (bytes, bytearray, memoryview))
register_payload(StringPayload, str)
register_payload(StringIOPayload, io.StringIO)
register_payload(TextIOPayload, io.TextIOBase)
register_payload(BytesIOPayload, io.BytesIO)
register_payload(BufferedReaderPayload, (io.BufferedReader, io.BufferedRandom))
register_payload(IOBasePayload, FILE_TYPES)
register_payload(StreamReaderPayload, (asyncio.StreamReader, AnyReader))
# Last, so that a more particular kind of asynchronous iterable can have a class of its own.
register_payload(AsyncIterablePayload, AsyncIterable, order=Order.try_last)
