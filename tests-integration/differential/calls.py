"""What scenes call, in the fewest words."""

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

from yarl import URL

from differential.stage import Stage

__all__ = ["Play", "asking", "get", "many", "post"]

Play = Callable[[Stage], Awaitable[object]]


def asking(
    method: str,
    url: str | URL = "/",
    made: Callable[[ModuleType], dict[str, Any]] | None = None,
    **options: Any,
) -> Play:
    """Return a play that makes one request; `made` builds options from the client's own classes."""

    async def play(stage: Stage) -> None:
        own = {} if made is None else made(stage.lib)
        await stage.fetch(method, url, **options, **own)

    return play


def get(
    url: str | URL = "/", made: Callable[[ModuleType], dict[str, Any]] | None = None, **options: Any
) -> Play:
    """Return a play that makes one GET request."""
    return asking("GET", url, made, **options)


def post(
    url: str | URL = "/", made: Callable[[ModuleType], dict[str, Any]] | None = None, **options: Any
) -> Play:
    """Return a play that makes one POST request."""
    return asking("POST", url, made, **options)


def many(*plays: Play) -> Play:
    """Return a play of several, one after another."""

    async def play(stage: Stage) -> None:
        for each in plays:
            await each(stage)

    return play
