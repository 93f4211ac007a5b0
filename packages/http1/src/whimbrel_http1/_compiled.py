"""Whether the hot modules run compiled."""

from __future__ import annotations

from typing import Final

from whimbrel_http1 import _scanner

__all__ = ["COMPILED"]

COMPILED: Final = not (_scanner.__file__ or "").endswith((".py", ".pyc"))
