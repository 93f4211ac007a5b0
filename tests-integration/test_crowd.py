"""Ten thousand tasks against a hundred connections: all are answered, first come first served at each origin."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from scenes.garbage import left_in_circles

from whimbrel import ClientSession, ClientTimeout, TCPConnector

LIMIT = 100
TASKS = 10_000
SECONDS = 110


class Counter(asyncio.Protocol):
    """Answers each request with its target, and tells its origin."""

    def __init__(self, origin: "Origin") -> None:
        self._origin = origin

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # a TCP one, uvloop's too
        self._origin.open_now.add(self)
        self._origin.most = max(self._origin.most, len(self._origin.open_now))

    def connection_lost(self, exc: Exception | None) -> None:
        self._origin.open_now.discard(self)

    def data_received(self, data: bytes) -> None:
        target = data.split(b" ", 2)[1]
        self._origin.arrivals.append(int(target[1:]))
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(target), target))


class Origin:
    """A server that counts.

    Attributes:
        arrivals: The numbers of the requests, in order of arrival.
        open_now: Its connections.
        most: The most there were at once.
        url: Where it is.
    """

    def __init__(self) -> None:
        self.arrivals: list[int] = []
        self.open_now: set[Counter] = set()
        self.most = 0
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Origin"]:
        server = await asyncio.get_running_loop().create_server(
            lambda: Counter(self), "127.0.0.1", 0, backlog=10 * LIMIT
        )
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()


def most_overtaken(arrivals: list[int]) -> int:
    """Return how many later requests arrived before one that had been made earlier, at most."""
    return max(place - number for place, number in enumerate(arrivals))


@pytest.mark.parametrize("origins", [1, 2])
async def test_ten_thousand_tasks_are_answered_in_their_order(origins: int) -> None:
    connector = TCPConnector(limit=LIMIT, limit_per_host=LIMIT // origins)
    places = [Origin() for _ in range(origins)]
    async with AsyncExitStack() as stack:
        for place in places:
            await stack.enter_async_context(place.serving())
        session = await stack.enter_async_context(
            ClientSession(connector=connector, timeout=ClientTimeout(total=SECONDS))
        )

        async def fetch(place: Origin, number: int) -> None:
            async with session.get(f"{place.url}/{number}") as response:
                assert await response.read() == b"/%d" % number

        async def crowd(size: int) -> None:
            await asyncio.gather(*(fetch(place, number) for number in range(size) for place in places))

        await crowd(LIMIT)  # so that nobody is overtaken because of a slow handshake
        for place in places:
            place.arrivals.clear()
        await crowd(TASKS // origins)
        statistics = connector.statistics
        assert statistics.waiting == 0
        assert statistics.open == statistics.idle == statistics.opened == LIMIT
        for place in places:
            assert len(place.arrivals) == TASKS // origins
            # Those that are under way together may arrive in any order, and one of them late; nobody else overtakes.
            assert most_overtaken(place.arrivals) < 10 * LIMIT // origins
            assert place.most == LIMIT // origins


async def test_requests_leave_nothing_to_the_garbage_collector() -> None:
    """It goes through all that waits: whatever makes it run costs a crowd much."""
    async with Origin().serving() as place, ClientSession(connector=TCPConnector(limit=10)) as session:

        async def fetch(number: int) -> None:
            async with session.get(f"{place.url}/{number}") as response:
                assert await response.read() == b"/%d" % number

        async def post(number: int) -> None:
            async with session.post(f"{place.url}/{number}", json={"number": number}) as response:
                assert await response.text() == f"/{number}"

        async def crowd() -> None:
            await asyncio.gather(*(made(number) for made in (fetch, post) for number in range(50)))

        await crowd()
        with left_in_circles() as left:
            await crowd()
        assert left == set()
