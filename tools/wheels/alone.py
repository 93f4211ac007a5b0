"""Prove that a wheel stands alone.

It is installed into an empty virtual environment with what it declares and nothing else; sibling
parts come only from the wheels built beside it. There all its modules are imported and its README's
example runs; then the test tools come, and its own tests, from its sdist.
"""

import re
import shutil
import sys
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from tools.source_tree import ROOT, Package
from tools.wheels.build import Built
from tools.wheels.declared import Declared, undeclared_imports
from tools.wheels.quietly import CheckFailed, run

__all__ = ["VirtualEnvironment", "expect_compiled", "only_ours", "prove"]

# The most bytes that a wheel may have, plain and compiled.
MOST_BYTES = {"http1": (60_000, 1_000_000)}

TEST_TOOLS = ("pytest", "pytest-asyncio", "pytest-timeout", "hypothesis")

# A module that stands on an extra may ask for it when it is imported, and for nothing else.
IMPORT_ALL = """
import importlib, pkgutil, sys
root = importlib.import_module(sys.argv[1])
modules = [found.name for found in pkgutil.walk_packages(root.__path__, root.__name__ + ".")]
for name in modules:
    try:
        importlib.import_module(name)
    except Exception as fault:
        absent = [it.name for it in (fault, fault.__cause__) if isinstance(it, ModuleNotFoundError)]
        if not set(absent) & set(sys.argv[2:]):
            raise
print(1 + len(modules))
"""


@dataclass(frozen=True)
class VirtualEnvironment:
    """An environment with nothing in it, not even pip."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> "VirtualEnvironment":
        """Make one at `folder`."""
        run((sys.executable, "-m", "venv", "--without-pip", folder), folder=folder.parent)
        return cls(folder)

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    def install(self, *what: str | Path, extra: dict[str, str] | None = None) -> str:
        """Install `what` as pip understands it, and return what pip said."""
        pip = (sys.executable, "-m", "pip", "--python", self.python, "install")
        return run([*pip, *what], folder=self.folder, extra=extra)

    def run(self, *arguments: str | Path, folder: Path, extra: dict[str, str] | None = None) -> str:
        """Run its Python with `arguments` in `folder`."""
        return run([self.python, *arguments], folder=folder, extra=extra)


def prove(built: Built, siblings: list[Path], *, compiled: bool = False) -> str:
    """Try everything there is to try on one wheel, and return one line that says what was seen.

    Args:
        built: The wheel under test, and the sdist that brings its tests.
        siblings: Every wheel that may serve as a dependency.
        compiled: Tell the tests to insist on the compiled modules.

    Raises:
        CheckFailed: Something does not stand alone.
    """
    _check_size(built, compiled=compiled)
    declared = Declared.of(_requirements(built.wheel))
    undeclared = undeclared_imports(built.package.source, declared)
    if undeclared:
        raise CheckFailed("imported but not declared:\n" + "\n".join(undeclared))
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = VirtualEnvironment.create(folder / "venv")
        environment.install(built.wheel, "--constraint", only_ours(siblings, folder / "siblings.txt"))
        named = (built.package.import_name, *declared.with_extras)
        modules = environment.run("-I", "-c", IMPORT_ALL, *named, folder=folder).strip()
        if built.package.compiles:
            expect_compiled(environment, built.package, compiled=compiled)
        environment.run("-I", "-W", "error", _readme_example(built, folder), folder=folder)
        environment.install(*TEST_TOOLS)
        outcome = environment.run(
            *("-m", "pytest", "-q", "--timeout=60"),
            folder=_unpack_tests(built.sdist, folder / "sdist"),
            extra=_vectors() | ({"WHIMBREL_EXPECT_COMPILED": "1"} if compiled else {}),
        )
        return f"{modules} modules, the README's example, {outcome.strip().splitlines()[-1].strip('= ')}"


def expect_compiled(environment: VirtualEnvironment, package: Package, *, compiled: bool) -> None:
    """Ask an installed package which of its builds runs.

    Raises:
        CheckFailed: It is the other one.
    """
    question = f"import {package.import_name} as it; print(it.COMPILED)"
    answer = environment.run("-I", "-c", question, folder=environment.folder).strip()
    if answer != str(compiled):
        raise CheckFailed(f"{package.import_name}.COMPILED is {answer}")


def _check_size(built: Built, *, compiled: bool) -> None:
    size = built.wheel.stat().st_size
    most = MOST_BYTES.get(built.package.name)
    if most is not None and size > most[compiled]:
        raise CheckFailed(f"the wheel has {size:,} bytes, more than {most[compiled]:,}")


def _requirements(wheel: Path) -> list[str]:
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name)).get_all("Requires-Dist", [])


def only_ours(siblings: list[Path], file: Path) -> Path:
    """Write constraints that let pip take our parts from `siblings` and from nowhere else."""
    lines = [f"{wheel.name.split('-')[0].replace('_', '-')} @ {wheel.as_uri()}" for wheel in siblings]
    file.write_text("\n".join(lines))
    return file


def _readme_example(built: Built, folder: Path) -> Path:
    text = (built.package.folder / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    if found is None:
        raise CheckFailed("its README has no ```python example")
    script = folder / "example.py"
    script.write_text(found[1], encoding="utf-8")
    return script


def _unpack_tests(sdist: Path, folder: Path) -> Path:
    """Unpack `sdist` without its sources, so that only the installed wheel can be imported."""
    shutil.unpack_archive(sdist, folder)
    (unpacked,) = folder.iterdir()
    shutil.rmtree(unpacked / "src")
    return unpacked


def _vectors() -> dict[str, str]:
    """Where the shared test vectors lie, if they do: the unpacked tests cannot find them from there."""
    vectors = ROOT.parent / "shared" / "vectors"
    return {"WHIMBREL_VECTORS": str(vectors)} if vectors.is_dir() else {}
