"""A stream that undoes the content coding of what it is fed (RFC 9110 section 8.4).

Decoding happens when somebody reads, one bounded step at a time: a small message that unpacks to
gigabytes never stands in memory, and a body that is only drained is never decoded.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from whimbrel_connector.stream import ReadingSource, StreamReader
from whimbrel_http1 import Http1Error

__all__ = ["DecodingStreamReader", "StepDecoder"]


class StepDecoder(Protocol):
    """What undoes a coding in bounded steps."""

    def decode(self, data: bytes) -> Iterable[bytes]:
        """Give the decoded pieces of `data`, each of bounded size."""

    def finish(self) -> None:
        """Raise when the coded data is not complete."""


class DecodingStreamReader(StreamReader):
    """A `StreamReader` whose readers see decoded bytes.

    Args:
        protocol: The source to pause and resume; the marks count coded bytes.
        limit: As for `StreamReader`.
        decoder: Undoes the coding.
        translate: As for `StreamReader`.
    """

    __slots__ = ("_coded", "_coded_ended", "_coded_size", "_decoder", "_is_empty", "_steps")

    def __init__(
        self,
        protocol: ReadingSource | None,
        limit: int,
        *,
        decoder: StepDecoder,
        translate: Callable[[BaseException], BaseException] | None = None,
    ) -> None:
        super().__init__(protocol, limit, translate=translate)
        self._decoder = decoder
        self._coded: deque[bytes] = deque()
        self._coded_size = 0
        self._coded_ended = False
        self._is_empty = True
        self._steps: Iterator[bytes] = iter(())

    def feed_data(self, data: bytes, size: int = 0) -> None:  # noqa: ARG002  documented by aiohttp
        """Append coded bytes."""
        self._is_empty = False
        self._coded.append(data)
        self._coded_size += len(data)
        self._wake()
        if self._coded_size > self._high and not self._paused and self._source is not None:
            self._paused = True
            self._source.pause_reading()

    def feed_eof(self) -> None:
        """Mark the end of the coded bytes."""
        self._coded_ended = True
        self._wake()
        self._run_end_callbacks()

    def at_eof(self) -> bool:
        """Tell whether everything was decoded and read."""
        if not self._size:
            self._refill()
        return super().at_eof()

    def _refill(self) -> None:
        try:
            while not self._size and not self._at_end:
                piece = next(self._steps, None)
                if piece is not None:
                    super().feed_data(piece)
                elif self._coded:
                    self._steps = iter(self._decoder.decode(self._next_coded()))
                elif self._coded_ended:
                    if not self._is_empty:  # no body at all, as after HEAD, is no truncated one
                        self._decoder.finish()
                    super().feed_eof()
                else:
                    return
        except Http1Error as fault:
            self._steps = iter(())
            self.set_exception(fault)

    def _next_coded(self) -> bytes:
        data = self._coded.popleft()
        self._coded_size -= len(data)
        self._resume_if_low()
        return data

    def _resume_if_low(self) -> None:
        if self._paused and self._coded_size < self._low and self._source is not None:
            self._paused = False
            self._source.resume_reading()
