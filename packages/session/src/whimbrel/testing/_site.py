"""`Site`: answers by URL, remembered requests, and clear words about a request that nobody expected."""

import re
from collections.abc import Sequence

from yarl import URL

from whimbrel.testing._answers import Answer, Handler, Reaction, react
from whimbrel.testing._received import ReceivedRequest

__all__ = ["Expected", "Place", "Site", "UnexpectedRequest"]

Place = str | URL | re.Pattern[str]


class UnexpectedRequest(AssertionError):
    """A request came that no rule of the site is for.

    Attributes:
        method: Its method.
        url: Its URL.
        expected: What the rules are for.
    """

    def __init__(self, method: str, url: str, expected: Sequence[str]) -> None:
        super().__init__(method, url, expected)
        self.method, self.url, self.expected = method, url, expected

    def __str__(self) -> str:
        known = "".join(f"\n  {rule}" for rule in self.expected) or " nothing"
        return f"unexpected request: {self.method} {self.url}\nthe site answers:{known}"


class Expected:
    """One rule of a site: what is answered where.

    Attributes:
        requests: The requests that it has answered, in order.
    """

    def __init__(self, method: str, place: Place, reactions: Sequence[Reaction | Handler]) -> None:
        self.requests: list[ReceivedRequest] = []
        self._method = method
        self._place = place if isinstance(place, re.Pattern) else URL(place)
        self._reactions = reactions or (Answer(),)

    def __str__(self) -> str:
        place = self._place.pattern if isinstance(self._place, re.Pattern) else str(self._place)
        return f"{self._method} {place}"

    def fits(self, request: ReceivedRequest) -> bool:
        """Tell whether the rule is for `request`."""
        if self._method not in ("*", request.method):
            return False
        if isinstance(self._place, re.Pattern):
            return self._place.fullmatch(str(request.url)) is not None
        return _is_at(request.url, self._place)

    def next_reaction(self, request: ReceivedRequest) -> Reaction | Handler:
        """Remember `request`, and return what it is answered with: each in turn, the last one ever after."""
        self.requests.append(request)
        return self._reactions[min(len(self.requests), len(self._reactions)) - 1]

    def assert_requested(self, times: int | None = None) -> None:
        """Check that there were requests, or exactly so many.

        Raises:
            AssertionError: There were not.
        """
        count = len(self.requests)
        if count == 0 if times is None else count != times:
            wanted = "at least once" if times is None else f"{times} times"
            raise AssertionError(f"{self} was to be requested {wanted}, and was {count} times")


class Site:
    """Answers requests by rules, the first that fits; it is a handler for a `MemoryConnector`.

    A place is a URL or a pattern that the whole URL must match. What a URL leaves out is not asked: a
    path alone fits every origin, a URL without a query fits with any.

    Attributes:
        requests: All requests, in order.
        unexpected: Those that no rule was for.
    """

    def __init__(self) -> None:
        self.requests: list[ReceivedRequest] = []
        self.unexpected: list[ReceivedRequest] = []
        self._rules: list[Expected] = []

    def on(self, method: str, place: Place, *reactions: Reaction | Handler) -> Expected:
        """Add a rule.

        Args:
            method: The method; "*" for any.
            place: Where.
            *reactions: What is answered: answers or functions, in turn, the last one ever after. None
                at all is an empty 200.
        """
        rule = Expected(method, place, reactions)
        self._rules.append(rule)
        return rule

    def get(self, place: Place, *reactions: Reaction | Handler) -> Expected:
        """Add a rule for GET; see `on`."""
        return self.on("GET", place, *reactions)

    def head(self, place: Place, *reactions: Reaction | Handler) -> Expected:
        """Add a rule for HEAD; see `on`."""
        return self.on("HEAD", place, *reactions)

    def post(self, place: Place, *reactions: Reaction | Handler) -> Expected:
        """Add a rule for POST; see `on`."""
        return self.on("POST", place, *reactions)

    def put(self, place: Place, *reactions: Reaction | Handler) -> Expected:
        """Add a rule for PUT; see `on`."""
        return self.on("PUT", place, *reactions)

    def patch(self, place: Place, *reactions: Reaction | Handler) -> Expected:
        """Add a rule for PATCH; see `on`."""
        return self.on("PATCH", place, *reactions)

    def delete(self, place: Place, *reactions: Reaction | Handler) -> Expected:
        """Add a rule for DELETE; see `on`."""
        return self.on("DELETE", place, *reactions)

    async def __call__(self, request: ReceivedRequest) -> Reaction:
        """Answer one request.

        Raises:
            UnexpectedRequest: No rule is for it.
        """
        self.requests.append(request)
        for rule in self._rules:
            if rule.fits(request):
                return await react(rule.next_reaction(request), request)
        self.unexpected.append(request)
        raise UnexpectedRequest(request.method, str(request.url), [str(rule) for rule in self._rules])

    def assert_as_expected(self) -> None:
        """Check that nothing unexpected came, and that each rule was of use.

        Raises:
            AssertionError: It is not so.
        """
        if self.unexpected:
            first = self.unexpected[0]
            raise UnexpectedRequest(first.method, str(first.url), [str(rule) for rule in self._rules])
        for rule in self._rules:
            rule.assert_requested()


def _is_at(url: URL, place: URL) -> bool:
    if place.absolute and (url.scheme, url.raw_host, url.port) != (place.scheme, place.raw_host, place.port):
        return False
    if place.raw_query_string and sorted(url.query.items()) != sorted(place.query.items()):
        return False
    return url.raw_path == (place.raw_path or "/")
