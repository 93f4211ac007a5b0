"""Which optional library is installed? Looked for when first needed, not when this package is imported."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["first_importable"]


def first_importable(*names: str) -> ModuleType | None:
    """Return the first of these modules that can be imported, None where none can."""
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:  # noqa: PERF203 -- a handful of names, once
            continue
    return None
