"""`Signal`: a list of callbacks that are awaited one after another, until it is frozen for good."""

from collections.abc import Awaitable, Callable, Iterable, MutableSequence
from types import SimpleNamespace
from typing import Generic, TypeVar, overload

__all__ = ["Callback", "Signal"]

_Session = TypeVar("_Session")
_Params = TypeVar("_Params")
Callback = Callable[[_Session, SimpleNamespace, _Params], Awaitable[object]]


class Signal(MutableSequence[Callback[_Session, _Params]], Generic[_Session, _Params]):
    """Callbacks for one kind of event, told by sessions of one class, in the order in which they are called.

    Called with a function it appends it and returns it, so that it serves as a decorator.
    """

    __slots__ = ("_callbacks", "_frozen")

    def __init__(self) -> None:
        self._callbacks: list[Callback[_Session, _Params]] = []
        self._frozen = False

    @property
    def frozen(self) -> bool:
        """Whether nothing can be changed any more."""
        return self._frozen

    def freeze(self) -> None:
        """Refuse every later change with RuntimeError."""
        self._frozen = True

    async def send(self, session: _Session, context: SimpleNamespace, params: _Params) -> None:
        """Await every callback, one after another; the first that raises ends it."""
        for callback in self._callbacks:
            await callback(session, context, params)

    def __call__(self, callback: Callback[_Session, _Params]) -> Callback[_Session, _Params]:
        """Append `callback` and return it."""
        self.append(callback)
        return callback

    def __len__(self) -> int:
        return len(self._callbacks)

    @overload
    def __getitem__(self, index: int) -> Callback[_Session, _Params]: ...
    @overload
    def __getitem__(self, index: slice) -> list[Callback[_Session, _Params]]: ...
    def __getitem__(
        self, index: int | slice
    ) -> Callback[_Session, _Params] | list[Callback[_Session, _Params]]:
        """Return one callback, or several."""
        return self._callbacks[index]

    @overload
    def __setitem__(self, index: int, value: Callback[_Session, _Params]) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[Callback[_Session, _Params]]) -> None: ...
    def __setitem__(
        self, index: int | slice, value: Callback[_Session, _Params] | Iterable[Callback[_Session, _Params]]
    ) -> None:
        """Put others in their place."""
        self._check_open()
        if isinstance(index, slice):
            self._callbacks[index] = value if isinstance(value, Iterable) else (value,)
        elif isinstance(value, Iterable):
            msg = "one callback takes the place of one"
            raise TypeError(msg)
        else:
            self._callbacks[index] = value

    def __delitem__(self, index: int | slice) -> None:
        """Take callbacks out."""
        self._check_open()
        del self._callbacks[index]

    def insert(self, index: int, value: Callback[_Session, _Params]) -> None:
        """Put a callback before the one at `index`."""
        self._check_open()
        self._callbacks.insert(index, value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} frozen={self._frozen} {self._callbacks!r}>"

    def _check_open(self) -> None:
        if self._frozen:
            msg = "the signal is frozen: its session has begun"
            raise RuntimeError(msg)
