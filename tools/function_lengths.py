"""Hold every function of the packages below a length that one can read at once.

Lines are counted from `def` to the last statement, docstring and signature included. Who needs more splits
the function; nobody raises the limit.
"""

import ast
import sys
from collections.abc import Iterator

from tools.source_tree import ROOT, packages

__all__ = ["functions", "main"]

MOST_LINES = 80
# What is to be read as a list of rules.
_MOST_LINES_OF = {"ClientSession._request": 60}


def main() -> int:
    """Print what is too long, or the longest function; return 1 where one is too long, else 0."""
    found = [
        (lines, name, file.relative_to(ROOT))
        for package in packages()
        for file in sorted(package.source.rglob("*.py"))
        for name, lines in functions(ast.parse(file.read_text(encoding="utf-8")))
    ]
    if gone := _MOST_LINES_OF.keys() - {name for _, name, _ in found}:
        print(f"there is no function {', '.join(gone)}")
        return 1
    too_long = [each for each in found if each[0] > _MOST_LINES_OF.get(each[1], MOST_LINES)]
    for lines, name, file in too_long:
        print(f"{file}: {name} has {lines} lines, and {_MOST_LINES_OF.get(name, MOST_LINES)} are the most")
    if not too_long:
        lines, name, file = max(found)
        print(f"the longest function, {name} in {file.name}, has {lines} lines of {MOST_LINES}")
    return 1 if too_long else 0


def functions(tree: ast.AST, within: str = "") -> Iterator[tuple[str, int]]:
    """Yield every function below `tree`: its name, after those of what it stands in, and its lines."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield within + name, (node.end_lineno or node.lineno) - node.lineno + 1
                yield from functions(node, f"{within}{name}.")
            case ast.ClassDef(name=name):
                yield from functions(node, f"{within}{name}.")
            case _:
                yield from functions(node, within)


if __name__ == "__main__":
    sys.exit(main())
