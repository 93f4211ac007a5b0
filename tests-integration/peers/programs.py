"""Servers that nobody here has written, run for a test where they are installed."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

__all__ = ["held_port", "program", "running"]

_START_SECONDS = 60.0


def program(name: str) -> str | None:
    """Return the path of a program, also of one for the administrator, or None where it is absent."""
    return shutil.which(
        name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    )


@contextmanager
def held_port() -> Iterator[int]:
    """Give a port on which nobody listens, and that the system gives to nobody else for as long.

    A program that is told the number can listen there, where it reuses addresses, as servers do.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("", 0))
        port = int(held.getsockname()[1])
        if sys.platform != "linux":  # where whoever holds a port keeps every other from it
            held.close()
        yield port


@contextmanager
def running(command: Sequence[str], place: tuple[str, int] | str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server, from when it listens at `place` (host and port, or the path of a socket) to the end.

    Raises:
        RuntimeError: It ended, or did not listen in time.
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + _START_SECONDS
        while not _listens(place):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[0]} does not listen at {place}")
            time.sleep(0.01)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(place: tuple[str, int] | str) -> bool:
    with socket.socket(socket.AF_UNIX if isinstance(place, str) else socket.AF_INET) as probe:
        return not probe.connect_ex(place)
