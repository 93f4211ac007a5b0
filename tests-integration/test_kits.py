"""The conformance kits, played on all that is there: our own parts, and other people's."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from peers.certificates import Authority
from peers.parsers import H11Parser, HttptoolsParser
from peers.socks import SocksServer
from yarl import URL

from whimbrel import TCPConnector, UnixConnector
from whimbrel.client import ConnectorLike
from whimbrel.testing import Answer, HangUp, MemoryConnector, Reaction, ReceivedRequest, Verbatim
from whimbrel_connector import ParserFactory, Proxy
from whimbrel_connector.testing import (
    Origin,
    TlsPair,
    check_connector,
    check_transports,
    check_wire_parser,
)


@pytest.mark.parametrize("parser", [HttptoolsParser, H11Parser])
def test_other_peoples_parsers_fit_the_seam(parser: ParserFactory) -> None:
    assert check_wire_parser(parser) == []


async def _played_in_memory(request: ReceivedRequest) -> Reaction:
    """Answer as the kit's origin does."""
    _, route, number = request.target.split("/")
    body = await request.read()
    own = {"X-Connection": str(request.connection)}
    answers: Mapping[str, Callable[[], Reaction]] = {
        "chunked": lambda: Answer(_pieces(number), headers=own),
        "large": lambda: Answer(number + "\0" * 300_000, headers=own),
        "echo": lambda: Answer(f"{number} {len(body)}", headers=own),
        "closing": lambda: Answer(number, headers={**own, "Connection": "close"}),
        "endless": lambda: Answer(_endless(number), headers=own),
        "hangup": HangUp,
        "garbage": lambda: Verbatim(b"SSH-2.0-nest\r\n\r\n"),
    }
    if route == "mute":
        await asyncio.get_running_loop().create_future()
    return answers.get(route, lambda: Answer(number, headers=own))()


async def _pieces(number: str) -> AsyncIterator[bytes]:
    for digit in number:
        yield digit.encode()


async def _endless(number: str) -> AsyncIterator[bytes]:
    yield number.encode()
    await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("options", [{}, {"limit": 1}, {"force_close": True}])
async def test_connectors_in_memory_pass(options: Any) -> None:
    assert await check_connector(lambda _: MemoryConnector(_played_in_memory, **options)) == []


async def test_unix_connectors_pass(tmp_path: Path) -> None:
    servers: list[asyncio.Server] = []
    path = str(tmp_path / "socket")

    class Connector(UnixConnector):
        """Has the socket be there when it is first needed."""

        def __init__(self, origin: Origin) -> None:
            super().__init__(path)
            self._origin = origin

        async def dial(self, route: Any) -> Any:
            if not self._origin.accepted:
                loop = asyncio.get_running_loop()
                servers.append(await loop.create_unix_server(self._origin.protocol, path))
            return await super().dial(route)

    assert await check_connector(Connector) == []
    for server in servers:
        server.close()


@pytest.mark.parametrize("scheme", ["socks4", "socks5", "socks5h"])
async def test_connections_through_a_socks_proxy_pass(scheme: str) -> None:
    pytest.importorskip("python_socks")
    async with SocksServer() as server:
        proxy = Proxy(URL(server.url(scheme)))
        assert await check_connector(lambda _: TCPConnector(), proxy=proxy) == []
        assert server.asked


async def test_a_connector_that_a_session_accepts_is_one_that_the_kit_does() -> None:
    def make(_: Origin) -> ConnectorLike:
        return TCPConnector(limit=2)

    assert await check_connector(make) == []


async def test_the_transports_of_the_loop_pass(authority: Authority) -> None:
    pair = TlsPair(authority.client(), authority.server("127.0.0.1"))
    assert await check_transports(tls=pair) == []
    assert await check_transports() == []


@pytest.mark.parametrize("is_tls", [False, True])
async def test_the_transports_of_aiofastnet_pass(authority: Authority, is_tls: bool) -> None:
    module = pytest.importorskip("aiofastnet")
    pair = TlsPair(authority.client(), authority.server("127.0.0.1")) if is_tls else None
    assert await check_transports(module, tls=pair) == []
