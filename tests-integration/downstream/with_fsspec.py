"""fsspec's HTTPFileSystem: files over HTTP, whole, in ranges and as streams, from synchronous code."""

import asyncio
import io
import sys

import aiohttp
import fsspec
from fsspec.implementations.http import HTTPFileSystem


def main(url: str, *_: str) -> None:
    files = f"{url}files/"
    http = fsspec.filesystem("http", client_kwargs={"headers": {"X-Bird": "whimbrel"}})
    print([name.removeprefix(files) for name in sorted(http.ls(files, detail=False))])
    print([name.removeprefix(files) for name in sorted(http.glob(f"{files}*.txt"))])
    info = http.info(f"{files}tides.bin")
    print(info["size"], info["type"], info["mimetype"], "ETag" in info)
    print(http.cat_file(f"{files}tides.bin", start=1000, end=1010))
    print(
        {
            name.removeprefix(files): len(body)
            for name, body in http.cat([f"{files}a.txt", f"{files}b.txt"]).items()
        }
    )
    with http.open(f"{files}tides.bin", block_size=4096) as file:
        file.seek(70000)
        print(type(file).__name__, file.read(5), len(file.read()))
    with http.open(f"{files}tides.bin", block_size=0) as stream:
        print(type(stream).__name__, sum(map(len, iter(lambda: stream.read(30000), b""))))
    kept = io.BytesIO()
    http.get_file(f"{files}tides.bin", kept)
    print(len(kept.getvalue()))
    http.pipe_file(f"{files}new.txt", b"piped")
    print(http.cat_file(f"{files}new.txt"))
    http.put_file(io.BytesIO(b"put " * 1000), f"{files}new.txt", method="put")
    print(len(http.cat_file(f"{files}new.txt")))
    print(http.exists(f"{files}a.txt"), http.exists(f"{files}nowhere"), http.isdir(files))
    try:
        http.cat_file(f"{files}nowhere")
    except FileNotFoundError as fault:
        print(type(fault).__name__)
    try:
        http.cat_file("http://127.0.0.1:1/")
    except aiohttp.ClientConnectorError as fault:
        print(type(fault).__name__, fault.host, fault.port)
    asyncio.run(asynchronously(files))


async def asynchronously(files: str) -> None:
    http = HTTPFileSystem(asynchronous=True, skip_instance_cache=True)
    session = await http.set_session()
    print(await http._cat_file(f"{files}a.txt"))
    file = await http.open_async(f"{files}tides.bin")
    print(len(await file.read(10)))
    await file.close()
    await session.close()


main(*sys.argv[1:])
