"""What the parsers refuse to hold."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_LIMITS", "Limits"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds on what a peer may send; each counts across reads.

    `None` means no bound. A number is the most that is accepted, so 0 accepts nothing of the kind.
    What exceeds a bound is refused with `MessageTooLarge`, which names it.

    Attributes:
        line_bytes: The start line, without its CRLF.
        field_bytes: One field line of a head or of trailers, without its CRLF.
        fields: Field lines of one head.
        head_bytes: One head, from its start line (and blank lines before it) to the empty line.
        chunk_line_bytes: One chunk size line with its extensions, without its CRLF.
        chunk_extension_bytes: Chunk extensions of one body, beyond as many bytes as it has data:
            they may cost no more than what they come with.
        trailer_fields: Field lines after a chunked body.
        trailers_bytes: The whole trailer section.
        interim_responses: 1xx responses (but 101) before one final response.
        held_bytes: What a `RequestParser` keeps while it waits for a decision about an upgrade.
    """

    line_bytes: int | None = 8190
    field_bytes: int | None = 8190
    fields: int | None = 128
    head_bytes: int | None = 65536
    chunk_line_bytes: int | None = 4096
    chunk_extension_bytes: int | None = 16384
    trailer_fields: int | None = 64
    trailers_bytes: int | None = 16384
    interim_responses: int | None = 16
    held_bytes: int | None = 65536

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and value < 0:
                raise ValueError(f"{name} must be None or at least 0, not {value}")


DEFAULT_LIMITS = Limits()
