"""What a content decoder asks of one coding, and what the codings share."""

from __future__ import annotations

from typing import Final, Protocol

__all__ = ["SLICE_BYTES", "Stage"]

# Back ends that lose what a failing call had decoded are fed no more than this at a time.
SLICE_BYTES: Final = 1024


class Stage(Protocol):
    """One coding being undone: bytes are pushed in, and pulled out in bounded steps."""

    def push(self, data: bytes) -> None:
        """Add input behind what is not decoded yet."""

    def pull(self, limit_bytes: int) -> bytes:
        """Return about `limit_bytes` of output at most, nothing when more input is needed.

        Raises:
            ContentDecodingError: The input is corrupt; what precedes the fault was returned before.
        """

    @property
    def complete(self) -> bool:
        """Whether the input ended where the coding says it ends, or never began."""
