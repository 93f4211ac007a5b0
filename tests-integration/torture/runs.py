"""One scene, once for each place and each thing that can go wrong there; and what must hold after each.

Whatever happens: every answer is the one to its request, nothing that must not be is executed twice,
a cancellation arrives, an error is a documented one, the pool serves the next request, and after the
session's end no task, connection or timer is left.
"""

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

from peers.proxy import RecordingProxy
from peers.scripted import ScriptedServer

from torture.faults import AT_AWAITS, AT_CALLS, AT_WRITES, Fault, Place, Torturer
from torture.loops import IN_SCENE, TorturedLoop
from torture.scenes import Means, Scene
from torture.site import Site
from torture.stage import ForeignAnswer, Stage
from whimbrel import ClientError, ClientSession, ClientTimeout

__all__ = ["Ground", "torture"]

LIMITS = ClientTimeout(total=5000, sock_read=1000)
TOO_LONG = {Fault.TIMEOUT: 10_000.0, Fault.SILENCE: 2_000.0}
HANG_SECONDS = 60.0
_FAULTS = {Place.AWAIT: AT_AWAITS, Place.CALL: AT_CALLS, Place.WRITE: AT_WRITES}
_HARMLESS = (Fault.NOTHING, Fault.SHORT_WRITE)


@dataclass
class Ground:
    """Where a scene is played again and again."""

    loop: TorturedLoop
    scene: Scene
    means: Means
    site: Site
    servers: list[ScriptedServer | RecordingProxy]
    url: str
    proxy: str | None
    complaints: list[str]


def torture(scene: Scene, loop: TorturedLoop, means: Means, server_context: object) -> dict[str, int]:
    """Play the scene undisturbed, and then once for each place and fault.

    Returns:
        How many runs there were of each kind of fault.

    Raises:
        AssertionError: Something did not hold; the text says where.
    """
    main = loop.create_task(_torture(scene, loop, means, server_context))
    hang = threading.Timer(HANG_SECONDS, lambda: loop.call_soon_threadsafe(main.cancel))
    hang.start()
    try:
        return loop.run_until_complete(main)
    finally:
        hang.cancel()


async def _torture(scene: Scene, loop: TorturedLoop, means: Means, server_context: object) -> dict[str, int]:
    counts: dict[str, int] = {}
    async with AsyncExitStack() as stack:
        ground = await _prepare(stack, scene, loop, means, server_context)
        IN_SCENE.set(True)
        places = (await _run(ground, Fault.NOTHING, 0)).places
        for fault, number in _plan(places):
            try:
                await _run(ground, fault, number)
            except BaseException as failure:
                where = f"{fault.name} at place {number} of {len(places)} ({places[number].name})"
                raise AssertionError(f"{where}: {failure!r}") from failure
            counts[fault.name] = counts.get(fault.name, 0) + 1
        gc.collect()  # what was never awaited or retrieved is complained of when it goes
        assert not ground.complaints, ground.complaints
    return counts


def _plan(places: list[Place]) -> Iterator[tuple[Fault, int]]:
    for number, place in enumerate(places):
        for fault in _FAULTS[place]:
            yield fault, number


async def _prepare(
    stack: AsyncExitStack, scene: Scene, loop: TorturedLoop, means: Means, server_context: object
) -> Ground:
    site, complaints = Site(), list[str]()
    server = ScriptedServer(
        site.script,
        ssl=server_context if scene.tls else None,  # type: ignore[arg-type]  # an SSLContext
        path=means.path if scene.unix else None,
    )
    await stack.enter_async_context(server)
    servers: list[ScriptedServer | RecordingProxy] = [server]
    proxy = None
    if scene.proxy:
        servers.append(await stack.enter_async_context(RecordingProxy()))
        proxy = servers[-1].url
    loop.set_exception_handler(lambda _loop, context: complaints.append(str(context)))
    url = "http://shore.example" if scene.unix else server.url.rstrip("/")
    return Ground(loop, scene, means, site, servers, url, proxy, complaints)


async def _run(ground: Ground, fault: Fault, number: int) -> Torturer:
    """Play the scene once, and see that everything holds."""
    loop = ground.loop
    session = ClientSession(
        connector=ground.scene.connector(ground.means),
        timeout=LIMITS,
        proxy=ground.proxy,
        cookies={"tide": "low"},
    )
    closing: list[asyncio.Future[None]] = []
    torturer = Torturer(fault, number, _effects(ground, session, closing))
    loop.begin(torturer)
    stage = Stage(session, ground.site, ground.url)
    main = loop.create_task(ground.scene.play(stage))
    torturer.main = main
    try:
        await asyncio.wait([main])
        torturer.is_over = True
        await asyncio.sleep(0)  # whoever closes the session at the last place begins now
        for each in closing:
            await each
        _judge(main, torturer, fault, session)
        del main
        if not session.closed:
            await stage.get("plain")
    finally:
        await session.close()
    await _see_nothing_left(ground)
    return torturer


def _effects(
    ground: Ground, session: ClientSession, closing: "list[asyncio.Future[None]]"
) -> dict[Fault, Callable[[], object]]:
    loop = ground.loop

    def close() -> None:
        closing.append(asyncio.ensure_future(_closed(session)))

    def reset() -> None:
        for server in ground.servers:
            server.reset()

    return {
        Fault.TIMEOUT: lambda: loop.jump(TOO_LONG[Fault.TIMEOUT]),
        Fault.SILENCE: lambda: loop.jump(TOO_LONG[Fault.SILENCE]),
        Fault.RESET: reset,
        Fault.CLOSE: lambda: loop.call_soon(close),
    }


async def _closed(session: ClientSession) -> None:
    await session.close()


def _judge(main: "asyncio.Task[None]", torturer: Torturer, fault: Fault, session: ClientSession) -> None:
    """See that the outcome is one that the fault explains."""
    victim = torturer.victim
    if victim is not None:
        assert victim.cancelled(), f"a cancellation was lost: {victim!r}"
    if main.cancelled():
        assert victim is not None, "cancelled by nobody"
        return
    outcome = main.exception()
    if outcome is None:
        return
    if isinstance(outcome, ForeignAnswer):
        raise outcome
    assert fault not in _HARMLESS or session.closed, f"failed for no reason: {outcome!r}"
    closed = isinstance(outcome, RuntimeError) and session.closed and "closed" in str(outcome)
    documented = isinstance(outcome, (ClientError, asyncio.TimeoutError))
    assert documented or closed, f"not a documented error: {outcome!r}"


async def _see_nothing_left(ground: Ground) -> None:
    left = {task for task in asyncio.all_tasks() if task.get_name().startswith(("scene", "client"))}
    assert not left, f"tasks are left: {left}"
    sockets = [each for each in ground.loop.sockets if each.fileno() != -1]
    assert not sockets, f"sockets are left: {sockets}"
    timers = [timer for timer in ground.loop.timers if timer.is_pending]
    assert not timers, f"timers are left: {timers}"
    twice = {number for number in ground.site.executed if ground.site.executed.count(number) > 1}
    assert not twice, f"executed twice: {twice}"
    ground.site.executed.clear()
    assert not ground.complaints, ground.complaints
    for server in ground.servers:
        await server.until_idle()
