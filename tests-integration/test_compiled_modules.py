"""What is compiled keeps to what compiles rightly, and each part builds in the same way."""

import ast
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

HOOKS = sorted(Path(__file__).parents[1].glob("packages/*/hatch_build.py"))


def compiled_modules(package: Path) -> list[Path]:
    settings = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))
    hook = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]
    return [package / name for name in hook["include"]]


def test_every_build_hook_is_the_same() -> None:
    """An sdist stands alone, so each has its own; they are one text all the same."""
    assert len({hook.read_bytes() for hook in HOOKS}) == 1


@pytest.mark.parametrize(
    "file", [file for hook in HOOKS for file in compiled_modules(hook.parent)], ids=lambda file: file.name
)
def test_no_compiled_module_names_a_cause_by_from(file: Path) -> None:
    """mypyc drops the cause of `raise ... from`, so it is set by hand there."""
    raises = [node for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.Raise)]
    assert [node.lineno for node in raises if node.cause is not None] == []
