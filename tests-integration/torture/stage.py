"""What a scene plays with: a session, a site, and a number for each request."""

import itertools
from dataclasses import dataclass, field

import whimbrel
from torture.site import Site
from whimbrel import ClientSession

__all__ = ["ForeignAnswer", "Stage"]

_NUMBERS = itertools.count(100_000)


class ForeignAnswer(AssertionError):
    """A request was given what is no answer to it."""


@dataclass
class Stage:
    """The means of one run.

    Attributes:
        session: The session under torture.
        site: What answers.
        url: Where it is, without a slash at the end.
    """

    session: ClientSession
    site: Site
    url: str
    _kept: list[object] = field(default_factory=list)

    def target(self, route: str) -> tuple[str, str]:
        """Return a URL for a new request, and its number."""
        number = str(next(_NUMBERS))
        return f"{self.url}/{route}/{number}", number

    async def get(self, route: str, method: str = "GET", **options: object) -> None:
        """Make a request and read its answer, which must be its own."""
        url, number = self.target(route)
        async with self.session.request(method, url, **options) as response:  # type: ignore[arg-type]  # as the scene says
            await self.check(response, number, "" if method == "HEAD" or route == "empty" else number)

    async def check(self, response: whimbrel.ClientResponse, number: str, body: str) -> None:
        """Read the answer."""
        text = await response.text()
        own = response.headers.get("X-Number", number)
        if own != number or not text.startswith(body):
            raise ForeignAnswer(f"{number} was given {own} with {text[:50]!r}")
        if response.status >= 500:
            raise ForeignAnswer(f"{number} was given {response.status}")
