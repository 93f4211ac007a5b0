"""The server of the benchmarks, in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["running_server"]

_ROOT = Path(__file__).parents[2]


@contextmanager
def running_server() -> Iterator[tuple[str, str, str]]:
    """Run `tools.bench.server`; yield its ports, plain and TLS, and the path of its authority."""
    command = [sys.executable, "-m", "tools.bench.server"]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        if server.stdout is None or server.stdin is None:
            raise RuntimeError
        plain, secure, authority = server.stdout.readline().split()
        try:
            yield plain, secure, authority
        finally:
            server.stdin.close()
            server.wait(timeout=10)
