"""UNIX sockets."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import ConnectFailed, TlsPolicy, UnixConnector

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Authority, Serve

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no UNIX sockets here")


async def test_exchanges_go_through_the_socket_whatever_the_host(serve: Serve, tmp_path: Path) -> None:
    path = str(tmp_path / "shore.sock")
    peer = await serve(path=path)
    async with UnixConnector(path) as connector:
        assert connector.path == path
        assert (await peer.fetch(connector, "/first")).body == b"/first"
        assert (await peer.fetch(connector, "/second")) == (200, b"/second", True)
    assert peer.accepted == 1


async def test_tls_goes_through_it_too(serve: Serve, tmp_path: Path, authority: Authority) -> None:
    path = str(tmp_path / "shore.sock")
    peer = await serve(path=path, context=authority.server("shore.example"))
    peer.url = "https://shore.example"
    async with UnixConnector(path) as connector:
        fetched = await peer.fetch(connector, tls=TlsPolicy(context=authority.client()))
        assert fetched.body == b"/"


@pytest.mark.parametrize("name", ["missing.sock", "x" * 200])
async def test_a_socket_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)
    async with UnixConnector(path) as connector:
        with pytest.raises(ConnectFailed) as caught:
            await connector.connect("http://unix.example")
    assert (caught.value.host, caught.value.port) == (path, None)
    assert str(caught.value).startswith(f"cannot connect to {path}: ")
