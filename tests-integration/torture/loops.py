"""Event loops on which time passes at a word, and what the client does is seen."""

import asyncio
import importlib.util
import socket
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from torture.faults import Steps, Torturer
from torture.transport import Ear, untortured

__all__ = ["IN_SCENE", "LOOPS", "TorturedLoop"]

IN_SCENE: ContextVar[bool] = ContextVar("IN_SCENE", default=False)  # and not in a server
_CLIENT = ("whimbrel", "aiohappyeyeballs")
_WATCHED = (*_CLIENT, "torture.transport")


class _Timer:
    """A timer of the client's."""

    def __init__(self, callback: Callable[..., object], arguments: tuple[Any, ...], when: float) -> None:
        self.callback, self.arguments, self.when = callback, arguments, when
        self.handle: asyncio.TimerHandle | None = None
        self.is_over = False

    def __call__(self) -> None:
        self.is_over = True
        self.callback(*self.arguments)

    def __repr__(self) -> str:
        return f"<timer for {self.callback!r}>"

    @property
    def is_pending(self) -> bool:
        return not self.is_over and self.handle is not None and not self.handle.cancelled()


class TorturedLoop(asyncio.AbstractEventLoop):
    """What both loops have in common; it stands before the loop's own class.

    Attributes:
        torturer: Who is told of what happens.
        sockets: Those that the client has connected, or begun to.
        timers: The client's.
    """

    torturer: Torturer | None = None
    sockets: list[socket.socket]
    timers: list[_Timer]
    passed = 0.0

    def begin(self, torturer: Torturer) -> None:
        """Report to `torturer` from now on."""
        self.torturer, self.sockets, self.timers = torturer, [], []

    def time(self) -> float:
        return super().time() + self.passed

    def jump(self, seconds: float) -> None:
        """Let time pass: what is due runs in the next turn."""
        self.passed += seconds
        now = self.time()
        for timer in sorted(self.timers, key=lambda timer: timer.when):
            if timer.is_pending and timer.when <= now:
                self.call_soon(self._run_due, timer)

    def _run_due(self, timer: _Timer) -> None:
        if timer.is_pending and timer.handle is not None:
            timer.handle.cancel()
            timer()

    # The signatures are the loops' own, whatever they are.

    def call_later(self, *args: Any, **options: Any) -> asyncio.TimerHandle:  # type: ignore[override]  # mypy asks for the very type variable
        delay, callback, *rest = args
        if self.torturer is None or not _belongs(callback, _WATCHED):
            return super().call_later(*args, **options)
        timer = _Timer(callback, tuple(rest), self.time() + delay)
        timer.handle = super().call_later(delay, timer, **options)
        self.timers.append(timer)
        return timer.handle

    def call_at(self, *args: Any, **options: Any) -> asyncio.TimerHandle:  # type: ignore[override]  # as above
        when, callback, *rest = args
        if self.torturer is None or not _belongs(callback, _WATCHED):
            return super().call_at(*args, **options)
        return self.call_later(when - self.time(), callback, *rest, **options)

    def create_task(self, *args: Any, **options: Any) -> "asyncio.Task[Any]":
        coroutine = args[0]
        module = _module_of(coroutine)
        if self.torturer is not None and module.startswith(("whimbrel", "torture.scenes")):
            name = "scene" if module == "torture.scenes" else "client"
            options.setdefault("name", f"{name}: {coroutine.__qualname__}")
            coroutine = Steps(coroutine, self.torturer)
        task: asyncio.Task[Any] = super().create_task(coroutine, **options)
        return task

    async def create_connection(self, *args: Any, **options: Any) -> Any:
        factory, *rest = args
        torturer = self.torturer
        if torturer is None or not _belongs(factory, _CLIENT):
            return await super().create_connection(*args, **options)
        torturer.called()
        ear = Ear(factory(), torturer)
        await super().create_connection(lambda: ear, *rest, **options)
        return ear.transport, ear.protocol

    async def start_tls(self, *args: Any, **options: Any) -> Any:
        transport, protocol, *rest = args
        torturer = self.torturer
        if torturer is None or untortured(transport) is transport:
            return await super().start_tls(*args, **options)
        torturer.called()
        ear = Ear(protocol, torturer)
        secured = await super().start_tls(untortured(transport), ear, *rest, **options)
        return None if secured is None else ear.wrap(secured)

    async def sock_connect(self, *args: Any) -> None:
        sock = args[0]
        if self.torturer is not None and IN_SCENE.get() and sock not in self.sockets:
            self.sockets.append(sock)
            self.torturer.called()
        await super().sock_connect(*args)


def _module_of(coroutine: object) -> str:
    frame = getattr(coroutine, "cr_frame", None)
    return str(frame.f_globals.get("__name__", "")) if frame is not None else ""


def _belongs(callback: object, modules: tuple[str, ...]) -> bool:
    function = getattr(callback, "func", callback)
    return str(getattr(function, "__module__", "")).startswith(modules)


class _AsyncioLoop(TorturedLoop, asyncio.SelectorEventLoop):  # type: ignore[misc]  # as above
    pass


LOOPS: dict[str, Callable[[], TorturedLoop]] = {"asyncio": _AsyncioLoop}

if importlib.util.find_spec("uvloop") is not None:
    import uvloop

    class _Uvloop(TorturedLoop, uvloop.Loop):  # type: ignore[misc]  # uvloop's class says too little of itself
        pass

    LOOPS["uvloop"] = _Uvloop
