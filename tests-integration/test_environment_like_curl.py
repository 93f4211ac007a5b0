"""One environment, two clients: what curl asks of the proxies that it names, whimbrel asks of them."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from peers.certificates import Authority
from peers.programs import program
from peers.proxy import RecordingProxy
from peers.scripted import OK, ScriptedServer, always
from peers.socks import SocksServer

from whimbrel import ClientSession, TCPConnector

CURL = program("curl")
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy", "no_proxy", "request_method")


@dataclass(frozen=True)
class Row:
    """Variables, with {socks} and {http} for the places of two proxies; the scheme of a URL at `localhost`."""

    environ: Mapping[str, str]
    scheme: str = "http"

    def __str__(self) -> str:
        return f"{self.scheme} " + " ".join(f"{name}={value}" for name, value in self.environ.items())


ROWS = [
    Row({}),
    Row({"all_proxy": "socks4://{socks}"}),
    Row({"all_proxy": "socks4://me@{socks}"}),
    Row({"all_proxy": "socks4a://{socks}"}),
    Row({"all_proxy": "socks5://{socks}"}),
    Row({"all_proxy": "socks5h://{socks}"}),
    Row({"all_proxy": "socks5h://{socks}/"}),
    Row({"all_proxy": "socks://{socks}"}),
    Row({"ALL_PROXY": "SOCKS5H://{socks}"}),
    Row({"ALL_PROXY": "socks5h://me:hush@{socks}"}),
    Row({"ALL_PROXY": "socks5h://m%65:h%40sh@{socks}"}),
    Row({"ALL_PROXY": "{http}"}),
    Row({"all_proxy": "socks5h://{socks}", "ALL_PROXY": "http://{http}"}),
    Row({"all_proxy": "", "ALL_PROXY": "socks5h://{socks}"}),
    Row({"http_proxy": "socks5h://{socks}"}),
    Row({"http_proxy": "http://{http}", "all_proxy": "socks5h://{socks}"}),
    Row({"http_proxy": "", "all_proxy": "socks5h://{socks}"}),
    Row({"https_proxy": "http://{http}", "all_proxy": "socks5h://{socks}"}),
    Row({"all_proxy": "socks5h://{socks}", "no_proxy": "localhost"}),
    Row({"all_proxy": "socks5h://{socks}", "NO_PROXY": "*"}),
    Row({"all_proxy": "socks5h://{socks}", "no_proxy": "sea.example"}),
    Row({"http_proxy": "http://{http}", "no_proxy": "localhost", "all_proxy": "socks5h://{socks}"}),
    Row({"all_proxy": "socks5h://{socks}"}, "https"),
    Row({"all_proxy": "socks4a://{socks}"}, "https"),
    Row({"https_proxy": "socks5://{socks}"}, "https"),
    Row({"HTTPS_PROXY": "socks5h://me:hush@{socks}"}, "https"),
    Row({"http_proxy": "socks5h://{socks}"}, "https"),
    Row({"http_proxy": "socks5h://{socks}", "https_proxy": "http://{http}"}, "https"),
    Row({"https_proxy": "http://{http}", "all_proxy": "socks5h://{socks}"}, "https"),
]


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_the_same_is_asked_of_the_same_proxy(
    row: Row, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    context = authority.server("localhost") if row.scheme == "https" else None
    user = (
        ("me", "h@sh" if "%40" in str(row) else "hush") if "me:" in str(row) or "m%65:" in str(row) else None
    )
    async with (
        ScriptedServer(always(OK), ssl=context) as site,
        SocksServer(credentials=user) as socks,
        RecordingProxy() as http,
    ):
        places = {"socks": f"127.0.0.1:{socks.port}", "http": f"127.0.0.1:{http.port}"}
        for name, value in row.environ.items():
            monkeypatch.setenv(name, value.format_map(places))
        url = f"{row.scheme}://localhost:{site.port}/"

        await _curl(url, authority)
        expected = _taken_from(socks, http)
        async with (
            ClientSession(connector=TCPConnector(ssl=authority.client()), trust_env=True) as session,
            session.get(url) as resp,
        ):
            assert await resp.read() == b"ok"
        assert _taken_from(socks, http) == expected
        assert len(site.requests) == 2


async def _curl(url: str, authority: Authority) -> None:
    command = [
        str(CURL),
        "--silent",
        "--show-error",
        "--max-time",
        "20",
        "--cacert",
        str(authority.file),
        url,
    ]
    process = await asyncio.create_subprocess_exec(
        *command, env=dict(os.environ), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert (process.returncode, printed) == (0, b"ok")


def _taken_from(socks: SocksServer, http: RecordingProxy) -> list[str]:
    """Return in words what the proxies were asked since the last time."""
    words = [
        f"socks{asked.version} {asked.port} {'by name' if asked.by_name else 'by address'} "
        f"{asked.user}:{asked.password}"
        for asked in socks.asked
    ]
    words += http.lines
    socks.asked.clear()
    http.requests.clear()
    return words
