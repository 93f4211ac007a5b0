"""UNIX sockets."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import ConnectFailed, TlsPolicy, UnixConnector

if TYPE_CHECKING:
    from collections.abc import Callable

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


async def test_its_own_scheme_means_http(serve: Serve, tmp_path: Path) -> None:
    path = str(tmp_path / "shore.sock")
    peer = await serve(path=path)
    async with UnixConnector(path) as connector:
        for peer.url in ("unix://localhost/", "http://localhost", "unix://localhost:80"):
            assert (await peer.fetch(connector)).body == b"/"
        with pytest.raises(ValueError, match="and not for 'tcp'"):
            await connector.connect("tcp://localhost:80")
        with pytest.raises(ValueError, match="no host and port"):
            await connector.connect("unix:///shore.sock")
    assert peer.accepted == 1


async def test_tls_goes_through_it_too(serve: Serve, tmp_path: Path, authority: Authority) -> None:
    path = str(tmp_path / "shore.sock")
    peer = await serve(path=path, context=authority.server("shore.example"))
    peer.url = "https://shore.example"
    async with UnixConnector(path) as connector:
        fetched = await peer.fetch(connector, tls=TlsPolicy(context=authority.client()))
        assert fetched.body == b"/"


@pytest.mark.parametrize("kind", [Path, bytes, str])
async def test_a_path_may_be_given_in_any_form(
    serve: Serve, tmp_path: Path, kind: Callable[[Path], str | bytes | Path]
) -> None:
    path = tmp_path / "shore.sock"
    peer = await serve(path=str(path))
    async with UnixConnector(kind(path)) as connector:
        assert (await peer.fetch(connector)).body == b"/"
        assert connector.path == (bytes(path) if kind is bytes else str(path))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="abstract sockets are Linux's")
@pytest.mark.parametrize("is_bytes", [False, True])
async def test_abstract_sockets_have_no_file(serve: Serve, is_bytes: bool) -> None:
    name = f"\0whimbrel-{os.getpid()}-{is_bytes}"
    path = name.encode() if is_bytes else name
    with pytest.raises(ConnectFailed, match=f"cannot connect to @{name[1:]}: "):
        await UnixConnector(path).connect("http://unix.example")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    peer = await serve(sock=listening)
    async with UnixConnector(path) as connector:
        assert connector.path == path
        assert (await peer.fetch(connector)).body == b"/"


@pytest.mark.parametrize("path", ["", b"", "/run/a\0b.sock", b"\0".join([b"a", b"b"])])
def test_what_is_no_path_of_a_socket_is_refused(path: str | bytes) -> None:
    with pytest.raises(ValueError, match="not the path of a socket"):
        UnixConnector(path)


@pytest.mark.parametrize("name", ["missing.sock", "x" * 200])
async def test_a_socket_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)
    async with UnixConnector(path) as connector:
        with pytest.raises(ConnectFailed) as caught:
            await connector.connect("http://unix.example")
    assert (caught.value.host, caught.value.port) == (path, None)
    assert str(caught.value).startswith(f"cannot connect to {path}: ")
