"""Servers that nobody here has written, run for a test where they are installed."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

__all__ = ["free_port", "program", "running"]

_START_SECONDS = 20.0


def program(name: str) -> str | None:
    """Return the path of a program, also of one for the administrator, or None where it is absent."""
    return shutil.which(
        name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    )


def free_port() -> int:
    """Return a port of the loopback on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


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
