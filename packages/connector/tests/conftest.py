"""What the tests share: scripted servers on the loopback, certificates, and a watch over the loop."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import settings

from whimbrel_connector import BaseConnector, Request, TCPConnector

if TYPE_CHECKING:
    from pathlib import Path

TEST_SECONDS = 60

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")


@pytest.hookimpl(optionalhook=True)
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every test that has a server on each event loop that is here."""
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if "serve" in getattr(item, "fixturenames", ()) and importlib.util.find_spec("uvloop") is not None:
        import uvloop  # noqa: PLC0415  may be absent

        factories["uvloop"] = uvloop.new_event_loop
    return factories


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let no test wait for ever, where pytest-timeout is installed."""
    if config.pluginmanager.hasplugin("timeout"):
        for item in items:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


class Fetched(NamedTuple):
    """What an exchange brought."""

    status: int
    body: bytes
    reused: bool


class Line:
    """One connection at the server's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def request(self) -> bytes:
        """Read one request, with its body where Content-Length announces one; b"" at the end."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as fault:
            return fault.partial
        for field in head.lower().split(b"\r\n"):
            if field.startswith(b"content-length:"):
                return head + await self.reader.readexactly(int(field[15:]))
        return head

    async def head(self) -> bytes:
        """Read one head and nothing behind it."""
        return await self.reader.readuntil(b"\r\n\r\n")

    def send(self, data: bytes) -> None:
        """Write without waiting."""
        self.writer.write(data)

    def answer(self, body: bytes = b"shore", *fields: str, status: str = "200 OK") -> None:
        """Write a whole response."""
        self.send(response(body, *fields, status=status))

    def reset(self) -> None:
        """Break the connection: the peer sees a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def end(self) -> bytes:
        """Wait until the peer has closed; return what it sent before."""
        try:
            return await self.reader.read()
        except ConnectionError:
            return b""


Script = Callable[[Line], Awaitable[None]]


def response(body: bytes = b"shore", *fields: str, status: str = "200 OK") -> bytes:
    """Return a whole response with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def politely(line: Line) -> None:
    """Answer every request with its target."""
    while request := await line.request():
        line.answer(request.split(b" ", 2)[1])


def plays(data: bytes) -> Script:
    """Return a script that answers the first request with `data` and closes when the client does."""

    async def script(line: Line) -> None:
        await line.request()
        line.send(data)
        await line.end()

    return script


def plays_and_closes(data: bytes) -> Script:
    """Return a script that answers the first request with `data` and closes at once."""

    async def script(line: Line) -> None:
        await line.request()
        line.send(data)

    return script


class Peer:
    """A server that plays a script on each connection.

    Attributes:
        accepted: Connections taken so far.
        open: Connections open now.
        most_open: The most that were open at once.
        faults: What scripts raised that no closed connection explains.
    """

    def __init__(self, script: Script) -> None:
        self.accepted = self.open = self.most_open = 0
        self.faults: list[BaseException] = []
        self.url = ""
        self.port = 0
        self._script = script
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Event()

    async def start(
        self,
        *,
        context: ssl.SSLContext | None = None,
        path: str | None = None,
        host: str = "127.0.0.1",
        sock: socket.socket | None = None,
    ) -> Peer:
        if sock is not None:
            self._server = await asyncio.start_unix_server(self._serve, sock=sock, ssl=context)
            self.url = "http://unix.example"
        elif path is not None:
            self._server = await asyncio.start_unix_server(self._serve, path, ssl=context)
            self.url = "http://unix.example"
        else:
            self._server = await asyncio.start_server(self._serve, host, 0, ssl=context)
            self.port = self._server.sockets[0].getsockname()[1]
            self.url = f"{'http' if context is None else 'https'}://{host}:{self.port}"
        return self

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that a connection's coming or going brings about."""
        while not condition():
            self._changed.clear()
            await asyncio.wait_for(self._changed.wait(), TEST_SECONDS)

    async def fetch(
        self, connector: BaseConnector, target: str = "/", method: str = "GET", **options: Any
    ) -> Fetched:
        """Make one exchange with this server and read the whole body."""
        exchange = await connector.connect(self.url, **options)
        head = await exchange.send(get(target, method))
        return Fetched(head.status, await exchange.content.read(), exchange.reused)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for _ in range(3):  # turns in which a connection that was just accepted begins its script
                await asyncio.sleep(0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.accepted += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        self._changed.set()
        try:
            await self._script(Line(reader, writer))
        except asyncio.CancelledError:  # the test is over
            writer.transport.abort()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        except Exception as fault:  # noqa: BLE001  reported when the test ends
            self.faults.append(fault)
        finally:
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:
                pass
            except asyncio.CancelledError:  # the test is over
                writer.transport.abort()
            self.open -= 1
            self._changed.set()


def get(
    target: str = "/", method: str = "GET", *fields: tuple[str, str], offers_upgrade: bool = False
) -> Request:
    """Return a request without a body."""
    return Request(method, target, [("Host", "shore.example"), *fields], offers_upgrade=offers_upgrade)


Serve = Callable[..., Awaitable[Peer]]


@pytest.fixture
def refused_port() -> Iterator[int]:
    """Hold a port of every address, on which nobody listens."""
    with socket.socket() as held:
        held.bind(("", 0))
        yield held.getsockname()[1]


@pytest.fixture(autouse=True)
async def quiet_loop() -> AsyncIterator[None]:
    """Fail a test that leaves a task behind, or that the loop has something to say about."""
    loop = asyncio.get_running_loop()
    complaints: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: complaints.append(context))
    before = asyncio.all_tasks()
    yield
    for _ in range(5):
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not left
    assert not complaints


@pytest.fixture
async def serve(quiet_loop: None) -> AsyncIterator[Serve]:
    """Start scripted servers; they end with the test."""
    peers: list[Peer] = []

    async def started(script: Script = politely, **where: Any) -> Peer:
        peer = await Peer(script).start(**where)
        peers.append(peer)
        return peer

    yield started
    for peer in peers:
        await peer.close()
    assert not [fault for peer in peers for fault in peer.faults]


@pytest.fixture
async def connector(quiet_loop: None, serve: Serve) -> AsyncIterator[TCPConnector]:
    """Return a connector that is closed before the servers are, and must have let go of everything."""
    async with TCPConnector() as opened:
        yield opened
    assert opened.statistics.open == 0


class Authority:
    """A certificate authority that no trust store knows."""

    def __init__(self, folder: Path) -> None:
        import trustme  # noqa: PLC0415  may be absent

        self._ca = trustme.CA()
        self.file = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(str(self.file))
        self.certificate = b""

    def server(self, *names: str) -> ssl.SSLContext:
        """Return a server's context; `certificate` is then its certificate in DER."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued = self._ca.issue_cert(*names)
        issued.configure_cert(context)
        self.certificate = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
        return context

    def client(self) -> ssl.SSLContext:
        """Return a client's context that trusts this authority alone."""
        return ssl.create_default_context(cafile=str(self.file))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority of our own."""
    pytest.importorskip("trustme")
    return Authority(tmp_path_factory.mktemp("authority"))
