"""Which rows of the guide have a test: a plugin of pytest that says it at the end of a whole run.

A test names its rows in its docstring (`S045, S048` or `S054 to S057`), or in the id of its parameters.
A row counts when a test that names it has passed here, or stands in the suite of a package, which runs apart.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from guide.documents import document

__all__ = ["RowCount", "rows_in"]

CHECKLIST = "guide-checklist.md"
PACKAGES = Path(__file__).resolve().parents[2] / "packages"

_NAMED = re.compile(r"\bS(\d{3})(?:(?: to |\u2013)S(\d{3}))?\b")


def rows_in(text: str | None) -> set[int]:
    """Return the numbers of the rows that `text` names."""
    rows: set[int] = set()
    for found in _NAMED.finditer(text or ""):
        rows.update(range(int(found[1]), int(found[2] or found[1]) + 1))
    return rows


class RowCount:
    """Counts the rows whose tests pass."""

    def __init__(self) -> None:
        self._named: dict[str, set[int]] = {}
        self._seen: set[int] = set()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which rows each test names."""
        for item in session.items:
            docstring = getattr(getattr(item, "obj", None), "__doc__", None)
            if rows := rows_in(docstring) | rows_in(item.name.partition("[")[2]):
                self._named[item.nodeid] = rows

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that a test has passed."""
        if report.when == "call" and report.passed:
            self._seen |= self._named.get(report.nodeid, set())

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> None:
        """Say how many rows have a test, and which have none."""
        chosen = config.option.keyword or config.option.markexpr or config.option.collectonly
        if chosen or config.args_source is pytest.Config.ArgsSource.ARGS:
            return  # who runs a part knows that it is one
        checklist = document(CHECKLIST)
        if checklist is None:
            terminalreporter.write_line(f"guide: {CHECKLIST} is not at hand: its rows are not counted")
            return
        rows = {
            row for line in checklist.splitlines() if line.startswith("| S") for row in rows_in(line[:14])
        }
        covered = rows & (self._seen | set(_rows_of_packages()))
        missing = " ".join(f"S{row:03}" for row in sorted(rows - covered))
        rest = f"; without one: {missing}" if missing else ""
        terminalreporter.write_line(
            f"guide: {len(covered)} of {len(rows)} rows have a test that passes{rest}"
        )


def _rows_of_packages() -> Iterator[int]:
    """Give the rows that the packages' own tests name."""
    for file in PACKAGES.glob("*/tests/**/test_*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
                yield from rows_in(ast.get_docstring(node))
                for decorator in node.decorator_list:
                    yield from rows_in(ast.unparse(decorator))
