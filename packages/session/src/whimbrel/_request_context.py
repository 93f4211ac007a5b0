"""What a session's methods return: a coroutine that is an asynchronous context manager too."""

from collections.abc import Awaitable, Coroutine, Generator
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["RequestContext"]


class _Entered(Protocol):
    async def __aenter__(self) -> object:
        """Begin the block."""

    def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None, /
    ) -> Awaitable[object]:
        """Let go of it."""


_Result = TypeVar("_Result", bound=_Entered)


class RequestContext(Coroutine[Any, Any, _Result], Generic[_Result]):
    """One request that has not begun: await it, enter it, or make a task of it, once."""

    __slots__ = ("_coroutine", "_result")

    def __init__(self, coroutine: Coroutine[Any, Any, _Result]) -> None:
        self._coroutine = coroutine
        self._result: _Result | None = None

    def send(self, value: Any, /) -> Any:
        """Go on, as a coroutine does."""
        return self._coroutine.send(value)

    def throw(self, *fault: Any) -> Any:
        """Raise inside, as a coroutine does."""
        try:
            return self._coroutine.throw(*fault)
        finally:
            del fault  # its traceback will hold this frame

    def close(self) -> None:
        """End without having begun, or in the middle."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, _Result]:
        """Make the request and return its result, to be released by the caller."""
        return self._coroutine.__await__()

    def __iter__(self) -> Generator[object, object, _Result]:
        """Do as `__await__`: coroutines that are generators say `yield from` (`types.coroutine`)."""
        return self.__await__()

    async def __aenter__(self) -> _Result:
        """Make the request and return its result, to be released at the end of the block."""
        result = self._result = await self._coroutine
        await result.__aenter__()
        return result

    def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> Awaitable[object]:
        """Release the result."""
        if self._result is None:
            msg = "the request was not entered"
            raise RuntimeError(msg)
        return self._result.__aexit__(kind, fault, trace)
