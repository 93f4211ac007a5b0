"""`python -m tools.bench.parts [package ...]`: run every script in `packages/*/benches`, or those of some."""

import subprocess
import sys

from tools.source_tree import select

__all__ = ["main"]


def main(names: list[str]) -> int:
    """Run each bench as a script of its own; return how many failed."""
    failures = 0
    for package in select(names):
        for script in sorted(package.folder.glob("benches/[!_]*.py")):
            print(f"\n== {package.name}: {script.stem}", flush=True)
            failures += subprocess.run([sys.executable, script], check=False).returncode != 0
    return failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
