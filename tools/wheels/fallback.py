"""Prove that an install from source falls back to plain Python where no C compiler stands."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tools.wheels.alone import VirtualEnvironment, expect_compiled, only_ours
from tools.wheels.build import Built
from tools.wheels.quietly import CheckFailed

__all__ = ["prove"]

NOTICE = "Building plain Python"
TALKATIVE = {"PIP_QUIET": "0", "PIP_VERBOSE": "1"}


def prove(built: Built, siblings: list[Path]) -> str:
    """Install the sdist of `built` without a compiler, and return one line that says what was seen.

    Args:
        built: The sdist under test.
        siblings: Every wheel that may serve as a dependency.

    Raises:
        CheckFailed: The install failed, gave no notice, or compiled all the same.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = VirtualEnvironment.create(folder / "venv")
        empty = folder / "bin"
        empty.mkdir()
        no_compiler = {"PATH": str(empty), "CC": str(empty / "cc")}
        ours = only_ours(siblings, folder / "siblings.txt")
        said = environment.install(built.sdist, "--constraint", ours, extra=no_compiler | TALKATIVE)
        if NOTICE not in said:
            raise CheckFailed(f"no notice {NOTICE!r} in what pip said:\n{said}")
        expect_compiled(environment, built.package, compiled=False)
        return "from source without a C compiler: plain, with a notice"
