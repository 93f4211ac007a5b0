"""What has come of a response's body: all of it, as it came, or a stream.

Most bodies are small and come with their head; who reads such a one as a whole needs no stream, and none
is made.
"""

from whimbrel_connector._decoding_stream import DecodingStreamReader, decoder_for
from whimbrel_connector.exchange_options import ExchangeOptions, WireParser
from whimbrel_connector.stream import ReadingSource, StreamReader
from whimbrel_http1 import ResponseHead

__all__ = ["IncomingBody"]


class IncomingBody:
    """A body on its way in.

    Args:
        head: The head that it belongs to.
        options: How it is read.
        source: Who feeds it.
        parser: What reads it. Only one that has `within_chunk` tells HTTP chunks from other pieces.
    """

    __slots__ = (
        "_coding",
        "_ended",
        "_first",
        "_head",
        "_is_taken",
        "_options",
        "_parser",
        "_source",
        "_stream",
    )

    def __init__(
        self, head: ResponseHead, options: ExchangeOptions, source: ReadingSource, parser: WireParser | None
    ) -> None:
        self._coding = ""
        if options.decode and head.get(b"content-encoding"):
            self._coding = b", ".join(head.get_all(b"content-encoding")).decode("latin-1")
        self._head = head
        self._options = options
        self._source: ReadingSource | None = source
        self._parser = parser
        self._first = b""
        self._stream: StreamReader | None = None
        self._ended = False
        self._is_taken = False

    @property
    def stream(self) -> StreamReader:
        """The body as a stream."""
        if self._stream is None:
            self._stream = self._begin()
        return self._stream

    def take_whole(self, most: int | None) -> bytes | None:
        """Return the body, as `StreamReader.take_whole` does."""
        if self._stream is not None or self._is_taken or not self._ended or self._coding:
            return self.stream.take_whole(most)
        if most is not None and len(self._first) > most:
            return None
        self._is_taken = True
        return self._first

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        if self._stream is None and not self._first:
            self._first = data
        else:
            self.stream.feed_data(data)

    def end(self) -> None:
        """Take the end."""
        self._ended = True
        self._source = None
        if self._stream is not None:
            self._stream.detach_source()
            self._stream.feed_eof()

    def fail(self, fault: BaseException) -> None:
        """Let who reads it see the error, behind what has come."""
        stream = self.stream
        self._source = None
        stream.detach_source()
        stream.set_exception(fault)

    def _begin(self) -> StreamReader:
        stream = self._make_stream()
        first, self._first = self._first, b""
        stream.feed_data(first)
        if self._ended:
            stream.feed_eof()
        if self._is_taken:
            stream.read_nowait()
        return stream

    def _make_stream(self) -> StreamReader:
        options = self._options
        chunked = self._head.chunked and hasattr(self._parser, "within_chunk")
        decoder = decoder_for(self._coding) if self._coding else None
        if decoder is None:
            return StreamReader(
                self._source, options.buffer_bytes, translate=options.translate, chunked=chunked
            )
        return DecodingStreamReader(
            self._source,
            options.buffer_bytes,
            decoder=decoder,
            translate=options.translate,
            chunked=chunked,
        )
