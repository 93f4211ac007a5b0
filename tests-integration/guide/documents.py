"""Where the guide and the list of its rows are: `shared/spec` above the checkout, or beside the vectors."""

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["document"]


def document(name: str) -> str | None:
    """Return the text of a document, or None where it is not at hand (`WHIMBREL_VECTORS` names its neighbour)."""
    for folder in _folders():
        if (file := folder / name).is_file():
            return file.read_text("utf-8")
    return None


def _folders() -> Iterator[Path]:
    if named := os.environ.get("WHIMBREL_VECTORS"):
        yield Path(named).parent / "spec"
    for parent in Path(__file__).resolve().parents:
        yield parent / "shared" / "spec"
