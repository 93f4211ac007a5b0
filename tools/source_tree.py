"""Where things stand in this checkout.

The one place that knows the layout; whoever needs a folder asks here.
"""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["INTEGRATION", "ROOT", "Package", "packages", "select"]

ROOT = Path(__file__).resolve().parent.parent
INTEGRATION = ROOT / "tests-integration"


@dataclass(frozen=True)
class Package:
    """One folder of `packages/`."""

    folder: Path

    @property
    def name(self) -> str:
        """What people call it here, such as `cookies`."""
        return self.folder.name

    @property
    def source(self) -> Path:
        """The folder that holds its modules; its own name is the import name."""
        return next(init.parent for init in self.folder.glob("src/*/__init__.py"))

    @property
    def import_name(self) -> str:
        """What its users import, such as `whimbrel_cookies`."""
        return self.source.name

    @property
    def compiles(self) -> bool:
        """Whether its hot modules can be compiled."""
        return (self.folder / "hatch_build.py").is_file()


def packages() -> list[Package]:
    """Return every package, by name."""
    return [Package(file.parent) for file in sorted(ROOT.glob("packages/*/pyproject.toml"))]


def select(names: list[str]) -> list[Package]:
    """Return the packages called `names`, or all of them where none is named.

    Raises:
        SystemExit: A name is no package's; the message lists those that are.
    """
    known = {package.name: package for package in packages()}
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"there is no package {', '.join(unknown)}: there are {', '.join(known)}")
    return [known[name] for name in names] if names else list(known.values())
