"""Search for inputs with atheris: those that reach new code are kept and changed further.

Run in a process of its own, which ends with the search: `python -m tools.fuzz.guided target options...`,
the options being libFuzzer's.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec

__all__ = ["available", "main"]


def available() -> bool:
    """Tell whether atheris is installed."""
    return find_spec("atheris") is not None


def main(arguments: list[str]) -> None:
    """Fuzz the target named first; does not return."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["whimbrel_http1"]):
        targets = importlib.import_module("tools.fuzz.targets")
    atheris.Setup([sys.argv[0], *arguments[1:]], targets.TARGETS[arguments[0]])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
