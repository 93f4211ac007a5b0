"""`python -m tools.wheels (build | compile | alone | compiled) [package ...]`.

build leaves sdists and plain wheels in `dist/`, compile leaves compiled ones of what can be compiled;
alone proves each plain wheel in an empty environment, compiled does the same with compiled ones.
"""

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.source_tree import ROOT, Package, packages, select
from tools.wheels import alone, fallback
from tools.wheels.build import Built, Kind, build
from tools.wheels.quietly import CheckFailed

# Something to try; it returns what was seen, or raises CheckFailed.
Step = Callable[[], str]


def main(arguments: list[str]) -> int:
    """Do what the first word of `arguments` says; return 1 where something failed, else 0."""
    try:
        match arguments:
            case ["build", *names]:
                return _tell(_build_all(select(names), ROOT / "dist", Kind.PLAIN))
            case ["compile", *names]:
                return _tell(_build_all(select(names), ROOT / "dist", Kind.COMPILED))
            case ["alone", *names]:
                return prove(select(names), Kind.PLAIN)
            case ["compiled", *names]:
                return prove(select(names), Kind.COMPILED)
            case _:
                print(__doc__)
                return 2
    except CheckFailed as fault:
        print(fault)
        return 1


def prove(chosen: list[Package], kind: Kind) -> int:
    """Prove each wheel over its siblings, all of one kind, and that a plain build needs no compiler."""
    with TemporaryDirectory() as folder:
        everything = _build_all(packages(), Path(folder), kind)
        wheels = [built.wheel for built in everything]
        ours = [built for built in everything if built.package in chosen]
        compiled = kind is Kind.COMPILED
        steps = [(it.wheel.name, partial(alone.prove, it, wheels, compiled=compiled)) for it in ours]
        if not compiled:
            for it in (it for it in ours if it.package.compiles):
                others = [wheel for wheel in wheels if wheel != it.wheel]
                steps.append((it.sdist.name, partial(fallback.prove, it, others)))
        return _report(steps)


def _build_all(chosen: list[Package], into: Path, kind: Kind) -> list[Built]:
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        return list(workers.map(lambda package: build(package, into, kind), chosen))


def _tell(everything: list[Built]) -> int:
    for built in everything:
        print(f"{built.sdist.relative_to(ROOT)}\n{built.wheel.relative_to(ROOT)}")
    return 0


def _report(steps: Sequence[tuple[str, Step]]) -> int:
    """Take `steps`, as many at once as there are processors, and print how each went."""
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        outcomes = [(name, workers.submit(step)) for name, step in steps]
        failed = [name for name, outcome in outcomes if not _went_well(name, outcome)]
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed else 0


def _went_well(name: str, outcome: Future[str]) -> bool:
    try:
        print(f"{name}: {outcome.result()}", flush=True)
    except CheckFailed as fault:
        print(f"{name}: FAILED\n{fault}", flush=True)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
