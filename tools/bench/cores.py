"""Which core a process of the bench stays on: client and server each have one, where there are two."""

import os

__all__ = ["CLIENT", "SERVER", "stay_on"]

CLIENT, SERVER = 0, 1


def stay_on(which: int) -> None:
    """Keep this process, and those it starts, on one core; do nothing where there are not two to choose."""
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[which]})
