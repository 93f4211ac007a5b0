"""Libraries written against aiohttp, unmodified and in environments of their own, with whimbrel in its place."""

import asyncio
import os
from pathlib import Path

import pytest
from downstream.environments import CannotFetch, environment_with, whimbrel_path
from downstream.site import Site
from peers.socks import SocksServer

HERE = Path(__file__).parent / "downstream"
STANDING_IN = HERE / "standing_in.py"

# What each script prints; with aiohttp itself (3.14.5, and 3.13.5 for aioresponses, which breaks with 3.14) it is the same.
SAID = {
    "aiodocker": r"""
        20.10 v1.40
        ['whimbrel']
        ['low tide\n', 'high tide\n']
        ['low tide\n', 'high tide\n']
        Step 1
        7 bytes
        404 {"message": "No such container: missing"}
    """,
    "aiohttp-client-cache": """
        ClientResponse False 200 True
        GET application/json tide=low
        CachedResponse True 200 True
        GET application/json tide=low
        404 Not Found GET
    """,
    "aiohttp-retry": """
        200 well
        200 whole
        POST tide whimbrel
        503 Service Unavailable [1, 2]
        200 True
    """,
    "aiohttp-socks": """
        200 shore.example
        200 shore.example
        ProxyConnectionError
    """,
    "aioresponses": r"""
        200 application/json {'tide': 'low'} v1
        whimbrel
        404 Gone http://shore.example/x
        True True
        http://shore.example/new 1 b'\x00\xff'
        418 http://shore.example/pot tea False
        low []
        really whimbrel
        Connection refused: GET http://nobody.example/
    """,
    "fsspec": r"""
        ['a.txt', 'b.txt', 'tides.bin']
        ['a.txt', 'b.txt']
        102400 file application/octet-stream True
        b'\xe8\xe9\xea\xeb\xec\xed\xee\xef\xf0\xf1'
        {'a.txt': 8, 'b.txt': 9}
        HTTPFile b'pqrst' 32395
        HTTPStreamFile 102400
        102400
        b'piped'
        4000
        True False True
        FileNotFoundError
        ClientConnectorError 127.0.0.1 1
        b'low tide'
        10
    """,
    "gidgethub": """
        {'owner': 'shore', 'name': 'tide', 'authorization': 'token 0123'}
        {'owner': 'shore', 'name': 'tide', 'authorization': 'token 0123'}
        1 58
        [10, 11, 20, 21, 30, 31]
        {'title': 'Ebb', 'type': 'application/json; charset=utf-8'}
        404 Not Found
    """,
    "pytelegrambotapi": """
        whimbrel
        прилив
        tide.txt
        400 Bad Request: message not found
        whimbrel
        прилив
        tide.txt
        400 Bad Request: message not found
    """,
    "slack-sdk": """
        {'ok': True, 'sent': {'channel': 'shore', 'text': 'прилив'}, 'asked': {}, 'by': 'Bearer 0123'}
        {'ok': True, 'sent': {}, 'asked': {'limit': '2', 'low': '1'}, 'by': 'Bearer 0123'}
        True
        {'to': 'shore', 'file': 'file'}
        channel_not_found 200
        ('events_api', {'event': 'tide'}) ('heard', {'envelope_id': '1'})
    """,
    "vcrpy": """
        0 4
        4 4
        True [200, 'tide=low', 'application/json', 'GET', '{"tide": "high"}', 'OK', False, b'{"method"']
    """,
}
NEEDS = {
    "aiodocker": ("attrs",),
    "aiohttp-client-cache": ("attrs", "itsdangerous", "typing_extensions", "url-normalize"),
    "aiohttp-socks": ("python-socks", "typing_extensions", "async-timeout"),  # the last for Python 3.10
    "aioresponses": ("packaging",),
    "gidgethub": ("uritemplate", "typing_extensions"),
    "pytelegrambotapi": ("requests", "urllib3", "certifi", "charset-normalizer"),
    "vcrpy": ("pyyaml", "urllib3", "wrapt"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "a.txt").write_bytes(b"low tide")
    (folder / "b.txt").write_bytes(b"high tide")
    (folder / "tides.bin").write_bytes(bytes(range(256)) * 400)
    return folder


@pytest.mark.asyncio(loop_factories=["asyncio"])
@pytest.mark.timeout(180)
@pytest.mark.parametrize("library", SAID)
async def test_it_works_unmodified(library: str, files: Path) -> None:
    try:
        path = await asyncio.to_thread(whimbrel_path)
        python = await asyncio.to_thread(environment_with, library, *NEEDS.get(library, ()))
    except CannotFetch as fault:
        pytest.skip(f"pip cannot fetch {library}: {fault}")
    program = HERE / f"with_{library.replace('-', '_')}.py"
    async with Site(files) as site, SocksServer() as proxy:
        said = await _run(python, path, program, site.url, proxy.url("socks5"), site.socket)
    assert said == [line.strip() for line in SAID[library].strip().splitlines()]
    assert [asked.host for asked in proxy.asked] == (["shore.example"] if library == "aiohttp-socks" else [])


async def _run(python: Path, path: list[Path], program: Path, *arguments: str) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        *(str(python), "-W", "default::ResourceWarning", str(STANDING_IN), str(program), *arguments),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        printed, complained = await asyncio.wait_for(process.communicate(), 110)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert (process.returncode, complained.decode()) == (0, "")
    return printed.decode().splitlines()
