"""The timers that aiohttp hands to its responses and streams; whimbrel's deadlines need none of them."""

from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["BaseTimerContext", "TimerNoop"]


class BaseTimerContext:
    """A block of code that a timer may end; here it never does."""

    def assert_timeout(self) -> None:
        """Raise if the time is over: it never is."""

    def __enter__(self) -> "Self":
        """Return the timer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let everything pass."""


class TimerNoop(BaseTimerContext):
    """aiohttp's timer without a limit."""
