"""Against a server that nobody here has written: nginx, where it is installed."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from peers.bin import pattern
from peers.certificates import Authority
from peers.programs import held_port, program, running

from whimbrel import ClientSession, TCPConnector, UnixConnector

NGINX = program("nginx")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

CONFIGURATION = """
daemon off;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
    access_log off;
    root {folder}/root;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ text/plain txt; application/octet-stream bin; }}
    gzip on;
    gzip_min_length 1;
    gzip_types text/plain;
    keepalive_requests 100;
    client_max_body_size 1k;
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{secure} ssl;
        listen unix:{folder}/socket;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        location /here {{ return 302 /plain.txt; }}
        location /gone {{ return 410 "gone"; }}
        location /stale {{ keepalive_timeout 0; alias {folder}/root/plain.txt; }}
        location /resumed {{ return 200 "$ssl_session_reused"; }}
        location /generation {{ return 200 "{generation}"; }}
        location / {{ try_files $uri =404; }}
    }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A running nginx: its two origins, its socket, what it serves as `/plain.txt`, and its process."""

    plain: str
    secure: str
    path: str
    text: bytes
    folder: Path
    pid: int


def _configure(folder: Path, plain: int, secure: int, generation: int = 0) -> Path:
    path = folder / "nginx.conf"
    path.write_text(CONFIGURATION.format(folder=folder, plain=plain, secure=secure, generation=generation))
    return path


@contextmanager
def _nginx(folder: Path, authority: Authority, *options: str) -> Iterator[Nginx]:
    root = folder / "root"
    root.mkdir()
    text = b"the tide is low\n" * 5000
    (root / "plain.txt").write_bytes(text)
    (root / "large.bin").write_bytes(pattern(5_000_000))
    authority.write("127.0.0.1", certificate=folder / "certificate.pem", key=folder / "key.pem")
    with held_port() as plain, held_port() as secure:
        configuration = _configure(folder, plain, secure)
        command = [str(NGINX), "-p", str(folder), "-c", str(configuration), "-e", "stderr", *options]
        with running(command, str(folder / "socket")) as process:
            origins = f"http://127.0.0.1:{plain}/", f"https://127.0.0.1:{secure}/"
            yield Nginx(*origins, str(folder / "socket"), text, folder, process.pid)


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Nginx]:
    with _nginx(tmp_path_factory.mktemp("nginx"), authority, "-g", "master_process off;") as running_here:
        yield running_here


@pytest.fixture
def reloadable(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Nginx]:
    """An nginx with workers that it replaces when it is told to reload."""
    with _nginx(tmp_path_factory.mktemp("nginx"), authority, "-g", "worker_processes 2;") as running_here:
        yield running_here


async def test_compressed_text_redirects_and_errors_come_over_one_connection(nginx: Nginx) -> None:
    async with ClientSession(connector=TCPConnector(limit=1)) as session:
        async with session.get(f"{nginx.plain}here") as resp:
            assert resp.headers["Content-Encoding"] == "gzip"
            assert resp.headers["Transfer-Encoding"] == "chunked"
            assert (await resp.read(), len(resp.history)) == (nginx.text, 1)
        async with session.get(f"{nginx.plain}gone") as resp:
            assert (resp.status, await resp.text()) == (410, "gone")
        async with session.head(f"{nginx.plain}large.bin") as resp:
            assert resp.headers["Content-Length"] == "5000000"
        async with session.get(f"{nginx.plain}large.bin", headers={"Range": "bytes=4-7"}) as resp:
            assert (resp.status, await resp.read()) == (206, pattern(8)[4:])


async def test_files_come_whole_over_tls_many_at_once(nginx: Nginx, authority: Authority) -> None:
    connector = TCPConnector(ssl=authority.client(), limit=4)
    async with ClientSession(connector=connector) as session:

        async def fetch() -> bytes:
            async with session.get(f"{nginx.secure}large.bin") as resp:
                return await resp.read()

        assert set(await asyncio.gather(*(fetch() for _ in range(12)))) == {pattern(5_000_000)}
        assert connector.statistics.open <= 4


async def test_a_thousand_requests_outlive_connections_that_serve_a_hundred(nginx: Nginx) -> None:
    """nginx closes after a hundred, and says so in the last response."""
    async with ClientSession(connector=TCPConnector(limit=8)) as session:

        async def fetch() -> int:
            async with session.post(f"{nginx.plain}gone", data=b"x") as resp:
                await resp.read()
                return resp.status

        assert set(await asyncio.gather(*(fetch() for _ in range(1000)))) == {410}


async def test_connections_that_are_not_kept_do_no_harm(nginx: Nginx) -> None:
    async with ClientSession() as session:
        for _ in range(20):
            async with session.post(f"{nginx.plain}stale") as resp:
                assert resp.status == 405
            async with session.get(f"{nginx.plain}stale") as resp:
                assert await resp.read() == nginx.text


async def test_an_upload_that_is_too_large_is_answered(nginx: Nginx) -> None:
    """S103."""
    async with ClientSession() as session:
        async with session.post(nginx.plain, data=bytes(10_000_000)) as resp:
            assert resp.status == 413


async def test_a_unix_socket_serves_too(nginx: Nginx) -> None:
    async with ClientSession(connector=UnixConnector(path=nginx.path)) as session:
        async with session.get("http://shore.example/plain.txt") as resp:
            assert await resp.read() == nginx.text


async def test_new_connections_resume_their_tls_sessions(nginx: Nginx, authority: Authority) -> None:
    """nginx says "r" where one was."""
    connector = TCPConnector(ssl=authority.client(), force_close=True)
    async with ClientSession(connector=connector) as session:
        said = []
        for _ in range(6):
            async with session.get(f"{nginx.secure}resumed") as resp:
                said.append(await resp.text())
    assert said[0] == "."
    assert said[2:] == ["r"] * 4


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_request_fails_while_nginx_is_reloaded_under_load(
    reloadable: Nginx, authority: Authority, scheme: str
) -> None:
    """Workers that go close their connections when they please: idle ones, and those just being used."""
    plain, secure = (int(url.rstrip("/").rpartition(":")[2]) for url in (reloadable.plain, reloadable.secure))
    origin = reloadable.plain if scheme == "http" else reloadable.secure
    generations: list[str] = []
    newest = 0

    def reload_in_turn() -> None:
        nonlocal newest
        if newest < 4 and generations.count(str(newest)) >= 100:
            newest += 1
            _configure(reloadable.folder, plain, secure, newest)
            os.kill(reloadable.pid, signal.SIGHUP)

    async with ClientSession(connector=TCPConnector(ssl=authority.client(), limit=16)) as session:

        async def load() -> None:
            while generations.count("4") < 100:
                async with session.get(f"{origin}generation") as resp:
                    assert resp.status == 200
                    generations.append(await resp.text())
                reload_in_turn()

        await asyncio.gather(*(load() for _ in range(16)))
    assert set(generations) == set("01234")
