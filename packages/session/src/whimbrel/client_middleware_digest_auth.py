"""`DigestAuthMiddleware`: answers Digest challenges (RFC 7616) of one origin, and of whom it vouches for."""

import secrets
from typing import NamedTuple

from yarl import URL

from whimbrel._digest import Challenge, UnusableChallenge, credentials, read_challenge
from whimbrel._urls import HTTP_SCHEMES, request_target
from whimbrel.client import ClientHandlerType, ClientRequest
from whimbrel.errors import ClientError
from whimbrel.response import ClientResponse

__all__ = ["DigestAuthMiddleware"]

_MOST_PLACES = 32


class _Place(NamedTuple):
    """An origin, and where on it the credentials are wanted."""

    origin: URL
    path: str

    def holds(self, url: URL) -> bool:
        """Tell whether `url` lies in it; `/a` holds `/a/b` but not `/ab`."""
        if url.origin() != self.origin:
            return False
        path, prefix = url.raw_path, self.path
        return path == prefix or path.startswith(prefix if prefix.endswith("/") else prefix + "/")


class _Answering:
    """A challenge that is being answered: one nonce, its counter, and the client's own value."""

    __slots__ = ("challenge", "cnonce", "count")

    def __init__(self, challenge: Challenge) -> None:
        self.challenge = challenge
        self.cnonce = secrets.token_hex(16)
        self.count = 0


class DigestAuthMiddleware:
    """Digest authentication for `ClientSession(middlewares=)` or one request.

    It belongs to the origin of the first request that passes through it. Requests to others, such as
    those that redirects make, pass untouched and their challenges are not answered, unless that
    first origin has named them in the `domain` of its challenge. Nonces are kept by origin.

    Args:
        login: The user name; it has no colon.
        password: The password.
        preemptive: Send credentials before they are asked for, once a challenge is known.

    Raises:
        ValueError: One of them is None, or the login has a colon.
    """

    def __init__(self, login: str, password: str, preemptive: bool = True) -> None:
        if None in (login, password):  # callers without a type checker read them from the environment
            msg = "None is not allowed as login or password"
            raise ValueError(msg)
        if ":" in login:
            msg = 'A ":" is not allowed in username (RFC 7616 section 3.4.2)'
            raise ValueError(msg)
        self._login = login
        self._password = password
        self._preemptive = preemptive
        self._origin: URL | None = None
        self._places: tuple[_Place, ...] = ()
        self._answering: dict[URL, _Answering] = {}

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Send the request, and once more with credentials if they are asked for.

        Raises:
            ClientError: The challenge cannot be answered.
        """
        origin = request.url.origin()
        if self._origin is None:
            self._origin = origin
        if origin != self._origin and not self._is_expected(request.url):
            return await handler(request)
        if self._preemptive and self._is_expected(request.url):
            self._add_credentials(request)
        response = await handler(request)
        if not self._takes(response, request.url):
            return response
        response.release()
        self._add_credentials(request)
        return await handler(request)

    def _is_expected(self, url: URL) -> bool:
        """Tell whether the first origin wants credentials there."""
        return any(place.holds(url) for place in self._places)

    def _takes(self, response: ClientResponse, url: URL) -> bool:
        """Take in what a response to `url` challenges; tell whether there is something to answer."""
        if response.status != 401 or response.url.origin() != url.origin():
            return False
        try:
            challenge = read_challenge(response.headers.getall("WWW-Authenticate", ()))
        except UnusableChallenge as fault:
            response.release()
            raise ClientError(str(fault)) from fault
        if challenge is None:
            return False
        origin = url.origin()
        if origin == self._origin:
            self._places = _places_of(challenge, origin)
            named = {place.origin for place in self._places} | {origin}
            self._answering = {at: kept for at, kept in self._answering.items() if at in named}
        self._answering[origin] = _Answering(challenge)
        return True

    def _add_credentials(self, request: ClientRequest) -> None:
        url = request.url
        answering = self._answering.get(url.origin())
        if answering is None:
            return
        answering.count += 1
        body = request.body
        try:
            request.headers["Authorization"] = credentials(
                answering.challenge,
                login=self._login,
                password=self._password,
                method=request.method,
                target=request_target(url),
                body=body if isinstance(body, bytes) else body.in_memory(),
                cnonce=answering.cnonce,
                count=answering.count,
            )
        except UnusableChallenge as fault:
            raise ClientError(str(fault)) from fault


def _places_of(challenge: Challenge, origin: URL) -> tuple[_Place, ...]:
    """Return where the credentials are wanted: all of the origin, or what `domain` lists (section 3.3)."""
    places = [_place_of(reference, origin) for reference in challenge.domain[:_MOST_PLACES]]
    return tuple(place for place in places if place is not None) or (_Place(origin, "/"),)


def _place_of(reference: str, origin: URL) -> _Place | None:
    """Return what one entry of `domain` means; None for what names no place, or goes from https to http."""
    try:
        url = origin.join(URL(reference))
    except ValueError:
        return None
    is_downgrade = origin.scheme in ("https", "wss") and url.scheme == "http"
    if url.scheme not in HTTP_SCHEMES or is_downgrade or not url.raw_host:
        return None
    return _Place(url.origin(), url.raw_path)
