"""What a content decoder asks of one coding, and what the codings share."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Final, Protocol

__all__ = ["SLICE_BYTES", "PendingInput", "Stage"]

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


class PendingInput:
    """Input that is not decoded yet: pieces as they came, and a cursor in the first.

    A look at the next bytes copies no more than those, so the work is linear however long a piece is.
    False when nothing is left.
    """

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._start = 0

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def push(self, data: bytes) -> None:
        """Add `data` behind what is there."""
        if data:
            self._pieces.append(data)

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer where fewer are there; they stay."""
        if not self._pieces:
            return b""
        found = [self._pieces[0][self._start : self._start + size]]
        missing = size - len(found[0])
        for piece in islice(self._pieces, 1, None):
            if missing <= 0:
                break
            found.append(piece[:missing])
            missing -= len(piece)
        return found[0] if len(found) == 1 else b"".join(found)

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer where fewer are there, and pass over them."""
        data = self.peek(size)
        self._start += len(data)
        while self._pieces and self._start >= len(self._pieces[0]):
            self._start -= len(self._pieces.popleft())
        return data

    def put_back(self, data: bytes) -> None:
        """Go back over `data`, the bytes that were taken last."""
        back = min(len(data), self._start)
        self._start -= back
        if len(data) > back:  # it began in a piece that is gone
            self._pieces.appendleft(data[: len(data) - back])

    def clear(self) -> None:
        """Drop everything."""
        self._pieces.clear()
        self._start = 0
