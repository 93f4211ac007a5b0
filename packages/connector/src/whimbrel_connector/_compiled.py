"""Whether the hot modules run compiled: all before Python 3.12, since then those without coroutines."""

from typing import Final

from whimbrel_connector import alarm_clock

__all__ = ["COMPILED"]

COMPILED: Final = not (alarm_clock.__file__ or "").endswith((".py", ".pyc"))
