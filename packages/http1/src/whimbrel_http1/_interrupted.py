"""Events that a fault followed."""

from __future__ import annotations

from whimbrel_http1._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whimbrel_http1.errors import ParseError
    from whimbrel_http1.events import Event

__all__ = ["InterruptedEvents"]


class InterruptedEvents(list["Event"]):
    """The events before a fault: iterating yields them and then raises it.

    Length and indexing see the events alone.

    Attributes:
        fault: What iterating raises after the last event.
    """

    def __init__(self, events: list[Event], fault: ParseError) -> None:
        super().__init__(events)
        self.fault = fault

    def __iter__(self) -> Iterator[Event]:
        yield from super().__iter__()
        raise self.fault.with_traceback(None)
