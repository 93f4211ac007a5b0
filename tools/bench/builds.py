"""Which builds of our parts are measured."""

import whimbrel_connector
import whimbrel_http1

__all__ = ["builds"]


def builds() -> str:
    """Return for each part that can be compiled whether it is."""
    parts = (whimbrel_http1, whimbrel_connector)
    return ", ".join(f"{it.__name__} {'compiled' if it.COMPILED else 'INTERPRETED'}" for it in parts)
