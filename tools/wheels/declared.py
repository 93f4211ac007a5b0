"""Check that every import of a package is declared by its distribution.

An import that runs when the module is imported needs a dependency. One that waits in a function,
or that an `except ImportError` stands by, may name an extra's instead. What only a type checker reads
asks for nothing at run time and is left to the import contracts.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

__all__ = ["Declared", "undeclared_imports"]

# Distributions whose import name is not their own name.
IMPORT_NAMES = {"brotlipy": "brotli"}


@dataclass(frozen=True)
class Declared:
    """Import names that a distribution may use."""

    always: frozenset[str]
    with_extras: frozenset[str]

    @classmethod
    def of(cls, requirements: list[str]) -> "Declared":
        """Sort the `Requires-Dist` lines of a distribution's metadata."""
        parsed = [Requirement(line) for line in requirements]
        extras = [need for need in parsed if "extra ==" in str(need.marker)]
        return cls(
            always=frozenset(_import_name(need) for need in parsed if need not in extras),
            with_extras=frozenset(map(_import_name, extras)),
        )


@dataclass(frozen=True)
class Import:
    """One imported module, and whether it may be missing."""

    module: str
    line: int
    optional: bool


def undeclared_imports(source: Path, declared: Declared) -> list[str]:
    """Return `file:line: module` for each import below `source` that `declared` does not cover."""
    own = source.name
    return [
        f"{file.relative_to(source.parent)}:{found.line}: {found.module}"
        for file in sorted(source.rglob("*.py"))
        for found in _imports(ast.parse(file.read_bytes()), optional=False)
        if not _is_covered(found, own, declared)
    ]


def _is_covered(found: Import, own: str, declared: Declared) -> bool:
    first = found.module.partition(".")[0]
    if first == own or first in sys.stdlib_module_names:
        return True
    names = declared.always | declared.with_extras if found.optional else declared.always
    # `backports.zstd` is a distribution of its own inside a shared namespace.
    return any(f"{found.module}.".startswith(f"{name}.") for name in names)


def _imports(node: ast.AST, *, optional: bool) -> Iterator[Import]:
    match node:
        case ast.Import(names=names, lineno=line):
            yield from (Import(alias.name, line, optional) for alias in names)
        case ast.ImportFrom(module=str(module), level=0, lineno=line, names=names):
            yield Import(f"{module}.{names[0].name}", line, optional)
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=otherwise):
            for statement in otherwise:
                yield from _imports(statement, optional=optional)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            yield from _imports_below(node, optional=True)
        case ast.Try(handlers=handlers):
            yield from _imports_below(node, optional=optional or any(map(_awaits_absence, handlers)))
        case _:
            yield from _imports_below(node, optional=optional)


def _imports_below(node: ast.AST, *, optional: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, optional=optional)


def _awaits_absence(handler: ast.ExceptHandler) -> bool:
    caught = ast.unparse(handler.type) if handler.type else ""
    return "ImportError" in caught or "ModuleNotFoundError" in caught


def _import_name(need: Requirement) -> str:
    name = need.name.lower()
    return IMPORT_NAMES.get(name, name.replace("-", "_"))
