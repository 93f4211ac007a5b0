"""The examples of the guide, cut out of its text, and how one of them is run."""

import ast
import inspect
import textwrap
from types import CodeType
from typing import Any

__all__ = ["examples", "run"]


def examples(text: str) -> dict[int, str]:
    """Return every literal block of a reStructuredText document, by the line that announces it."""
    lines = text.splitlines()
    found: dict[int, str] = {}
    for number, line in enumerate(lines, start=1):
        if line.rstrip().endswith("::") and not line.lstrip().startswith(".."):
            found[number] = _block(lines[number:], _indent(line))
    return found


def _block(lines: list[str], outside: int) -> str:
    block = []
    for line in lines:
        if line.strip() and _indent(line) <= outside:
            break
        block.append(line)
    return textwrap.dedent("\n".join(block)).strip("\n")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


async def run(example: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run an example that may await; return the names that it leaves."""
    code: CodeType = compile(example, "client-usage.rst", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, names)
    if inspect.isawaitable(result):
        await result
    return names
