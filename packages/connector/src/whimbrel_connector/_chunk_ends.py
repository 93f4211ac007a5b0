"""Where the HTTP chunks of a stream end (RFC 9112 section 7.1), reckoned from where they do not.

A stream is fed piece by piece, and a piece ends its chunk unless it is noted here as a cut: that is
the exception, and who reads without asking for chunks pays for nothing else.
"""

from collections import deque

__all__ = ["ChunkEnds"]


class ChunkEnds:
    """The cuts that are still ahead of the reader, as offsets of the stream."""

    __slots__ = ("_cuts", "_told")

    def __init__(self) -> None:
        self._cuts: deque[int] = deque()
        self._told = 0

    def __len__(self) -> int:
        return len(self._cuts)

    def cut(self, offset: int, position: int) -> None:
        """Note that the piece up to `offset` is not the end of its chunk; the reader is at `position`."""
        self._forget_before(position)
        self._cuts.append(offset)

    def mend(self, offset: int) -> None:
        """The piece up to `offset` was the end of its chunk after all."""
        if self._cuts and self._cuts[-1] == offset:
            self._cuts.pop()

    def put_back(self, old_position: int, position: int) -> None:
        """The reader has put data back, and what ended there is forgotten."""
        self._cuts.appendleft(old_position)
        self._told = max(self._told, position)

    def is_end(self, position: int) -> bool:
        """Tell whether a chunk ends at `position`, which is between two pieces."""
        self._forget_before(position)
        return position > 0 and not (self._cuts and self._cuts[0] == position)

    def is_untold(self, position: int) -> bool:
        """Tell whether the reader has not been told yet of an end at `position`."""
        return position > self._told and self.is_end(position)

    def tell(self, position: int) -> None:
        """The reader is told of the end at `position`."""
        self._told = position

    def _forget_before(self, position: int) -> None:
        while self._cuts and self._cuts[0] < position:
            self._cuts.popleft()
