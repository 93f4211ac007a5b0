"""What a reader of multipart bodies refuses to hold, count or follow.

Every limit has a default and is named by the `LimitExceeded` that it raises.
"""

from dataclasses import dataclass

__all__ = ["MultipartLimits"]


@dataclass(frozen=True, slots=True)
class MultipartLimits:
    """The limits of one multipart body.

    Attributes:
        parts: Parts of one body; None for a stream that never ends (`multipart/x-mixed-replace`).
        part_header_bytes: Bytes of one part's header block, with its line ends.
        part_headers: Field lines of one part.
        depth: Multipart bodies nested within each other; 1 allows none inside the first.
        read_bytes: Bytes that `BodyPartReader.read` and what stands on it collect; None for no limit.
            `BodyPartReader.read_chunk` streams and knows no such limit.
        decoded_bytes: Bytes that a part's content may have once decompressed.
        line_bytes: Bytes of one line that `BodyPartReader.readline` returns.
    """

    parts: int | None = 10_000
    part_header_bytes: int = 32_768
    part_headers: int = 128
    depth: int = 8
    read_bytes: int | None = 268_435_456
    decoded_bytes: int = 268_435_456
    line_bytes: int = 65_536
