"""Whether the hot modules run compiled."""

from typing import Final

from whimbrel_connector import exchange

__all__ = ["COMPILED"]

COMPILED: Final = not (exchange.__file__ or "").endswith((".py", ".pyc"))
