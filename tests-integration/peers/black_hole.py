"""An address from which nothing comes back, neither an answer nor a refusal."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["black_hole"]

_FILLERS = 8


@contextmanager
def black_hole(host: str = "127.0.0.1") -> Iterator[int]:
    """Give a port whose connections are never accepted: the backlog of its listening socket is full."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.bind((host, 0))
        listening.listen(0)
        fillers = [socket.socket(family) for _ in range(_FILLERS)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
        for filler in fillers:
            filler.close()
