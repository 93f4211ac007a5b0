"""The lifespan of an ASGI application: started before the first request, stopped after the last."""

import asyncio
from collections.abc import MutableMapping

from whimbrel.testing._asgi_messages import AsgiApplication, Message, Scope, text_in

__all__ = ["Lifespan", "LifespanFailed"]

_STOP_SECONDS = 5.0


class LifespanFailed(RuntimeError):
    """The application did not start, or did not stop, in order.

    Attributes:
        phase: "startup" or "shutdown".
        message: What it said.
    """

    def __init__(self, phase: str, message: str) -> None:
        super().__init__(phase, message)
        self.phase, self.message = phase, message

    def __str__(self) -> str:
        return f"the application's {self.phase} failed: {self.message or 'it did not say why'}"


class Lifespan:
    """Runs the lifespan of `app` in a task of its own.

    Args:
        app: The application.
        insists: Whether an application that knows no lifespan is an error.

    Attributes:
        state: What the application keeps for its requests.
    """

    def __init__(self, app: AsgiApplication, *, insists: bool) -> None:
        self.state: MutableMapping[str, object] = {}
        self._app = app
        self._insists = insists
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answered: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the application, and return when it is ready.

        Raises:
            LifespanFailed: It said that it cannot; or it knows no lifespan, and must.
        """
        asgi = {"version": "3.0", "spec_version": "2.0"}
        scope: Scope = {"type": "lifespan", "asgi": asgi, "state": self.state}
        self._task = asyncio.get_running_loop().create_task(self._run(scope))
        try:
            await self._ask("startup", self._task)
        except LifespanFailed as fault:
            said = not self._task.done() or fault.__cause__ is None
            self._task.cancel()
            if said or self._insists:
                raise
            self._task = None  # it raised at once: it knows no lifespan, and need not

    async def stop(self) -> None:
        """Let the application clean up.

        Raises:
            LifespanFailed: It said that it could not, or raised.
        """
        task, self._task = self._task, None
        if task is None or task.done():
            return
        try:
            await self._ask("shutdown", task)
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _run(self, scope: Scope) -> None:
        await self._app(scope, self._inbox.get, self._hear)

    async def _ask(self, phase: str, task: "asyncio.Task[None]") -> None:
        answered = self._answered = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait({"type": f"lifespan.{phase}"})
        await asyncio.wait({task, answered}, return_when=asyncio.FIRST_COMPLETED)
        if answered.done():
            answered.result()
            return
        fault = None if task.cancelled() else task.exception()
        raise LifespanFailed(phase, "it returned" if fault is None else repr(fault)) from fault

    async def _hear(self, message: Message) -> None:
        kind = text_in(message, "type")
        _, _, rest = kind.partition("lifespan.")
        phase, _, outcome = rest.partition(".")
        answered = self._answered
        if answered is None or outcome not in ("complete", "failed"):
            msg = f"not a message of the lifespan: {kind!r}"
            raise RuntimeError(msg)
        if answered.done():
            return
        if outcome == "complete":
            answered.set_result(None)
        else:
            answered.set_exception(LifespanFailed(phase, text_in(message, "message")))
