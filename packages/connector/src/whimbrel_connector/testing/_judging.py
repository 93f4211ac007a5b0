"""How a kit plays its rules: each within bounds, and with an eye on what is left behind."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

__all__ = ["RULE_SECONDS", "judge"]

RULE_SECONDS = 10.0


async def judge(rules: Mapping[str, Callable[[], Awaitable[list[str]]]]) -> list[str]:
    """Play each rule and return what was broken, a sentence each that begins with the rule's title.

    A rule has ten seconds. An exception, a task left behind and a complaint of the loop are failures too.
    """
    failures: list[str] = []
    with _complaints_of_the_loop() as complaints:
        for title, play in rules.items():
            failures += [f"{title}: {what}" for what in await _play(play)]
        gc.collect()  # what is forgotten is told of when it is collected
        await asyncio.sleep(0)
    return failures + [f"the loop says: {complaint}" for complaint in complaints]


async def _play(play: Callable[[], Awaitable[list[str]]]) -> list[str]:
    failures: list[str] = []
    before = asyncio.all_tasks()
    try:
        failures += await asyncio.wait_for(play(), RULE_SECONDS)
    except asyncio.TimeoutError:
        failures.append(f"takes longer than {RULE_SECONDS:g} s")
    except Exception as fault:  # noqa: BLE001  whatever a stranger's part raises is a finding
        failures.append(f"raises {type(fault).__name__}: {fault}")
    for _ in range(5):
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before
    for task in left:
        task.cancel()
    return [*failures, "leaves tasks behind"] if left else failures


@contextmanager
def _complaints_of_the_loop() -> Iterator[list[str]]:
    """Collect what the event loop would log."""
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    complaints: list[str] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))
    try:
        yield complaints
    finally:
        loop.set_exception_handler(handler)
