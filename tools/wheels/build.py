"""Build a package's sdist, and from that sdist its wheel.

The wheel never sees the checkout, so what the sdist lacks is missed here and not by a user; and
compiled modules never land beside their sources, where an editable install would import them.
"""

import shutil
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.source_tree import Package
from tools.wheels.quietly import run

__all__ = ["Built", "Kind", "build"]


class Kind(Enum):
    """Which wheel to build; the value is the variable that asks the build for it."""

    PLAIN = "WHIMBREL_PURE"
    COMPILED = "WHIMBREL_COMPILE"


@dataclass(frozen=True)
class Built:
    """What one build made."""

    package: Package
    sdist: Path
    wheel: Path


def build(package: Package, into: Path, kind: Kind) -> Built:
    """Build `package` and leave both files in `into`.

    Raises:
        CheckFailed: The build failed.
    """
    into.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as name:
        made = Path(name)
        builder = (sys.executable, "-m", "build", "--no-isolation", "--outdir", made)
        run([*builder, package.folder], folder=package.folder, extra={kind.value: "1"})
        (sdist,), (wheel,) = made.glob("*.tar.gz"), made.glob("*.whl")
        return Built(package, _move(sdist, into), _move(wheel, into))


def _move(file: Path, into: Path) -> Path:
    return Path(shutil.move(file, into / file.name))
