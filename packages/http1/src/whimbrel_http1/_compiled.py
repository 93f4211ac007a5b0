"""Whether the hot modules run compiled."""

from __future__ import annotations

from whimbrel_http1 import _scanner
from whimbrel_http1._typing import Final

__all__ = ["COMPILED"]

COMPILED: Final = not (_scanner.__file__ or "").endswith((".py", ".pyc"))
