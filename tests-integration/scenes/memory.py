"""Move a large body and print by how much memory grew, in bytes; the first, small one does not count.

python memory.py LOOP down URL MEBIBYTES
python memory.py LOOP up URL FILE
"""

import resource
import sys

import whimbrel
from scenes.loops import new_loop


async def down(url: str, mebibytes: str) -> None:
    async with whimbrel.ClientSession() as session:
        await _download(session, f"{url}16")
        before = _peak_bytes()
        received = await _download(session, url + mebibytes)
        _report(before, received)


async def up(url: str, path: str) -> None:
    async with whimbrel.ClientSession() as session:
        async with session.post(url, data=bytes(65536)) as response:
            await response.read()
        before = _peak_bytes()
        with open(path, "rb") as file:  # noqa: ASYNC230  opening takes no time
            async with session.post(url, data=file) as response:
                await response.read()
            _report(before, file.tell())


async def _download(session: whimbrel.ClientSession, url: str) -> int:
    received = 0
    async with session.get(url) as response:
        while piece := await response.content.readany():
            received += len(piece)
    return received


def _peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _report(before: int, moved: int) -> None:
    sys.stdout.write(f"{moved} {_peak_bytes() - before}\n")


def main(loop_name: str, direction: str, *arguments: str) -> None:
    loop = new_loop(loop_name)
    loop.run_until_complete({"down": down, "up": up}[direction](*arguments))
    loop.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
