"""The conformance kit for connectors: hand it one and it says what that gets wrong.

Anything that a session accepts as its connector can be checked: a subclass of `BaseConnector`, a
wrapper around one, or an object that has never seen a socket.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count, product
from typing import Protocol

from yarl import URL

from whimbrel_connector.errors import ConnectorError, ServerDisconnected
from whimbrel_connector.exchange import Exchange
from whimbrel_connector.exchange_options import ExchangeOptions, WireParser
from whimbrel_connector.proxy import Proxy
from whimbrel_connector.request import Body, BodyWriter, Request
from whimbrel_connector.testing._judging import judge
from whimbrel_connector.testing.origin import LARGE_BYTES, Origin
from whimbrel_connector.timeout_errors import ReadTimeout
from whimbrel_connector.timeouts import Timeouts
from whimbrel_connector.tls import TlsPolicy
from whimbrel_http1 import Limits, MalformedMessage, ResponseHead, ResponseParser

__all__ = ["AnyConnector", "check_connector"]

_MANY = 20
_TURNS = 12
_SOON = 0.05
_DEFAULT_OPTIONS = ExchangeOptions()


class AnyConnector(Protocol):
    """What a session asks of a connector."""

    @property
    def closed(self) -> bool:
        """Whether it was closed."""

    async def connect(
        self,
        url: URL,
        *,
        tls: TlsPolicy | None = None,
        proxy: Proxy | None = None,
        timeouts: Timeouts = ...,
        options: ExchangeOptions = ...,
        request: Request | None = None,
    ) -> Exchange:
        """Return the right to one exchange with the origin of `url`; `request` may have been sent already."""

    def close(self) -> Awaitable[object]:
        """Begin to close; await the result to see the end."""


async def check_connector(make: Callable[[Origin], AnyConnector], *, proxy: Proxy | None = None) -> list[str]:
    """Return what the connectors made by `make` get wrong, one sentence each; empty if nothing.

    Each rule has a connector and an origin of its own, and ten seconds. What one breaks, others may
    break for the same reason.

    Args:
        make: Called once for each rule, while the event loop runs. Its connector must lead requests for
            `origin.url` to that origin: over its socket, or to what `origin.protocol()` returns.
        proxy: What each connection goes through.
    """
    return await judge({title: partial(_play, rule, make, proxy) for title, rule in _RULES.items()})


async def _play(rule: "_Rule", make: Callable[[Origin], AnyConnector], proxy: Proxy | None) -> list[str]:
    async with Origin() as origin:
        connector = make(origin)
        try:
            failures = await rule(_Ground(origin, connector, proxy))
        finally:
            await connector.close()
        if not failures:
            await origin.until_idle()
    return failures


@dataclass
class _Ground:
    """What a rule is played with.

    Attributes:
        origin: What answers.
        connector: What is judged.
        proxy: What each connection goes through.
    """

    origin: Origin
    connector: AnyConnector
    proxy: Proxy | None
    _numbers: "count[int]" = field(default_factory=lambda: count(1000))

    async def connect(
        self, options: ExchangeOptions = _DEFAULT_OPTIONS, request: Request | None = None
    ) -> Exchange:
        """Ask for the right to one exchange."""
        url = URL(self.origin.url)
        return await self.connector.connect(url, proxy=self.proxy, options=options, request=request)

    async def send(
        self, exchange: Exchange, route: str, body: bytes | Body = b""
    ) -> tuple[ResponseHead, str]:
        """Send a request, and return the head of its answer and its number."""
        request, number = self.request(route, body)
        return await exchange.send(request), number

    def request(self, route: str, body: bytes | Body = b"") -> tuple[Request, str]:
        """Return a request and its number."""
        number = str(next(self._numbers))
        headers = [("Host", URL(self.origin.url).authority)]
        if body:
            headers.append(("Transfer-Encoding", "chunked"))
        method = "POST" if body else "GET"
        return Request(method, f"/{route}/{number}", headers, body), number

    async def fetch(
        self, route: str, body: bytes | Body = b"", options: ExchangeOptions = _DEFAULT_OPTIONS
    ) -> str | None:
        """Make one exchange, and return what is wrong with its answer."""
        request, number = self.request(route, body)
        exchange = await self.connect(options, request)
        try:
            head = await exchange.send(request)
            text = await exchange.content.read()
        finally:
            exchange.close()
        if head.status != 200 or not text.startswith(number.encode()):
            return f"request {number} for {route} was given {head.status} with {text[:20]!r}"
        if route == "large" and len(text) != len(number) + LARGE_BYTES:
            return f"of {LARGE_BYTES} bytes {len(text) - len(number)} came"
        if route == "echo" and text != f"{number} {LARGE_BYTES}".encode():
            return f"of {LARGE_BYTES} bytes sent the origin saw {text[len(number) :]!r}"
        return None


_Rule = Callable[[_Ground], Awaitable[list[str]]]


def _wrongs(*outcomes: str | None) -> list[str]:
    return sorted({outcome for outcome in outcomes if outcome is not None})


async def _answers_each_its_own(ground: _Ground) -> list[str]:
    return _wrongs(*[await ground.fetch(route) for route in ("plain", "chunked", "closing", "plain") * 2])


async def _answers_many(ground: _Ground) -> list[str]:
    return _wrongs(*await asyncio.gather(*(ground.fetch("plain") for _ in range(_MANY))))


async def _carries_large_bodies(ground: _Ground) -> list[str]:
    return _wrongs(await ground.fetch("large"), await ground.fetch("echo", _Pieces()))


class _Pieces:
    """A body that writes itself."""

    async def write(self, writer: BodyWriter) -> None:
        for _ in range(100):
            await writer.write(bytes(LARGE_BYTES // 100))


async def _tells_what_was_used_before(ground: _Ground) -> list[str]:
    seen: set[bytes | None] = set()
    for _ in range(5):
        exchange = await ground.connect()
        head, _ = await ground.send(exchange, "plain")
        await exchange.content.read()
        number = head.get(b"x-connection")
        if exchange.reused is not (number in seen):
            return [
                f"reused is {exchange.reused} on a connection that was {'' if seen else 'not '}used before"
            ]
        seen.add(number)
    return []


async def _opens_a_fresh_one(ground: _Ground) -> list[str]:
    failures = [await ground.fetch("plain")]
    exchange = await ground.connect(ExchangeOptions(fresh=True))
    if exchange.reused:
        failures.append("the options ask for a fresh connection, and it was used before")
    await ground.send(exchange, "plain")
    await exchange.content.read()
    return _wrongs(*failures, await ground.fetch("plain"))


async def _abandons_what_is_not_read(ground: _Ground) -> list[str]:
    """A connection in the middle of an answer must not carry the next one."""
    failures: list[str | None] = []
    for route in ("endless", "mute", "large"):
        exchange = await ground.connect()
        if route == "mute":
            sending = asyncio.ensure_future(ground.send(exchange, route))
            await asyncio.sleep(0)
            sending.cancel()
            await asyncio.wait([sending])
        else:
            await ground.send(exchange, route)
        exchange.close()
        if not exchange.is_over:
            failures.append("an exchange that was closed is not over")
        failures.append(await ground.fetch("plain"))
    return _wrongs(*failures)


async def _survives_cancellation(ground: _Ground) -> list[str]:
    failures = []
    # A connection that closes makes the next request wait for a new one, where cancelling hurts most.
    for turns, route in product(range(_TURNS), ("closing", "plain")):
        crowd = [asyncio.ensure_future(ground.fetch(route)) for _ in range(3)]
        for _ in range(turns):
            await asyncio.sleep(0)
        was_asked = crowd[0].cancel()
        first, *others = await asyncio.gather(*crowd, return_exceptions=True)
        if was_asked and not isinstance(first, asyncio.CancelledError):
            failures.append(f"a request that was cancelled ended with {first!r}")
        failures += [f"its neighbour ended with {other!r}" for other in others if other is not None]
    return _wrongs(*failures, await ground.fetch("plain"))


async def _tells_who_failed(ground: _Ground) -> list[str]:
    failures = []
    for route, expected in (("hangup", ServerDisconnected), ("garbage", MalformedMessage)):
        try:
            await ground.fetch(route)
        except Exception as fault:  # noqa: BLE001  whatever it is
            raised: object = fault
        else:
            raised = None
        if not isinstance(raised, expected):
            failures.append(f"{route} raises {raised!r}, which is no {expected.__name__}")
    return _wrongs(*failures, await ground.fetch("plain"))


async def _reads_as_the_options_say(ground: _Ground) -> list[str]:
    asked: list[str] = []

    def parser(*, request_method: str, limits: Limits) -> WireParser:
        asked.append(request_method)
        return ResponseParser(request_method=request_method, limits=limits)

    failures = [await ground.fetch("plain", options=ExchangeOptions(parser=parser))]
    if not asked:
        failures.append("the parser of the options is not used")
    try:
        await ground.fetch("mute", options=ExchangeOptions(read_seconds=_SOON))
    except ReadTimeout:
        pass
    else:
        failures.append("read_seconds ends nothing")
    return _wrongs(*failures)


async def _closes(ground: _Ground) -> list[str]:
    connector, failures = ground.connector, [await ground.fetch("plain")]
    exchange = await ground.connect()
    waiting = asyncio.ensure_future(ground.send(exchange, "mute"))
    if connector.closed:
        failures.append("it is closed before it was closed")
    closing = connector.close()
    if not connector.closed:
        failures.append("closed is False after close was called")
    await closing
    await connector.close()
    with suppress(ConnectorError):
        await waiting
        failures.append("a request goes on though the connector is closed")
    with suppress(ConnectorError):
        await ground.fetch("plain")
        failures.append("it connects though it is closed")
    if not _wrongs(*failures):
        await ground.origin.until_idle()
    return _wrongs(*failures)


_RULES: dict[str, _Rule] = {
    "an exchange brings the answer to its own request": _answers_each_its_own,
    "many exchanges at once bring each its own": _answers_many,
    "large bodies come and go whole": _carries_large_bodies,
    "it tells whether a connection was used before": _tells_what_was_used_before,
    "a fresh connection is one that carried nothing": _opens_a_fresh_one,
    "what was not read to its end carries no other exchange": _abandons_what_is_not_read,
    "a request that is cancelled ends, and no other with it": _survives_cancellation,
    "a failure is told by name and spoils no later exchange": _tells_who_failed,
    "answers are read as the options say": _reads_as_the_options_say,
    "close ends everything": _closes,
}
