"""A stream that undoes the content coding of what it is fed (RFC 9110 section 8.4).

Decoding happens when somebody reads, one bounded step at a time: a small message that unpacks to
gigabytes never stands in memory, and a body that is only drained is never decoded.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Protocol

from whimbrel_connector.errors import BodyTooLarge
from whimbrel_connector.stream import ReadingSource, StreamReader
from whimbrel_http1 import ContentDecoder, ContentDecodingError, Http1Error, split_list

__all__ = ["DecodingStreamReader", "StepDecoder", "decoder_for"]

_CODINGS = frozenset({"br", "deflate", "gzip", "identity", "x-gzip", "zstd"})


class StepDecoder(Protocol):
    """What undoes a coding in bounded steps."""

    def decode(self, data: bytes) -> Iterable[bytes]:
        """Give the decoded pieces of `data`, each of bounded size."""

    def finish(self) -> None:
        """Raise when the coded data is not complete; no data at all is."""


class DecodingStreamReader(StreamReader):
    """A `StreamReader` whose readers see decoded bytes.

    Args:
        protocol: The source to pause and resume; the marks count coded bytes.
        limit: As for `StreamReader`.
        decoder: Undoes the coding.
        translate: As for `StreamReader`.
        chunked: As for `StreamReader`; a chunk ends where all of it is decoded, be that nothing.
    """

    __slots__ = (
        "_coded",
        "_coded_cuts",
        "_coded_size",
        "_decoder",
        "_raw_bytes",
        "_steps",
        "_steps_end_chunk",
    )

    def __init__(
        self,
        protocol: ReadingSource | None,
        limit: int,
        *,
        decoder: StepDecoder,
        translate: Callable[[BaseException], BaseException] | None = None,
        chunked: bool = False,
    ) -> None:
        super().__init__(protocol, limit, translate=translate, chunked=chunked)
        self._decoder = decoder
        self._coded: deque[bytes] = deque()
        self._coded_cuts: deque[int] = deque()
        self._coded_size = 0
        self._raw_bytes = 0
        self._steps: Iterator[bytes] = iter(())
        self._steps_end_chunk = False

    @property
    def total_raw_bytes(self) -> int:
        """How many coded bytes were fed."""
        return self._raw_bytes

    def keep_chunk_open(self) -> None:
        """Say that the HTTP chunk of the data fed last goes on in the data fed next."""
        if self._chunk_ends is not None:
            self._coded_cuts.append(self._raw_bytes)

    def at_eof(self) -> bool:
        """Tell whether everything was decoded and read."""
        if not self._size:
            self._refill()
        return super().at_eof()

    async def read_to_end(self, most: int | None = None) -> bytes:
        """Read everything up to the end, decoding as it comes; `most` counts decoded bytes."""
        gathered = BytesIO()
        while piece := await self.readany():
            gathered.write(piece)
            if most is not None and gathered.tell() > most:
                raise BodyTooLarge(most)
        return gathered.getvalue()

    def _accept(self, data: bytes) -> None:
        self._coded.append(data)
        self._coded_size += len(data)
        self._raw_bytes += len(data)

    def _accept_end(self) -> None:
        """Leave it to `_refill` to find the end behind what is not decoded yet."""

    def _unread_bytes(self) -> int:
        return self._coded_size

    def _refill(self) -> None:
        try:
            while not self._size and not self._at_end:
                piece = next(self._steps, None)
                if piece is not None:
                    super()._accept(piece)
                    super().keep_chunk_open()  # another step of the same chunk may follow
                elif self._steps_end_chunk:
                    self._end_chunk()
                elif self._coded:
                    self._steps = iter(self._decoder.decode(self._next_coded()))
                elif self._fed_to_end:
                    self._decoder.finish()
                    self._at_end = True
                else:
                    return
        except Http1Error as fault:
            self._steps = iter(())
            self._coded.clear()
            self._coded_size = 0
            self.set_exception(fault)

    def _next_coded(self) -> bytes:
        data = self._coded.popleft()
        self._coded_size -= len(data)
        if self._chunk_ends is not None:
            cut = self._coded_cuts and self._coded_cuts[0] == self._raw_bytes - self._coded_size
            self._steps_end_chunk = not cut
            if cut:
                self._coded_cuts.popleft()
        self._resume_if_low()
        return data

    def _end_chunk(self) -> None:
        """All of a chunk is decoded: what it gave last, if anything, was no cut."""
        self._steps_end_chunk = False
        if self._chunk_ends is not None:
            self._chunk_ends.mend(self.total_bytes)


def decoder_for(content_encoding: str) -> StepDecoder | None:
    """Return what undoes the codings of a Content-Encoding value.

    Returns:
        None for codings that nobody knows: such content is passed on as it is, as browsers do. Where
        a known one cannot be undone here, whoever reads the content is told.
    """
    names = {name.lower() for name in split_list(content_encoding)}
    if not names or names - _CODINGS:
        return None
    try:
        return ContentDecoder(content_encoding)
    except ContentDecodingError as fault:
        return _Refusal(fault)


class _Refusal:
    """Undoes nothing, and says why; no body at all, as after HEAD, is fine."""

    def __init__(self, fault: ContentDecodingError) -> None:
        self._fault = fault

    def decode(self, data: bytes) -> Iterable[bytes]:  # noqa: ARG002  the part of a StepDecoder
        raise self._fault

    def finish(self) -> None:
        """Do nothing: had there been any content, `decode` would have been called."""
