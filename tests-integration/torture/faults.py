"""What can go wrong, and the counting of the places where it can."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from enum import Enum, auto
from typing import Any

__all__ = ["AT_AWAITS", "AT_CALLS", "AT_WRITES", "Fault", "Place", "Steps", "Torturer"]


class Fault(Enum):
    """What goes wrong at a place."""

    NOTHING = auto()
    CANCEL = auto()  # the task is cancelled while it waits
    LATE_CANCEL = auto()  # it is cancelled when what it waits for is done and it has not run since
    TIMEOUT = auto()  # time passes until the total limit is over
    SILENCE = auto()  # time passes until the limit on the peer's silence is over
    RESET = auto()  # every peer resets every connection
    CLOSE = auto()  # somebody closes the session
    SHORT_WRITE = auto()  # the system takes half of what is written, and the rest later
    BROKEN_WRITE = auto()  # the system takes half of what is written, and the peer resets


class Place(Enum):
    """Where a scene can be disturbed."""

    AWAIT = auto()
    CALL = auto()
    WRITE = auto()


AT_CALLS = (Fault.CANCEL, Fault.TIMEOUT, Fault.SILENCE, Fault.RESET, Fault.CLOSE)
AT_AWAITS = (*AT_CALLS, Fault.LATE_CANCEL)
AT_WRITES = (*AT_CALLS, Fault.SHORT_WRITE, Fault.BROKEN_WRITE)


class Torturer:
    """Counts the places of one run, and does what is to be done at one of them.

    Args:
        fault: What goes wrong.
        number: The place, counted from 0.
        effects: How TIMEOUT, SILENCE, RESET and CLOSE are brought about.

    Attributes:
        places: Those passed so far.
        victim: The task that was cancelled, if one was.
        main: The scene's first task.
        is_over: Whether the scene is: nothing more is counted, or goes wrong.
    """

    def __init__(self, fault: Fault, number: int, effects: dict[Fault, Callable[[], object]]) -> None:
        self.places: list[Place] = []
        self.victim: asyncio.Task[Any] | None = None
        self.main: asyncio.Task[Any] | None = None
        self.is_over = False
        self._fault = fault
        self._number = number
        self._effects = effects

    def suspended(self, task: "asyncio.Task[Any]", awaited: object) -> None:
        """A task is about to wait: one of the scene's own, or one of the client's."""
        if not self._is_here(Place.AWAIT):
            return
        if self._fault is Fault.LATE_CANCEL and isinstance(awaited, asyncio.Future):
            awaited.add_done_callback(lambda _: self._cancel(task))
        elif self._fault is Fault.LATE_CANCEL:
            asyncio.get_running_loop().call_soon(self._cancel, task)
        elif self._fault is Fault.CANCEL:
            self._cancel(task)
        else:
            self._strike()

    def called(self) -> None:
        """The client calls the system, or the system the client."""
        if self._is_here(Place.CALL):
            self._strike()

    def written(self) -> Fault:
        """The client writes; the answer is what becomes of it."""
        if not self._is_here(Place.WRITE):
            return Fault.NOTHING
        if self._fault is Fault.BROKEN_WRITE:
            self._effects[Fault.RESET]()
        elif self._fault is not Fault.SHORT_WRITE:
            self._strike()
            return Fault.NOTHING
        return self._fault

    def _is_here(self, place: Place) -> bool:
        if self.is_over:
            return False
        self.places.append(place)
        return len(self.places) == self._number + 1

    def _strike(self) -> None:
        if self._fault is Fault.CANCEL and self.main is not None:
            self._cancel(self.main)
        elif self._fault in self._effects:
            self._effects[self._fault]()

    def _cancel(self, task: "asyncio.Task[Any]") -> None:
        """Cancel it if it is the scene's, and the scene if it is the client's own."""
        chosen = task if task.get_name().startswith("scene") else self.main
        if not self.is_over and chosen is not None and chosen.cancel():
            self.victim = chosen


class Steps(Coroutine[Any, Any, Any]):
    """A coroutine whose every suspension is reported."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], torturer: Torturer) -> None:
        self._coroutine = coroutine
        self._torturer = torturer

    def __await__(self) -> Generator[Any, None, Any]:
        return self._coroutine.__await__()

    def send(self, value: Any) -> Any:
        return self._reported(self._coroutine.send(value))

    def throw(self, *fault: Any) -> Any:
        return self._reported(self._coroutine.throw(*fault))

    def close(self) -> None:
        self._coroutine.close()

    def _reported(self, awaited: object) -> object:
        task = asyncio.current_task()
        assert task is not None
        self._torturer.suspended(task, awaited)
        return awaited
