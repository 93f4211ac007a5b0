"""Run the test suites: each package's from its own folder, then the whole client's.

A package brings its own pytest options, so each suite is a pytest run of its own. Arguments
are package names, or the one word `integration`; none means all of them. What begins with a dash,
and all that follows, goes to pytest. Every suite runs, whatever became of the ones before.
"""

import subprocess
import sys
from itertools import takewhile
from pathlib import Path

from tools.source_tree import INTEGRATION, select

__all__ = ["main"]

# A test that hangs is a failure, and the next one still runs. Where a hang cannot be interrupted, inside
# an event loop written in C, the second limit shows where everything stands and ends the suite.
LIMITS = ("--timeout=120", "-o", "faulthandler_timeout=150", "-o", "faulthandler_exit_on_timeout=true")
PYTEST = (sys.executable, "-m", "pytest", "-q", *LIMITS)


def main(arguments: list[str]) -> int:
    """Run the suites that `arguments` name; return 1 where one failed, else 0."""
    names = list(takewhile(lambda argument: not argument.startswith("-"), arguments))
    options = arguments[len(names) :]
    failed = [name for name, folder in _suites(names) if not _passes(name, folder, options)]
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed else 0


def _suites(names: list[str]) -> list[tuple[str, Path]]:
    """Return name and folder of each suite asked for; the whole client's is the last."""
    if names == ["integration"]:
        return [("integration", INTEGRATION)]
    suites = [(package.name, package.folder) for package in select(names)]
    return suites if names else [*suites, ("integration", INTEGRATION)]


def _passes(name: str, folder: Path, options: list[str]) -> bool:
    print(f"\n== {name}", flush=True)
    return subprocess.run([*PYTEST, *options], cwd=folder, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
